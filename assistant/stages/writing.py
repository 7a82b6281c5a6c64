"""The model writes the reply, and what it writes is checked before anybody hears it."""

import json
import logging
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace

from assistant.checks.care import CARE
from assistant.checks.question import strip_special_tokens
from assistant.checks.reply_check import ReplyCheck
from assistant.draft import Answered, Dialogue, Draft, StageEvents
from assistant.errors import (
    GenerationCancelledError,
    LanguageModelError,
    PromptTooLongError,
    RequestRefusedError,
    UnfitWishesError,
)
from assistant.events import (
    CheckAction,
    ContentChecked,
    HistoryRecalled,
    ModelChosen,
    ModelFailed,
    TurnEvent,
)
from assistant.history import BYTES_PER_TOKEN, estimate_tokens, window
from assistant.llm.base import (
    Completion,
    FailedAttempt,
    GenerationOptions,
    LanguageModel,
    ToolRequest,
)
from assistant.llm.router import BudgetSpent, Route, RoutingRequest
from assistant.llm.usage import BUDGET_SPENT, Usage
from assistant.manner import manner_prompt
from assistant.memory.profile import profile_prompt
from assistant.messages import Message
from assistant.plugins import tool_data
from assistant.prompts import (
    AFTER_RESULT,
    CUES,
    FALLBACK,
    INTERRUPTED,
    append_sentence,
    preamble,
)
from assistant.stages.functions import hand_over
from assistant.stages.tools import run_tool

log = logging.getLogger(__name__)

_LEAST_REPLY_TOKENS = 256


def write(draft: Draft, dialogue: Dialogue) -> StageEvents:
    """Ask the model that the router chooses; the fallback answer where none says a word."""
    yield HistoryRecalled(
        turn_id=draft.turn_id,
        turns=len(draft.recollection.exchanges),
        is_summarised=bool(draft.recollection.summary),
    )
    request, messages = draft.request, _prompt(draft, dialogue)
    model, options = dialogue.model, dialogue.options.generation
    spec, is_made_for_calls = None, True
    if dialogue.router is not None:
        route = _route(messages, draft, dialogue)
        if isinstance(route, BudgetSpent):
            yield from draft.give(BUDGET_SPENT[draft.language], "budget")
            return
        yield ModelChosen(
            turn_id=draft.turn_id, model=route.model, tier=route.tier, reason=route.reason
        )
        model = dialogue.models_for(route) if dialogue.models_for else model
        spec = dialogue.router.spec(route.model)
        is_made_for_calls = spec.can_call_tools
        if dialogue.tools and is_made_for_calls and not request.must_be_written:
            options = replace(options, tools=dialogue.tools.schemas())
    if request.offers_functions:
        options = replace(options, tools=request.functions, tool_choice=request.tool_choice)
    if spec is not None and request.max_reply_tokens:
        options = _within_context(options, messages, spec.context_tokens)

    asked_for = yield from _stream(model, messages, options, draft, dialogue)
    if not asked_for:
        return
    if request.offers_functions:
        if not is_made_for_calls and request.tool_choice == "auto":
            # Qwen2.5-Coder 1.5B asked again for what it had been told, in 12 of 12 trials.
            asked_for = [asked for asked in asked_for if not _is_answered(asked, request.steps)]
        yield from hand_over(asked_for, draft, dialogue)
    elif dialogue.tools and (call := dialogue.tools.requested(asked_for[0])):
        yield from run_tool(call, draft, dialogue)
    if draft.answer is None:
        options = replace(options, tools=(), tool_choice="auto")
        yield from _stream(model, _prompt(draft, dialogue), options, draft, dialogue)


