"""Waits that end at once when the answer is no longer wanted."""

import time
from collections.abc import Callable

from assistant.errors import GenerationCancelledError

POLL_S = 0.05
"""How often `is_cancelled` is asked."""


def stop_if(is_cancelled: Callable[[], bool] | None) -> None:
    """Raises GenerationCancelledError."""
    if is_cancelled and is_cancelled():
        raise GenerationCancelledError("The answer is no longer wanted.")


def sleep(seconds: float, is_cancelled: Callable[[], bool] | None) -> None:
    """Raises GenerationCancelledError, also where there is nothing to sleep."""
    end_s = time.monotonic() + seconds
    while True:
        stop_if(is_cancelled)
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            return
        time.sleep(min(left_s, POLL_S))
