"""`response.create`: what a response is to, where its client brings that itself."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from assistant.messages import Message
from web.realtime.client_events import as_protocol_error
from web.realtime.items import AnyItem, CallItem, Item, Items, OutputItem
from web.realtime.mcp_items import McpCallItem
from web.realtime.new_items import Hear, NewItem, text_of
from web.realtime.protocol_errors import ProtocolError
from workers.live.inputs import Input, as_input

_MAX_ITEMS = 200


def read_input(given: Any, items: Items, hear: Hear) -> Input:
    """Return the input of a response: items, and references to items of the conversation.

    Raises ProtocolError.
    """
    if not isinstance(given, list) or len(given) > _MAX_ITEMS:
        raise ProtocolError(
            "invalid_value", f"The input is a list of at most {_MAX_ITEMS} items.", "response.input"
        )
    messages: list[Message] = []
    pcm16: bytes | None = None
    for number, entry in enumerate(given):
        param = f"response.input.{number}"
        if pcm16 is not None:
            raise ProtocolError(
                "unsupported_item", "Only the last item of an input can bring sound.", param
            )
        if isinstance(entry, dict) and entry.get("type") == "item_reference":
            item = _referenced(entry, items, param)
        else:
            item, pcm16 = _brought(entry, hear, param)
        _append(messages, item)
    return as_input(messages, pcm16)


def _referenced(entry: dict[str, Any], items: Items, param: str) -> AnyItem:
    item_id = entry.get("id")
    if not isinstance(item_id, str) or item_id not in items:
        raise ProtocolError("item_not_found", f"There is no item {item_id!r}.", f"{param}.id")
    item = items.get(item_id)
    if isinstance(item, Item) and any(part.text is None for part in item.parts):
        raise ProtocolError(
            "item_not_transcribed",
            f"What was said in {item_id!r} is not known yet; ask again in a moment.",
            f"{param}.id",
        )
    return item


def _brought(entry: Any, hear: Hear, param: str) -> tuple[AnyItem, bytes | None]:
    try:
        new = NewItem.model_validate(entry)
        item = new.made()
        is_users = isinstance(item, Item) and item.role == "user"
        sounds = [part for part in new.said(hear) if isinstance(part, bytes)] if is_users else []
    except ValidationError as error:
        raise as_protocol_error(error, param) from error
    except ProtocolError as error:
        raise ProtocolError(error.code, error.message, param) from error
    return item, sounds[0] if sounds else None


def _append(messages: list[Message], item: AnyItem) -> None:
    match item:
        case Item():
            if text := text_of(item):
                messages.append(Message(role=item.role, content=text))
        case CallItem():
            calls, content = _open_calls(messages), ""
            if calls is not None:
                content = messages.pop().content
            message = Message(
                role="assistant", content=content, tool_calls=(*(calls or ()), item.call)
            )
            messages.append(message)
        case McpCallItem():
            result = item.output or str((item.error or {}).get("message", ""))
            call = Message(role="assistant", content="", tool_calls=(item.call,))
            returned = Message(role="tool", content=result, tool_call_id=item.call.id)
            messages += [call, returned]
        case OutputItem():
            messages.append(Message(role="tool", content=item.output, tool_call_id=item.call_id))


def _open_calls(messages: Sequence[Message]) -> tuple[Any, ...] | None:
    """Return the calls of the message that one more belongs to; None where there is none."""
    if messages and messages[-1].role == "assistant":
        return messages[-1].tool_calls
    return None
