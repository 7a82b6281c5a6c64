"""Turns of one conversation are answered in the order in which they came, one after another.

Each turn queues up when its reply is wanted. The first in the queue may write its reply; when it
has, it leaves, and the next one's task is sent. Hearing and speaking need no order.
"""

from typing import TYPE_CHECKING, cast

from redis import Redis

from workers.turn_state import load_state

if TYPE_CHECKING:
    from workers.services import Services


class TurnOrder:
    """Thread-safe."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def enter(self, conversation_id: str, turn_id: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.rpush(_key(conversation_id), turn_id)
            pipe.expire(_key(conversation_id), self._retention_s)
            pipe.execute()

    def first(self, conversation_id: str) -> str | None:
        turn_id = cast("bytes | None", self._redis.lindex(_key(conversation_id), 0))
        return None if turn_id is None else turn_id.decode()

    def leave(self, conversation_id: str, turn_id: str) -> str | None:
        """Return who is first then; leaving twice changes nothing."""
        self._redis.lrem(_key(conversation_id), 0, turn_id)
        return self.first(conversation_id)


def is_next(services: "Services", turn_id: str) -> bool:
    """Return whether the turn's reply may be written: the turns before it have theirs."""
    request = services.turns.request(turn_id)
    if request is None:
        return True  # Expired, as its stage will say.
    first = services.order.first(request.conversation_id)
    while first not in (None, turn_id):
        # Whoever lost its worker at the very end has not left by itself.
        before = load_state(services.bus, first)
        if before.started is not None and before.reply is None and before.end is None:
            return False
        first = services.order.leave(request.conversation_id, first)
    return True


def let_next_go(services: "Services", turn_id: str) -> str | None:
    """Leave the conversation's queue once the reply is written; return the turn that is next."""
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    if request is None or (state.reply is None and state.end is None):
        return None
    following = services.order.leave(request.conversation_id, turn_id)
    if following is None or load_state(services.bus, following).question is None:
        return None  # A turn that is being heard goes on by itself.
    return following


def _key(conversation_id: str) -> str:
    return f"conversation:{{{conversation_id}}}:order"
