"""Frames of sound as runs of voice."""

import math
from dataclasses import dataclass
from typing import Protocol

from speech.audio import Samples
from speech.turn_taking.loudness import level_db
from speech.turn_taking.timing import FRAME_MS, GAP_MS

HYSTERESIS = 0.15
"""A voice has ended below the threshold less this, as Silero's authors have it."""


class VoiceDetector(Protocol):
    def probability(self, frame: Samples) -> float:
        """Of speech in the next 512 samples."""

    def reset(self) -> None: ...


@dataclass
class Run:
    """Voice, with gaps in it that are shorter than `GAP_MS`."""

    start_ms: int
    end_ms: int = 0
    voiced_ms: int = 0
    best: float = 0.0
    """The highest speech probability."""
    loudest_db: float = -math.inf


class VoiceRuns:
    def __init__(self, voice: VoiceDetector) -> None:
        self._voice = voice
        self.run: Run | None = None
        self.is_voice = False
        """In the last frame."""
        self.level_db = -math.inf
        """Of the last frame with voice."""

    def hear(self, frame: Samples, at_ms: int, threshold: float) -> None:
        """Take the next frame, which ends at `at_ms`."""
        probability = self._voice.probability(frame)
        self.is_voice = probability >= threshold - (HYSTERESIS if self.is_voice else 0.0)
        if self.is_voice:
            self.level_db = level_db(frame)
            self.run = self.run or Run(at_ms - FRAME_MS)
            self.run.end_ms = at_ms
            self.run.voiced_ms += FRAME_MS
            self.run.best = max(self.run.best, probability)
            self.run.loudest_db = max(self.run.loudest_db, self.level_db)
        elif self.run and at_ms - self.run.end_ms >= GAP_MS:
            self.run = None

    def forget(self) -> None:
        """Drop the present run; what sounds on begins a new one."""
        self.run = None

    def reset(self) -> None:
        """Begin anew, after sound that was not heard."""
        self.run, self.is_voice = None, False
        self._voice.reset()
