"""Where a tool knows better than a model it is asked: by its patterns, or by the model's choice."""

import time
from collections.abc import Sequence

from assistant.draft import Dialogue, Draft, StageEvents
from assistant.events import ContentChecked, ToolCalled, ToolReturned
from assistant.llm.asking import ask
from assistant.llm.base import GenerationOptions
from assistant.llm.cancellation import stop_if
from assistant.messages import Message
from assistant.plugins.base import Data, ToolCall, ToolContext
from assistant.plugins.runner import ToolFailure
from assistant.plugins.tool_data import without_orders
from assistant.plugins.toolbox import local_now
from assistant.prompts import NOTHING_FOUND, NOTHING_KEPT

_SHOWN_CHARS = 500


def use_tool(draft: Draft, dialogue: Dialogue) -> StageEvents:
    request = draft.request
    if dialogue.tools is None or draft.said or request.must_be_written or request.offers_functions:
        return
    call = dialogue.tools.match(draft.question)
    if call is None:

        def ask_model(messages: Sequence[Message], options: GenerationOptions) -> str:
            return ask(dialogue.model, messages, options, draft.request.is_cancelled)

        call = dialogue.tools.choose(draft.question, ask_model, draft.language)
    if call is not None:
        yield from run_tool(call, draft, dialogue)


def run_tool(call: ToolCall, draft: Draft, dialogue: Dialogue) -> StageEvents:
    """What it answers is the reply; what it returns as data the model puts into words."""
    assert dialogue.tools is not None
    stop_if(draft.request.is_cancelled)
    if not draft.request.conversation_id and call.tool.permissions & {"storage", "reminders"}:
        yield from draft.give(NOTHING_KEPT[draft.language], "tool")
        return
    if not call.tool.is_pure:
        draft.request.wait_until_confirmed()
    yield ToolCalled(
        turn_id=draft.turn_id,
        tool=call.tool.name,
        arguments=call.arguments,
        chosen_by=call.chosen_by,
    )
    context = ToolContext(
        user_id=draft.request.user_id,
        conversation_id=draft.request.conversation_id,
        language=draft.language,
        now=local_now(draft.request.timezone),
    )
    began = time.monotonic()
    outcome = dialogue.tools.run(call, context, draft.turn_id)
    yield ToolReturned(
        turn_id=draft.turn_id,
        tool=call.tool.name,
        is_error=isinstance(outcome, ToolFailure),
        text=outcome.text[:_SHOWN_CHARS],
        duration_s=round(time.monotonic() - began, 3),
    )
    if isinstance(outcome, Data):
        draft.tool_data = without_orders(outcome.text)
        if not draft.tool_data.strip():
            # Out of nothing a small model would make something up.
            yield from draft.give(NOTHING_FOUND[draft.language], "tool")
        return
    # Whoever wrote the tool, its words are checked as a model's are.
    text = outcome.text
    if dialogue.checks is not None:
        verdict = dialogue.checks.check(text, "reply")
        if verdict.categories:
            yield ContentChecked(
                turn_id=draft.turn_id,
                where="reply",
                action=verdict.action,
                categories=verdict.categories,
            )
        if verdict.action in ("refuse", "care"):
            yield from draft.refuse()
            return
        text = verdict.text
    yield from draft.give(text, "tool")