def _within_context(
    options: GenerationOptions, messages: Sequence[Message], context_tokens: int
) -> GenerationOptions:
    """Return the options with no more tokens for the reply than the prompt leaves room for.

    Clients often ask for as many as the whole context has, which vLLM and others refuse.
    """
    tools = sum(len(tool.model_dump_json()) // BYTES_PER_TOKEN for tool in options.tools)
    room = context_tokens - tools - sum(estimate_tokens(message) for message in messages)
    # The estimate is on the safe side, and a long prompt may leave more than it says.
    return replace(options, max_tokens=min(options.max_tokens, max(room, _LEAST_REPLY_TOKENS)))


def _prompt(draft: Draft, dialogue: Dialogue) -> list[Message]:
    recollection, options = draft.recollection, dialogue.options
    known = recollection.preamble
    if known is None:
        known = preamble(profile_prompt(draft.profile, draft.language), recollection.summary)
        if draft.request.conversation_id:
            dialogue.conversations.set_preamble(draft.request.conversation_id, known)
    messages = window(
        system=[options.system_prompt, known, manner_prompt(draft.manner, draft.language)],
        stored=recollection.exchanges,
        carried=draft.request.history,
        question=draft.question or _cue(draft),
        steps=draft.request.steps,
        max_tokens=options.max_prompt_tokens,
    )
    if draft.tool_data:
        asked = tool_data.wrap(draft.question, draft.tool_data, draft.language)
        messages[-1] = Message(role="user", content=asked)
    if messages[-1].role == "tool":
        result = messages[-1].content + AFTER_RESULT[draft.language]
        messages[-1] = messages[-1].model_copy(update={"content": result})
    if draft.said:
        messages.append(Message(role="assistant", content=draft.said))
    return messages


def _cue(draft: Draft) -> str:
    first, later = CUES[draft.language]
    cue = strip_special_tokens(draft.request.cue or "").strip()
    return cue or (later if draft.recollection.exchanges else first)


def _route(messages: list[Message], draft: Draft, dialogue: Dialogue) -> Route | BudgetSpent:
    assert dialogue.router is not None
    return dialogue.router.choose(
        RoutingRequest(
            question=draft.question,
            language=draft.language,
            prompt_tokens=sum(estimate_tokens(message) for message in messages),
            needs_tools=draft.request.offers_functions,
            reply_tokens=dialogue.options.generation.max_tokens,
            load=dialogue.load(),
            spent=dialogue.usage.today(draft.request.user_id) if dialogue.usage else Usage(),
            at_limit=dialogue.usage.at_limit(dialogue.router.models)
            if dialogue.usage
            else frozenset(),
        )
    )


def _is_answered(asked: ToolRequest, steps: Sequence[Message]) -> bool:
    """Return whether the same call was made before; clients may write its arguments anew."""
    made = [call for step in steps for call in step.tool_calls if call.name == asked.name]
    for call in made:
        with suppress(ValueError, RecursionError):
            if json.loads(call.arguments) == asked.arguments:
                return True
    return False


def _stream(
    model: LanguageModel,
    messages: list[Message],
    options: GenerationOptions,
    draft: Draft,
    dialogue: Dialogue,
) -> Generator[TurnEvent, None, list[ToolRequest]]:
    """Say what the model writes, as it is written; return the tools that it asks for instead."""
    check = ReplyCheck(dialogue.checks, draft.said)
    completion: Completion | None = None
    asked_for: list[ToolRequest] = []
    try:
        with closing(model.stream(messages, options, draft.request.is_cancelled)) as pieces:
            for piece in pieces:
                match piece:
                    case str():
                        if text := check.feed(piece):
                            yield draft.say(text, "model")
                    case FailedAttempt():
                        yield ModelFailed(
                            turn_id=draft.turn_id,
                            model=piece.model,
                            code=piece.code,
                            retry_in_s=piece.retry_in_s,
                        )
                    case ToolRequest():
                        asked_for.append(piece)
                    case Completion():
                        completion = piece
                        draft.completions.append(piece)
                if check.is_blocked:
                    break
    except GenerationCancelledError:
        raise  # What is written so far stands, and whoever wants the rest asks again.
    except PromptTooLongError:
        raise  # Which the user can help, and should hear.
    except LanguageModelError as error:
        request = draft.request
        has_wishes = request.generation or request.functions or request.max_reply_tokens
        if isinstance(error, RequestRefusedError) and has_wishes:
            raise UnfitWishesError(str(error)) from error  # Which the program can help.
        log.warning("turn %s: %s: %s (%r)", draft.turn_id, model.name, error, error.__cause__)
    if text := check.flush():
        yield draft.say(text, "model")
    if check.categories:
        yield ContentChecked(
            turn_id=draft.turn_id,
            where="reply",
            action=check.action,
            categories=check.categories,
        )
    if asked_for and completion and not check.is_blocked:
        return asked_for
    yield from _end(completion, check.action, draft)
    return []


def _end(completion: Completion | None, action: CheckAction, draft: Draft) -> StageEvents:
    language = draft.language
    if action == "refuse":
        yield from draft.refuse()
    elif action == "care":
        yield draft.say(append_sentence(draft.said, CARE[language]), "care")
        draft.answer = Answered(text=draft.said, source="care")
    elif not draft.said:
        # A model that only reasoned until its tokens ran out has said nothing either.
        yield draft.say(FALLBACK[language], "fallback")
        draft.answer = Answered(
            text=draft.said,
            source="fallback",
            finish_reason=completion.finish_reason if completion else "unavailable",
        )
    elif completion is None:
        written = draft.said
        yield draft.say(append_sentence(written, INTERRUPTED[language]), "fallback")
        draft.answer = Answered(
            text=draft.said, source="model", finish_reason="unavailable", remembered=written
        )
    else:
        draft.answer = Answered(
            text=draft.said,
            source="model",
            finish_reason=completion.finish_reason,
        )
