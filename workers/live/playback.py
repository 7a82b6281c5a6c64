"""How much of a reply's sound the user has heard: as the client reports it, else by the clock."""

import time
from collections.abc import Callable

NETWORK_S = 0.3
"""A client without reports may play so much later than the sound was sent."""


class Playback:
    """Of one reply; not thread-safe. All lengths are milliseconds of its sound."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.after: Playback | None = None
        """Of an earlier reply, to whose end the client plays first."""
        self.sent_ms = 0.0
        self._played_ms = 0.0
        """At `_since_s`, from where on it plays as time goes."""
        self._since_s: float | None = None
        self._is_reported = False

    def send(self, duration_ms: float) -> None:
        """So much more is on its way to the client, which plays it as soon as it can."""
        if not self._is_reported and (self._since_s is None or self.heard_ms >= self.sent_ms):
            self._played_ms, self._since_s = self.sent_ms, self._free_s()
        self.sent_ms += duration_ms

    def report(self, played_ms: float, is_playing: bool) -> None:
        self._is_reported = True
        self._played_ms = played_ms
        self._since_s = self._clock() if is_playing else None

    def hold(self) -> None:
        self._played_ms, self._since_s = self.heard_ms, None

    def resume(self) -> None:
        self._since_s = self._free_s()

    def rewind(self, heard_ms: float) -> None:
        """The client has dropped everything after `heard_ms`, and gets it again."""
        self.sent_ms = self._played_ms = min(heard_ms, self.sent_ms)
        self._since_s, self._is_reported = None, False

    @property
    def heard_ms(self) -> float:
        if self._since_s is None:
            return self._played_ms
        played_ms = self._played_ms + max(0.0, self._clock() - self._since_s) * 1000
        return min(self.sent_ms, played_ms)

    @property
    def is_audible(self) -> bool:
        """Return whether it is being played, or is to be as soon as what comes before it was."""
        if self._since_s is None:
            return False
        late_ms = 0.0 if self._is_reported else NETWORK_S * 1000
        return self._played_ms + (self._clock() - self._since_s) * 1000 < self.sent_ms + late_ms

    def _free_s(self) -> float:
        """Return when the client has nothing else to play."""
        now_s = self._clock()
        before = self.after
        if before is not None and before._since_s is not None:
            ends_s = before._since_s + (before.sent_ms - before._played_ms) / 1000
            return max(now_s, ends_s)
        return now_s
