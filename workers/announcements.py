"""Turns that the assistant begins by itself: where a user's devices learn of them."""

from collections.abc import Iterator
from typing import Any, cast

from redis import Redis

_KEPT = 100
"""Of the newest, for a device that was away."""


class Announcements:
    """Thread-safe. A user's announcements expire `retention_s` after the last one."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def announce(self, user_id: str, turn_id: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.xadd(_key(user_id), {"turn_id": turn_id}, maxlen=_KEPT)
            pipe.expire(_key(user_id), self._retention_s)
            pipe.execute()

    def follow(
        self, user_id: str, after: str, ping_s: float = 15.0
    ) -> Iterator[tuple[str, str] | None]:
        """Yield (id, turn id) of each announcement after the id `after`, for ever.

        Yields None where nothing happened for `ping_s`.
        """
        while True:
            answer = cast(
                "list[Any] | dict[Any, Any] | None",
                self._redis.xread({_key(user_id): after}, block=int(ping_s * 1000)),
            )
            if not answer:
                yield None
                continue
            entries = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
            for entry_id, fields in entries:
                after = entry_id.decode()
                yield after, fields[b"turn_id"].decode()


def _key(user_id: str) -> str:
    return f"user:{{{user_id}}}:announcements"
