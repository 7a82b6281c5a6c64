"""The items of a session's conversation, as its client knows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assistant.messages import FunctionCall
from web.realtime.mcp_items import McpItem
from web.realtime.protocol_errors import ProtocolError

_MAX_ITEMS = 1_000
"""The oldest are forgotten then; a client that asks for one gets an error."""

PartType = Literal["input_text", "input_audio", "output_text", "output_audio"]


@dataclass
class Part:
    """Of a message. `text`: what was typed, or the transcript; None where not known yet."""

    type: PartType
    text: str | None = None

    def describe(self) -> dict[str, Any]:
        name = "transcript" if self.type.endswith("audio") else "text"
        return {"type": self.type, name: self.text}


@dataclass
class Item:
    """A message."""

    id: str
    role: Literal["system", "user", "assistant"]
    parts: list[Part]
    """At least one."""
    status: Literal["in_progress", "completed", "incomplete"] = "completed"
    turn_id: str | None = None
    """Of what the assistant said."""
    start_ms: int = 0
    end_ms: int = 0
    """Of what the user said."""
    sound_ms: float = 0.0
    """Of a reply, as far as its sound is known."""
    is_brought: bool = False
    """By the client: it was never said here."""

    @classmethod
    def heard(cls, item_id: str, start_ms: int, end_ms: int) -> "Item":
        parts = [Part("input_audio")]
        return cls(id=item_id, role="user", parts=parts, start_ms=start_ms, end_ms=end_ms)

    @property
    def content_index(self) -> int:
        """Of the part that was or is spoken; of the first where none is."""
        spoken = (n for n, part in enumerate(self.parts) if part.type.endswith("audio"))
        return next(spoken, 0)

    @property
    def text(self) -> str | None:
        """Of that part."""
        return self.parts[self.content_index].text

    @text.setter
    def text(self, text: str | None) -> None:
        self.parts[self.content_index].text = text

    def describe(self) -> dict[str, Any]:
        # A reply that has not begun has no content yet.
        is_empty = self.role == "assistant" and not self.text and self.status != "completed"
        return {
            "id": self.id,
            "object": "realtime.item",
            "type": "message",
            "status": self.status,
            "role": self.role,
            "content": [] if is_empty else [part.describe() for part in self.parts],
        }


@dataclass
class CallItem:
    """A function that the model called and the client runs."""

    id: str
    call: FunctionCall
    status: Literal["in_progress", "completed"] = "completed"

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "realtime.item",
            "type": "function_call",
            "status": self.status,
            "call_id": self.call.id,
            "name": self.call.name,
            "arguments": self.call.arguments,
        }


@dataclass
class OutputItem:
    """What a function returned."""

    id: str
    call_id: str
    output: str

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "realtime.item",
            "type": "function_call_output",
            "status": "completed",
            "call_id": self.call_id,
            "output": self.output,
        }


AnyItem = Item | CallItem | OutputItem | McpItem


class Items:
    def __init__(self) -> None:
        self._items: dict[str, AnyItem] = {}

    @property
    def last_id(self) -> str | None:
        return next(reversed(self._items), None)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def __iter__(self) -> Iterator[AnyItem]:
        return iter(self._items.values())

    def add(self, item: AnyItem, after: str | None = None) -> str | None:
        """Return the id of the item before it.

        `after`: an item that is known, or `root`; the last where None.
        """
        if len(self._items) >= _MAX_ITEMS:
            del self._items[next(iter(self._items))]
        ids = list(self._items)
        place = len(ids)
        if after == "root":
            place = 0
        elif after in self._items:
            place = ids.index(after) + 1
        if place == len(ids):
            self._items[item.id] = item
        else:
            entries = list(self._items.items())
            entries.insert(place, (item.id, item))
            self._items = dict(entries)
        return ids[place - 1] if place else None

    def asked_before(self, after: str | None) -> str | None:
        """Return which item of the user one that comes after that item follows, `root` where
        there is none; None where it is the last of all."""
        if after is None or (after == self.last_id):
            return None
        asked = "root"
        for item in self._items.values() if after != "root" else ():
            if isinstance(item, Item) and item.role == "user":
                asked = item.id
            if item.id == after:
                break
        return asked

    def message(self, item_id: str) -> Item | None:
        item = self._items.get(item_id)
        return item if isinstance(item, Item) else None

    def get(self, item_id: str) -> AnyItem:
        """Raises ProtocolError."""
        if item := self._items.get(item_id):
            return item
        raise ProtocolError("item_not_found", f"There is no item {item_id!r}.", "item_id")

    def reply(self, item_id: str) -> tuple[Item, str]:
        """Return the item and its turn's id. Raises ProtocolError where it is no reply of ours."""
        item = self.get(item_id)
        if not isinstance(item, Item) or item.turn_id is None or item.is_brought:
            raise ProtocolError("invalid_value", "Only what the assistant says can be.", "item_id")
        return item, item.turn_id

    def remove(self, item_id: str) -> AnyItem:
        """Raises ProtocolError."""
        self.get(item_id)
        return self._items.pop(item_id)


def item_added(item: AnyItem, previous_item_id: str | None) -> dict[str, Any]:
    return {
        "type": "conversation.item.added",
        "previous_item_id": previous_item_id,
        "item": item.describe(),
    }


def item_done(item: AnyItem, previous_item_id: str | None) -> dict[str, Any]:
    return item_added(item, previous_item_id) | {"type": "conversation.item.done"}
