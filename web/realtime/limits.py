"""How fast a client may send."""

import time
from collections.abc import Callable


class Allowance:
    """A token bucket: `burst` at once, and `rate` a second in the long run.

    Source: J. Turner, New directions in communications, 1986. Not thread-safe.
    """

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._at = clock()

    def take(self, amount: float) -> bool:
        """Return False, and take nothing, where so much is not left."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
