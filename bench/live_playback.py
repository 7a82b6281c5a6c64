"""What a listener hears of the sound that arrives: played at once, one chunk after the other."""

from dataclasses import dataclass

import numpy as np

from bench.latency import AUDIBLE
from bench.live_clips import SAMPLE_RATE_HZ
from speech.audio import Samples


@dataclass
class Heard:
    """One reply's sound. Times are seconds of one clock."""

    begin_at: float
    audible_at: float | None = None
    """When the first sample above `AUDIBLE` is played."""
    duration_s: float = 0.0
    gaps_s: float = 0.0
    """Silence within the reply because its sound came too late."""


class Playback:
    """Every method is given the time, so that a test needs no clock."""

    def __init__(self) -> None:
        self.replies: dict[str, Heard] = {}
        """By the response's id."""
        self._response_id = ""
        self._ends_at = float("-inf")
        self._held_at: float | None = None

    def feed(self, at: float, response_id: str, samples: Samples) -> None:
        if self._held_at is not None:
            self._ends_at += at - self._held_at
            self._held_at = at
        begin_at = max(at, self._ends_at)
        duration_s = len(samples) / SAMPLE_RATE_HZ
        self._response_id = response_id
        if response_id not in self.replies:
            self.replies[response_id] = Heard(begin_at)
        else:
            self.replies[response_id].gaps_s += max(0.0, at - self._ends_at)
        reply = self.replies[response_id]
        loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
        if reply.audible_at is None and len(loud):
            reply.audible_at = begin_at + float(loud[0]) / SAMPLE_RATE_HZ
        reply.duration_s += duration_s
        self._ends_at = begin_at + duration_s

    def hold(self, at: float) -> None:
        if self._held_at is None:
            self._held_at = at

    def resume(self, at: float) -> None:
        if self._held_at is not None:
            self._ends_at += at - self._held_at
            self._held_at = None

    def stop(self, at: float) -> None:
        self._ends_at, self._held_at = at, None

    def unplayed_s(self, at: float) -> float:
        return max(0.0, self._ends_at - (at if self._held_at is None else self._held_at))

    def is_playing(self, at: float) -> bool:
        return self._held_at is None and self.unplayed_s(at) > 0

    def played_s(self, at: float) -> float:
        """Return how much of the latest reply was played."""
        reply = self.replies.get(self._response_id)
        return max(0.0, reply.duration_s - self.unplayed_s(at)) if reply else 0.0
