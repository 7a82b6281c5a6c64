"""Does the assistant hear itself? Without echo cancellation a loudspeaker interrupts its reply."""

import time
from collections import deque

# Of the three-letter pieces in what "the user" said, so many come from the reply that was playing.
_SAME_WORDS = 0.6
_SHORTEST = 8
"""Letters; a user may well repeat a word or two."""
_TIMES = 2
_HOLDS = 4
_WITHIN_S = 120.0


class EchoWatch:
    """Counts the signs; says once that the assistant seems to hear itself."""

    def __init__(self) -> None:
        self._echoes: deque[float] = deque(maxlen=_TIMES)
        self._holds: deque[float] = deque(maxlen=_HOLDS)
        self._has_said = False

    def heard(self, words: str, reply: str) -> bool:
        """`words` interrupted `reply`; return whether it is time to say so."""
        if _is_said_again(words, reply):
            self._echoes.append(time.monotonic())
        return self._is_time(self._echoes)

    def held(self) -> bool:
        """The reply was held, and for nothing; return whether it is time to say so."""
        self._holds.append(time.monotonic())
        return self._is_time(self._holds)

    def _is_time(self, signs: deque[float]) -> bool:
        if self._has_said or len(signs) < (signs.maxlen or 0):
            return False
        self._has_said = time.monotonic() - signs[0] < _WITHIN_S
        return self._has_said


def _is_said_again(words: str, reply: str) -> bool:
    said, played = _letters(words), _letters(reply)
    # A Chinese character carries about as much as three letters.
    n_letters = sum(1 if letter.isascii() else 3 for letter in said)
    if n_letters < _SHORTEST or len(said) < 3:
        return False
    pieces = {said[start : start + 3] for start in range(len(said) - 2)}
    return sum(piece in played for piece in pieces) >= _SAME_WORDS * len(pieces)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
