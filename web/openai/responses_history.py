"""What earlier responses said and called, by their ids and those of their items."""

import re

from assistant.messages import FunctionCall, Message
from web.context import services
from web.errors import ProblemError
from web.identity import is_anothers
from web.openai.chat_messages import words_of
from workers.turn_state import load_state
from workers.turn_store import TurnRequest

_ITEM_ID = re.compile(r"(msg|fc)_([0-9a-f]{32})(?:_(\d{1,3}))?")


def lasting_instructions(asked: TurnRequest, instructions: str | None) -> str | None:
    """Return what of the turn's instructions stands in its input: unlike those of the field of that
    name, it goes along where another response goes on from this one."""
    given = instructions or ""
    return (asked.instructions or "").removeprefix(given).removeprefix("\n\n") or None


def response_id(turn_id: str) -> str:
    return f"resp_{turn_id}"


def message_id(turn_id: str) -> str:
    return f"msg_{turn_id}"


def call_id(turn_id: str, place: int) -> str:
    """Return the id of the item, which is not that of the call."""
    return f"fc_{turn_id}_{place}"


def said_in(item_id: str) -> FunctionCall | str:
    """Return the call, or the words. Raises ProblemError."""
    found = _ITEM_ID.fullmatch(item_id)
    if found is not None and not is_anothers(found[2]):
        kind, turn_id, place = found.groups()
        state = load_state(services().bus, turn_id)
        if kind == "msg" and state.reply is not None:
            return words_of(state)
        if kind == "fc" and place and int(place) < len(state.calls):
            return state.calls[int(place)]
    raise ProblemError(
        "previous_response_not_found",
        f"There is no item {item_id!r}, or it is no longer kept.",
        "input",
    )


def said_before(response: str) -> list[Message]:
    turn_id = response.removeprefix(response_id(""))
    asked, state = services().turns.request(turn_id), load_state(services().bus, turn_id)
    if asked is None or state.reply is None or is_anothers(turn_id):
        raise ProblemError(
            "previous_response_not_found",
            f"There is no response {response!r}, or it is no longer kept.",
            "previous_response_id",
        )
    lasting = asked.lasting_instructions
    return [
        *([Message(role="system", content=lasting)] if lasting else ()),
        *asked.history,
        *([Message(role="user", content=asked.question)] if asked.question else ()),
        *asked.steps,
        Message(role="assistant", content=words_of(state), tool_calls=tuple(state.calls)),
    ]
