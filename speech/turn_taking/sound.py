"""The sound of the present turn, by the session's clock."""

from collections import deque

import numpy as np

from speech.audio import Samples

SAMPLES_PER_MS = 16


class SoundBuffer:
    """Mono float32 at 16 kHz; milliseconds count from the first sample ever added."""

    def __init__(self) -> None:
        self._pieces: deque[Samples] = deque()
        self._begin = 0
        self._end = 0

    @property
    def end_ms(self) -> int:
        return self._end // SAMPLES_PER_MS

    @property
    def begin_ms(self) -> int:
        """The oldest sound that is kept."""
        return -(-self._begin // SAMPLES_PER_MS)

    def add(self, samples: Samples) -> None:
        if len(samples):
            self._pieces.append(samples.astype(np.float32))
            self._end += len(samples)

    def drop_before(self, at_ms: int) -> None:
        """Keep no piece that ended earlier."""
        while self._pieces and self._begin + len(self._pieces[0]) <= at_ms * SAMPLES_PER_MS:
            self._begin += len(self._pieces.popleft())

    def cut(self, start_ms: int, end_ms: int) -> Samples:
        """Return what is kept of this stretch, as a copy."""
        start, end = start_ms * SAMPLES_PER_MS, end_ms * SAMPLES_PER_MS
        chosen = []
        piece_end = self._end
        # From the newest on: that is where the engine looks at every frame.
        for piece in reversed(self._pieces):
            piece_begin = piece_end - len(piece)
            if piece_end <= start:
                break
            if piece_begin < end:
                chosen.append(piece[max(0, start - piece_begin) : end - piece_begin])
            piece_end = piece_begin
        return np.concatenate(chosen[::-1]) if chosen else np.zeros(0, np.float32)
