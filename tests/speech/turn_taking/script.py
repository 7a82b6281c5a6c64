"""A scripted ear: what it is to hear is in the sound, and what its model is to say is given."""

from collections.abc import Iterator, Sequence

import numpy as np

from speech.audio import Samples
from speech.turn_taking.engine import TurnEngine
from speech.turn_taking.events import EngineEvent, TurnTaking

FRAME_MS = 32
VOICE, MAYBE, SILENCE = 0.9, 0.6, 0.0


class ScriptedVoice:
    """The sound is the script: a frame's first sample is its probability."""

    def probability(self, frame: Samples) -> float:
        return float(frame[0])

    def reset(self) -> None:
        pass


class ScriptedModel:
    def __init__(self, *probabilities: float) -> None:
        self._probabilities: Iterator[float] = iter(probabilities)
        self.last = 0.0
        self.heard: list[Samples] = []

    def probability(self, samples: Samples) -> float:
        self.heard.append(samples)
        self.last = next(self._probabilities, self.last)
        return self.last


def sound(*stretches: tuple[float, int]) -> Samples:
    """Return stretches of so many frames each, by their probability."""
    frames = [np.full(512 * n_frames, p, np.float32) for p, n_frames in stretches]
    return np.concatenate(frames)


def voice(n_frames: int, probability: float = VOICE) -> Samples:
    return sound((probability, n_frames))


def silence(n_frames: int) -> Samples:
    return sound((SILENCE, n_frames))


def engine(*probabilities: float, **settings: object) -> TurnEngine:
    """Return one whose model says these, the last one for ever; without any it has no model."""
    model = ScriptedModel(*probabilities) if probabilities else None
    return TurnEngine(TurnTaking(**settings), ScriptedVoice(), model)  # type: ignore[arg-type]


def names(events: Sequence[EngineEvent]) -> list[str]:
    return [type(event).__name__ for event in events]
