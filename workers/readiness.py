"""Which workers are warm. A worker that is says so every few seconds; silence means it is gone."""

import contextlib
import threading
import time

from redis import Redis
from redis.exceptions import RedisError

QUEUES = ("asr", "chat", "tts")
_BEAT_S = 2.0
_TTL_S = 6.0


def waiting_for(redis: Redis) -> list[str]:
    """Return the queues that no warm worker serves; an empty list means ready."""
    with redis.pipeline(transaction=False) as pipe:
        for queue in QUEUES:
            pipe.zcount(_key(queue), time.time(), "+inf")
        counts = pipe.execute()
    return [queue for queue, count in zip(QUEUES, counts, strict=True) if not count]


def announce(redis: Redis, queue: str, worker: str, stopping: threading.Event) -> None:
    """Say that this worker is warm, until `stopping` is set. Rides out a Redis that is away."""
    while not stopping.is_set():
        with contextlib.suppress(RedisError):
            now = time.time()
            with redis.pipeline() as pipe:
                pipe.zadd(_key(queue), {worker: now + _TTL_S})
                pipe.zremrangebyscore(_key(queue), "-inf", now)
                pipe.execute()
        stopping.wait(_BEAT_S)
    with contextlib.suppress(RedisError):
        redis.zrem(_key(queue), worker)


def _key(queue: str) -> str:
    return f"warm:{queue}"
