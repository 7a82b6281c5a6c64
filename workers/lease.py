"""One worker at a time on one stage of one turn.

Celery on Redis hands a task out again when its visibility timeout passes, whether the first
worker died or is merely slow. A lease tells the two apart: a live worker renews it, so the
timeout can be short (a dead worker's turn goes on within seconds) and a long task still runs
once.
"""

import contextlib
import threading
from collections.abc import Iterator

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

TTL_S = 10.0
_RENEW_S = 3.0


@contextlib.contextmanager
def lease(redis: Redis, name: str) -> Iterator[bool]:
    """Yield True while this thread holds `name`, False where another worker does."""
    lock = Lock(redis, f"lease:{name}", timeout=TTL_S, blocking=False, thread_local=False)
    if not lock.acquire():
        yield False
        return
    done = threading.Event()

    def renew() -> None:
        while not done.wait(_RENEW_S):
            # A Redis that is away for a moment must not end the task; the next try may succeed.
            with contextlib.suppress(RedisError, LockError):
                lock.extend(TTL_S, replace_ttl=True)

    renewer = threading.Thread(target=renew, name=f"lease {name}", daemon=True)
    renewer.start()
    try:
        yield True
    finally:
        done.set()
        renewer.join()
        with contextlib.suppress(RedisError, LockError):
            lock.release()
