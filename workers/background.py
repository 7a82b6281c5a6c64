"""What is done while nobody waits: learning about the user, summaries, judging like questions.

The model is asked with `Foreground.needs_machine` as its reason to stop, so a person who begins
in the middle has the processor within a second or two; the work is then done again later.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from assistant.checks.question import check_question
from assistant.history import Exchange, turns_to_fold, window
from assistant.llm.asking import ask
from assistant.llm.base import Ask, GenerationOptions
from assistant.manner import manner_prompt
from assistant.memory.fact_extraction import extract_facts, may_tell_about_user
from assistant.memory.profile import Profile, profile_prompt
from assistant.memory.summary import fold
from assistant.prompts import preamble, sentence_language
from workers.conversation_records import Unsummarised, visible
from workers.services import Services
from workers.turn_state import fold as fold_events
from workers.turn_state import load_state
from workers.turn_store import TurnRequest


def work_after(services: Services, turn_id: str) -> list[tuple[str, str]]:
    """Return the tasks (name, argument) that the turn's reply gives reason for."""
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    if state.reply is None or state.question is None or request is None:
        return []
    work = []
    is_kept = services.settings.profile and request.conversation_id
    if is_kept and may_tell_about_user(state.question):
        work.append(("learn", turn_id))
    known = services.conversations.unsummarised(request.conversation_id)
    if known and (_due(services, known) or (_reads_ahead(services) and not request.history)):
        work.append(("prepare", request.conversation_id))
    if state.cache is not None and services.answers.pending_pairs():
        work.append(("judge", "pairs"))
    return work


def learn(services: Services, turn_id: str) -> None:
    """Add to the profile what the user said about themselves."""
    events = services.bus.events(turn_id)
    question = fold_events(stored.event for stored in events).question
    request = services.turns.request(turn_id)
    if question is None or request is None:
        return
    if turn_id in services.conversations.succession.superseded(request.conversation_id):
        return  # What the user has corrected meanwhile may be what was misheard.
    known = [fact.text for fact in services.profiles.get(request.user_id).facts]
    for text in extract_facts(question, known, _ask(services)):
        # As told when the turn began: what was forgotten since then stays forgotten.
        services.profiles.add_fact(request.user_id, text, turn_id=turn_id, at=events[0].at)


def prepare(services: Services, conversation_id: str) -> None:
    """Fold older turns into the summary, and have the model server read the next prompt.

    The new prompt takes the old one's place only when it has been read: a user who comes back in
    the middle is answered from the old one, which the server still has in its cache.
    """
    while (known := services.conversations.unsummarised(conversation_id)) is not None:
        due = _due(services, known)
        summary = known.summary
        if due:
            folded = visible(known, known.exchanges[:due])
            summary = fold(known.summary, folded, _language(known), _ask(services))
        profile = services.profiles.get(known.user_id) if services.settings.profile else Profile()
        begun = known.preamble
        if due or begun is None:
            begun = preamble(profile_prompt(profile, _language(known)), summary)
        if _reads_ahead(services):
            _read(services, begun, visible(known, known.exchanges[due:]), known, profile)
        if not due:
            services.conversations.set_preamble(conversation_id, begun)
            return
        services.conversations.summarise(
            conversation_id, known.version, summary, known.summarised + due, begun
        )


def judge(services: Services, what: str) -> None:
    """Have the model say which questions that look alike ask the same."""
    if services.answer_cache is not None:
        services.answer_cache.check_pending(_ask(services))


def _due(services: Services, known: Unsummarised) -> int:
    """Return how many exchanges to fold now, a window's worth at most."""
    if not services.settings.summary:
        return 0
    turns = services.settings.history_turns
    due = turns_to_fold(known.exchanges, turns, services.settings.max_prompt_tokens)
    return min(due, max(1, turns))


def _reads_ahead(services: Services) -> bool:
    """Return whether the model should read the next prompt before it is asked.

    The next turn then waits for its own question only. Even where the model wrote all that came
    before, the marks around the messages are 5 tokens, which is a tenth of a second on two cores.
    Where tokens cost money, or are read in no time, it would be a waste.
    """
    return services.settings.embeds_language_model


def read_ahead(
    services: Services,
    request: TurnRequest,
    words: str,
    language: str | None,
    is_cancelled: Callable[[], bool],
) -> None:
    """Have the model server read the prompt of a turn of which only the first words are known.

    `language`: of the words, where the request names none. Raises QuestionEmptyError, and as
    `LanguageModel.stream` does.
    """
    if not _reads_ahead(services):
        return
    question = check_question(words, services.settings.max_question_chars)
    of_sentences = sentence_language(request.language or language, question)
    recollection = services.conversations.recall(request.conversation_id)
    profile = services.profiles.get(request.user_id) if services.settings.profile else Profile()
    begun = recollection.preamble
    if begun is None:
        begun = preamble(profile_prompt(profile, of_sentences), recollection.summary)
    messages = window(
        system=[
            request.instructions or services.system_prompt,
            begun,
            manner_prompt(request.manner or profile.manner, of_sentences),
        ],
        stored=recollection.exchanges,
        carried=request.history,
        question=question,
        max_tokens=services.settings.max_prompt_tokens,
    )
    # Functions stand at the prompt's beginning.
    tools = request.functions if request.tool_choice != "none" else ()
    options = GenerationOptions(max_tokens=1, tools=tools, tool_choice=request.tool_choice)
    ask(services.language_model, messages, options, is_cancelled)


def _read(
    services: Services,
    begun: str,
    exchanges: list[Exchange],
    known: Unsummarised,
    profile: Profile,
) -> None:
    messages = window(
        system=[services.system_prompt, begun, manner_prompt(profile.manner, _language(known))],
        stored=exchanges[-3 * services.settings.history_turns :],
        carried=(),
        question="",
        max_tokens=services.settings.max_prompt_tokens,
    )
    _ask(services)(messages, GenerationOptions(max_tokens=1))


def _language(known: Unsummarised) -> Literal["en", "zh"]:
    return sentence_language(None, " ".join(item.question for item in known.exchanges[-5:]))


def _ask(services: Services) -> Ask:
    return partial(ask, services.language_model, is_cancelled=services.foreground.needs_machine)
