"""The items of a session's conversation, as its client knows them."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

from web.realtime.protocol_errors import ProtocolError

_MAX_ITEMS = 1_000
"""The oldest are forgotten then; a client that asks for one gets an error."""


@dataclass
class Item:
    """A message. `text`: what was typed, or the transcript; None where it is not known yet."""

    id: str
    content: Literal["input_text", "input_audio", "output_text", "output_audio"]
    text: str | None = None
    status: Literal["in_progress", "completed", "incomplete"] = "completed"
    turn_id: str | None = None
    """Of a reply."""
    start_ms: int = 0
    end_ms: int = 0
    """Of what the user said."""
    sound_ms: float = 0.0
    """Of a reply, as far as its sound is known."""

    @property
    def is_reply(self) -> bool:
        return self.content.startswith("output")

    def describe(self) -> dict[str, Any]:
        name = "transcript" if self.content.endswith("audio") else "text"
        # A reply that has not begun has no content yet.
        is_empty = self.is_reply and not self.text and self.status != "completed"
        return {
            "id": self.id,
            "object": "realtime.item",
            "type": "message",
            "status": self.status,
            "role": "assistant" if self.is_reply else "user",
            "content": [] if is_empty else [{"type": self.content, name: self.text}],
        }


class Items:
    def __init__(self) -> None:
        self._items: OrderedDict[str, Item] = OrderedDict()

    @property
    def last_id(self) -> str | None:
        return next(reversed(self._items), None)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def add(self, item: Item) -> str | None:
        """Return the id of the item before it."""
        previous = self.last_id
        self._items[item.id] = item
        if len(self._items) > _MAX_ITEMS:
            self._items.popitem(last=False)
        return previous

    def find(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    def get(self, item_id: str) -> Item:
        """Raises ProtocolError."""
        if item := self._items.get(item_id):
            return item
        raise ProtocolError("item_not_found", f"There is no item {item_id!r}.", "item_id")

    def reply(self, item_id: str) -> tuple[Item, str]:
        """Return the item and its turn's id. Raises ProtocolError where it is no reply."""
        item = self.get(item_id)
        if item.turn_id is None:
            raise ProtocolError("invalid_value", "Only what the assistant says can be.", "item_id")
        return item, item.turn_id

    def remove(self, item_id: str) -> Item:
        """Raises ProtocolError."""
        self.get(item_id)
        return self._items.pop(item_id)


def item_added(item: Item, previous_item_id: str | None) -> dict[str, Any]:
    return {
        "type": "conversation.item.added",
        "previous_item_id": previous_item_id,
        "item": item.describe(),
    }


def item_done(item: Item, previous_item_id: str | None) -> dict[str, Any]:
    return item_added(item, previous_item_id) | {"type": "conversation.item.done"}
