"""Who is waiting for an answer just now, or is about to. Background work yields to them.

A turn counts from its start, so that summaries and their like have left the processor before the
turn is heard, to its end; and so does whoever is speaking to a live session.
"""

import time

from redis import Redis

_KEY = "foreground"
_SPEAKERS = "foreground:speakers"
_LONGEST_S = 60.0
"""A turn whose worker was lost must not keep the background waiting for ever."""


class Foreground:
    """Thread-safe."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def enter(self, turn_id: str) -> None:
        self._enter(_KEY, turn_id)

    def leave(self, turn_id: str) -> None:
        self._redis.zrem(_KEY, turn_id)

    def turns(self) -> int:
        return int(self._redis.zcount(_KEY, time.time(), "+inf"))

    def is_busy(self) -> bool:
        return self.turns() > 0

    def begin_speaking(self, utterance_id: str) -> None:
        self._enter(_SPEAKERS, utterance_id)

    def end_speaking(self, utterance_id: str) -> None:
        self._redis.zrem(_SPEAKERS, utterance_id)

    def needs_machine(self) -> bool:
        """Return whether background work has to wait: somebody waits, or speaks."""
        now = time.time()
        with self._redis.pipeline() as pipe:
            pipe.zcount(_KEY, now, "+inf")
            pipe.zcount(_SPEAKERS, now, "+inf")
            return any(pipe.execute())

    def _enter(self, key: str, member: str) -> None:
        now = time.time()
        with self._redis.pipeline() as pipe:
            pipe.zadd(key, {member: now + _LONGEST_S})
            pipe.zremrangebyscore(key, "-inf", now)
            pipe.execute()
