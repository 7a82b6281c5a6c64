"""What the user said that nobody has answered, as where the client asks for every reply itself."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from assistant.history import Exchange
from workers import turn_control
from workers.live.events import LiveEvent, TurnNamed
from workers.live.live_turn import LiveTurn
from workers.live.replies import Replies
from workers.services import Services

_MAX_WAITING = 1_000
"""The oldest have no reply of their own then, as if something else had been answered."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    item_id: str
    text: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """As a turn's, for what the conversation keeps of it where it is not answered."""
    at: float = field(default_factory=time.time)

    @property
    def question(self) -> str:
        return self.text


class Unanswered:
    """All methods are called with the session's lock held."""

    def __init__(
        self,
        services: Services,
        replies: Replies,
        conversation_id: str,
        user_id: str,
        emit: Callable[[LiveEvent], None],
    ) -> None:
        self._services = services
        self._replies = replies
        self._conversation_id = conversation_id
        self._user_id = user_id
        self._emit = emit
        self._items: list[LiveTurn | Typed] = []

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[LiveTurn | Typed]:
        return iter(self._items)

    def add(self, item: LiveTurn | Typed, after: str | None = None) -> None:
        """`after`: an item, or `root`; one that is not among these is before them all."""
        if isinstance(item, LiveTurn):
            item.is_waiting = True
        if len(self._items) >= _MAX_WAITING:
            self._leave(self._items.pop(0))
        place = len(self._items)
        if after is not None:
            places = [n for n, each in enumerate(self._items, 1) if each.item_id == after]
            place = max(places, default=0)
        self._items.insert(place, item)

    def take(self) -> LiveTurn | Typed:
        """Return the last, which is to be answered; the model sees it together with the others."""
        last = self._items.pop()
        self.leave()
        return last

    def answer(self, text: str) -> str:
        """Have what was typed last be answered by what the client says was said; return the turn
        that the conversation knows it by."""
        asked = self._items.pop() if self._items and isinstance(self._items[-1], Typed) else None
        self.leave()
        if not isinstance(asked, Typed):
            asked = Typed(item_id="", text="")
        self._keep(asked, text)
        return asked.id

    def leave(self) -> None:
        """Make all of it part of the conversation, for the next reply: it has none of its own."""
        items, self._items = self._items, []
        for item in items:
            self._leave(item)

    def forget(self, item_id: str) -> bool:
        """Return False where it is not among these."""
        forgotten = [item for item in self._items if item.item_id == item_id]
        self._items = [item for item in self._items if item.item_id != item_id]
        for item in forgotten:
            if isinstance(item, LiveTurn):
                turn_control.cancel(self._services, item.id, "cancelled")
        return bool(forgotten)

    def _leave(self, item: LiveTurn | Typed) -> None:
        if isinstance(item, LiveTurn):
            self._replies.leave(item)
        else:
            self._keep(item, "")

    def _keep(self, item: Typed, answer: str) -> None:
        exchange = Exchange(item.text, answer, turn_id=item.id, at=item.at)
        self._services.conversations.add(self._conversation_id, self._user_id, exchange)
        if item.item_id:
            self._emit(TurnNamed(turn_id=item.id, item_id=item.item_id))
