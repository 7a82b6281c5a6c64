"""What the user said that nobody has answered, as where the client asks for every reply itself."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.history import Exchange
from workers import turn_control
from workers.live.events import LiveEvent, TurnNamed
from workers.live.live_turn import LiveTurn
from workers.live.replies import Replies
from workers.services import Services


@dataclass(frozen=True, kw_only=True)
class Typed:
    item_id: str
    text: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """As a turn's, for what the conversation keeps of it where it is not answered."""
    at: float = field(default_factory=time.time)


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

    def add(self, item: LiveTurn | Typed) -> None:
        if isinstance(item, LiveTurn):
            item.is_waiting = True
        self._items.append(item)

    def take(self) -> LiveTurn | Typed:
        """Return the last, which is to be answered; the model sees it together with the others."""
        last = self._items.pop()
        self.leave()
        return last

    def leave(self) -> None:
        """Make all of it part of the conversation, for the next reply: it has none of its own."""
        items, self._items = self._items, []
        for item in items:
            if isinstance(item, LiveTurn):
                self._replies.leave(item)
                continue
            exchange = Exchange(item.text, "", turn_id=item.id, at=item.at)
            self._services.conversations.add(self._conversation_id, self._user_id, exchange)
            self._emit(TurnNamed(turn_id=item.id, item_id=item.item_id))

    def forget(self, item_id: str) -> bool:
        """Return False where it is not among these."""
        item = next((item for item in self._items if item.item_id == item_id), None)
        if item is None:
            return False
        self._items.remove(item)
        if isinstance(item, LiveTurn):
            turn_control.cancel(self._services, item.id, "cancelled")
        return True
