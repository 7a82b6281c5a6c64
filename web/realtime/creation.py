"""`conversation.item.create`: each kind of item, as the live session takes it."""

from web.realtime.client_events import ItemCreate
from web.realtime.items import AnyItem, CallItem, Item, OutputItem, item_added, item_done
from web.realtime.mcp import SessionMcp
from web.realtime.mcp_items import ApprovalAnswerItem
from web.realtime.narration import Narrator
from web.realtime.new_items import Hear, text_of
from web.realtime.opening import Live
from web.realtime.outbox import Outbox
from web.realtime.protocol_errors import ProtocolError


def create_item(
    event: ItemCreate,
    live: Live,
    narrator: Narrator,
    outbox: Outbox,
    hear: Hear,
    mcp: SessionMcp,
) -> None:
    """Raises ProtocolError; UnknownCallError where a result is of no known call."""
    item, after = event.item.made(), event.previous_item_id
    with narrator.lock:
        _check_place(item, after, narrator)
        if isinstance(item, Item) and item.role == "user":
            said = event.item.said(hear)
            item.end_ms = sum(len(part) // 32 for part in said if isinstance(part, bytes))
            narrator.typed = item, after
            asked = narrator.items.asked_before(after)
    if isinstance(item, Item) and item.role == "user":
        # It says that it has it, and the narrator tells the client.
        live.say(*said, item_id=item.id, after=asked)
        return
    if not isinstance(item, ApprovalAnswerItem):
        _give(item, live)
    elif not mcp.is_asked(item.approval_request_id):
        raise ProtocolError(
            "item_not_found",
            f"There is no approval request {item.approval_request_id!r} without an answer.",
            "item.approval_request_id",
        )
    with narrator.lock:
        previous = narrator.items.add(item, after)
        outbox.put(item_added(item, previous), item_done(item, previous))
    if isinstance(item, ApprovalAnswerItem):
        mcp.approve(item.approval_request_id, item.approve, item.reason)


def _check_place(item: AnyItem, after: str | None, narrator: Narrator) -> None:
    if item.id in narrator.items:
        raise ProtocolError("item_exists", f"There is an item {item.id!r} already.", "item.id")
    if after not in (None, "root") and after not in narrator.items:
        raise ProtocolError("item_not_found", f"There is no item {after!r}.", "previous_item_id")


def _give(item: AnyItem, live: Live) -> None:
    match item:
        case OutputItem():
            live.give_result(item.call_id, item.output)
        case CallItem():
            live.bring_call(item.call)
        case Item(role="assistant"):
            item.is_brought = True
            item.turn_id = live.bring_answer(text_of(item))
        case Item():
            if not live.note(text_of(item), item.id):
                raise ProtocolError(
                    "invalid_value",
                    "The system messages of this session are too long, all together.",
                    "item.content",
                )
