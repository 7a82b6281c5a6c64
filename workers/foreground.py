"""Who is waiting for an answer just now. Background work yields to them.

A turn counts from its start, so that summaries and their like have left the processor before the
turn is heard, to its end.
"""

import time

from redis import Redis

_KEY = "foreground"
_LONGEST_S = 60.0
"""A turn whose worker was lost must not keep the background waiting for ever."""


class Foreground:
    """Thread-safe."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def enter(self, turn_id: str) -> None:
        now = time.time()
        with self._redis.pipeline() as pipe:
            pipe.zadd(_KEY, {turn_id: now + _LONGEST_S})
            pipe.zremrangebyscore(_KEY, "-inf", now)
            pipe.execute()

    def leave(self, turn_id: str) -> None:
        self._redis.zrem(_KEY, turn_id)

    def turns(self) -> int:
        return int(self._redis.zcount(_KEY, time.time(), "+inf"))

    def is_busy(self) -> bool:
        return self.turns() > 0
