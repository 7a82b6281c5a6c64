"""The clock of live sessions whose client falls silent in the middle of something.

A microphone that is muted, a phone that sleeps: no more sound comes, and what waits for sound would
wait for ever.
"""

import logging
import threading
import time
import weakref
from typing import Protocol

log = logging.getLogger(__name__)

CHECK_S = 0.25


class Watched(Protocol):
    def tick(self) -> None: ...


_watched: "weakref.WeakSet[Watched]" = weakref.WeakSet()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def watch(session: Watched) -> None:
    """Call `session.tick()` a few times a second, as long as it lives."""
    global _thread
    with _lock:
        _watched.add(session)
        if _thread is None:
            _thread = threading.Thread(target=_run, name="live-watch", daemon=True)
            _thread.start()


def unwatch(session: Watched) -> None:
    with _lock:
        _watched.discard(session)


def _run() -> None:
    while True:
        time.sleep(CHECK_S)
        with _lock:
            sessions = list(_watched)
        for session in sessions:
            try:
                session.tick()
            except Exception:  # As without Redis: the others are watched all the same.
                log.exception("a live session cannot be watched")
