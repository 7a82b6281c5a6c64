"""Tells callers of a server that is down not to try.

Our own, because pybreaker 1.4.1 holds its lock while the protected call runs, so that callers
wait for one another, and judges a generator only when it ends.
"""

import logging
import threading
import time

log = logging.getLogger(__name__)


class CircuitBreaker:
    """Opens after this many failures in a row; then admits one probe every `reset_s` seconds.

    Thread-safe. A probe need not report: the next one is admitted `reset_s` later all the same.
    Source: M. Nygard, Release It!, "Circuit Breaker".
    """

    def __init__(self, name: str, failures: int, reset_s: float) -> None:
        self._name = name
        self._max_failures = failures
        self._reset_s = reset_s
        self._lock = threading.Lock()
        self._failures = 0
        self._probe_at_s = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._max_failures

    def admits(self) -> bool:
        """Return whether to try; where the breaker is open, a True makes the caller its probe."""
        with self._lock:
            if not self.is_open:
                return True
            if time.monotonic() < self._probe_at_s:
                return False
            self._probe_at_s = time.monotonic() + self._reset_s
            return True

    def succeeded(self) -> None:
        with self._lock:
            if self.is_open:
                log.warning("%s answers again", self._name)
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures == self._max_failures:
                log.warning("%s is left alone after %d failures", self._name, self._failures)
            self._probe_at_s = time.monotonic() + self._reset_s
