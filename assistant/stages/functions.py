"""Functions that the client runs: the model's calls of them are handed over."""

from assistant.draft import Answered, Dialogue, Draft, StageEvents
from assistant.events import ContentChecked, FunctionCalled
from assistant.llm.base import ToolRequest


def hand_over(asked_for: list[ToolRequest], draft: Draft, dialogue: Dialogue) -> StageEvents:
    """Have the client call its functions; nothing happens where there are no such functions."""
    request = draft.request
    offered = {function.name for function in request.functions}
    calls = [asked.call for asked in asked_for if asked.name in offered]
    if request.generation and request.generation.parallel_tool_calls is False:
        calls = calls[:1]
    for call in calls:
        verdict = dialogue.checks.check(call.arguments, "reply") if dialogue.checks else None
        if verdict and verdict.action in ("refuse", "care"):
            yield ContentChecked(
                turn_id=draft.turn_id,
                where="reply",
                action=verdict.action,
                categories=verdict.categories,
            )
            yield from draft.refuse()
            return
    for call in calls:
        yield FunctionCalled(
            turn_id=draft.turn_id, call_id=call.id, name=call.name, arguments=call.arguments
        )
    if calls:
        draft.answer = Answered(text=draft.said, source="model", finish_reason="tool_calls")
