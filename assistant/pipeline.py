"""From a question to the events of its reply: the stages, in the order in which they run."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

from assistant.checks import BlockedTerms, ReplyCheck, check_question
from assistant.errors import LanguageModelError
from assistant.events import ReplyDelta, ReplyReady
from assistant.history import ConversationStore, Exchange, window
from assistant.llm.base import Completion, GenerationOptions, LanguageModel
from assistant.messages import Message
from assistant.prompts import (
    FALLBACK,
    INTERRUPTED,
    REFUSAL,
    SYSTEM_PROMPT,
    append_sentence,
    sentence_language,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReplyRequest:
    turn_id: str
    conversation_id: str
    question: str
    language: str | None = None
    """The user's, as an ISO 639-1 code; where None, the question's script decides."""
    history: tuple[Message, ...] = ()
    """What the client says was said before, beside what the conversation remembers."""
    written: str = ""
    """The deltas of a worker that was lost: the reply goes on from there."""


@dataclass(frozen=True, kw_only=True)
class ReplyOptions:
    system_prompt: str = SYSTEM_PROMPT
    history_turns: int = 5
    max_question_chars: int = 4000
    max_prompt_tokens: int = 3000
    """About where the oldest messages are left out: the model's context less the reply."""
    generation: GenerationOptions = field(default_factory=GenerationOptions)
    blocked_terms: BlockedTerms = field(default_factory=BlockedTerms)


def reply(
    request: ReplyRequest,
    *,
    model: LanguageModel,
    conversations: ConversationStore,
    options: ReplyOptions,
) -> Iterator[ReplyDelta | ReplyReady]:
    """Yield the reply as it is written, then one `ReplyReady`; closing it stops the model.

    `ReplyReady.text` is `request.written` and all deltas together. A model that fails before
    its first word gives the fallback answer; one that fails later is apologised for, and what
    it wrote stands. Only what a model wrote is remembered. Raises QuestionEmptyError,
    QuestionTooLongError.
    """
    question = check_question(request.question, options.max_question_chars)
    language = sentence_language(request.language, question)
    if options.blocked_terms.are_in(question):
        refusal = REFUSAL[language]
        if not request.written:
            yield ReplyDelta(turn_id=request.turn_id, text=refusal)
        yield ReplyReady(
            turn_id=request.turn_id, text=refusal, source="refusal", finish_reason="refused"
        )
        return

    messages = window(
        system_prompt=options.system_prompt,
        stored=conversations.recent(request.conversation_id, options.history_turns),
        carried=request.history,
        question=question,
        max_tokens=options.max_prompt_tokens,
    )
    if request.written:
        messages.append(Message(role="assistant", content=request.written))

    check = ReplyCheck(options.blocked_terms, request.written)
    completion = None
    try:
        with closing(model.stream(messages, options.generation)) as pieces:
            for piece in pieces:
                if isinstance(piece, Completion):
                    completion = piece
                elif text := check.feed(piece):
                    yield ReplyDelta(turn_id=request.turn_id, text=text)
                if check.is_blocked:
                    break
    except LanguageModelError as error:
        log.warning("turn %s: %s: %s (%r)", request.turn_id, model.name, error, error.__cause__)
    if text := check.flush():
        yield ReplyDelta(turn_id=request.turn_id, text=text)

    written = check.released
    source: Literal["model", "fallback", "refusal"]
    finish_reason: Literal["stop", "length", "refused", "unavailable"]
    if check.is_blocked:
        source, finish_reason, sentence = "refusal", "refused", REFUSAL[language]
    elif not written:
        # A model that only reasoned until its tokens ran out has said nothing either.
        source, sentence = "fallback", FALLBACK[language]
        finish_reason = completion.finish_reason if completion else "unavailable"
    elif completion is None:
        source, finish_reason, sentence = "model", "unavailable", INTERRUPTED[language]
    else:
        source, finish_reason, sentence = "model", completion.finish_reason, ""

    if source == "model":
        # Before `ReplyReady`, after which a lost worker's turn would not come here again.
        conversations.add(
            request.conversation_id, request.turn_id, Exchange(question, written.strip())
        )
    if sentence:
        sentence = append_sentence(written, sentence)
        yield ReplyDelta(turn_id=request.turn_id, text=sentence)
    yield ReplyReady(
        turn_id=request.turn_id,
        text=written + sentence,
        source=source,
        model=model.name if source == "model" else None,
        finish_reason=finish_reason,
        prompt_tokens=completion.prompt_tokens if completion else None,
        completion_tokens=completion.completion_tokens if completion else None,
    )
