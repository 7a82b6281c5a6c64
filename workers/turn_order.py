"""Turns of one conversation are answered in the order in which they came, one after another.

Each turn queues up when it starts. The first in the queue may write its reply; when it has, it
leaves, and the next one's task is sent. Hearing and speaking need no order.
"""

from typing import cast

from redis import Redis


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


def _key(conversation_id: str) -> str:
    return f"conversation:{{{conversation_id}}}:order"
