"""A silence in a turn, which may be its end."""

from collections.abc import Callable
from typing import Protocol

from speech.audio import Samples
from speech.turn_taking.events import TurnTaking
from speech.turn_taking.patience import silence_needed_ms
from speech.turn_taking.timing import ASKED_MS

LIKELY = 0.5
"""The end-of-turn probability from which on replying on suspicion is worth it."""

LIKELY_AFTER_MS = 640
"""Of 48 silences as long, in 40 recordings, 40 were ends, however unfinished the words sounded."""


class EndOfTurnDetector(Protocol):
    def probability(self, samples: Samples) -> float:
        """That the turn is over."""


class Pause:
    def __init__(self, end_of_turn: EndOfTurnDetector | None) -> None:
        """`end_of_turn`: asked as the silence grows; None where silence alone decides."""
        self._end_of_turn = end_of_turn
        self._n_asked = 0
        self._probabilities: list[float] = []
        self._was_likely = False

    def ask(self, silence_ms: int, turn: Callable[[], Samples]) -> float | None:
        """Return the probability that the turn is over, the first time it is likely or late."""
        due = sum(silence_ms >= asked_ms for asked_ms in ASKED_MS)
        if self._end_of_turn is None or due == self._n_asked:
            return None
        self._n_asked = due
        probability = self._end_of_turn.probability(turn())
        self._probabilities.append(probability)
        is_likely = probability >= LIKELY or silence_ms >= LIKELY_AFTER_MS
        if not is_likely or self._was_likely:
            return None
        self._was_likely = True
        return probability

    def is_over(self, silence_ms: int, settings: TurnTaking) -> bool:
        return silence_ms >= silence_needed_ms(settings, self._probabilities)
