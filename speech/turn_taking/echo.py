"""Is a voice over the assistant's only its own, come back from a loudspeaker?

Browsers and phones cancel their echo; a loudspeaker beside a bare microphone does not. What the
client plays is known, so it is looked for in what is heard (generalized cross-correlation with
phase transform: Knapp and Carter, 1976), and a user who speaks over it is told by being louder
than the echo was before.
"""

from collections import deque

import numpy as np

from speech.audio import Samples
from speech.turn_taking.loudness import level_db

RATE_HZ = 16_000
HEARD_MS = 384
"""Of a voice, at most: more tells no more."""
REACH_MS = 1_500
"""How much later than it is thought to be played the sound may be heard; a client's report is a
second old at worst, and Bluetooth takes 0.3 s."""
PEAK = 8.0
"""Of the correlation, by its root mean square, from which on the sound is in what is heard.

Measured on 36 recorded voices after 192 ms: where the loudspeaker is as loud as its room the median
is 20 and the lowest twentieth 7; for a user's own voice 6, and the highest twentieth 9.
"""
CLEAR_PEAK = 10.0
"""The same for a voice of `HEARD_MS`, as long as no echo is known in this session.

An echo is mostly clear by then. Of 400 looks each, at `PEAK` and here: users with the assistant's
own synthetic voice pass for an echo in 23 and 6 of 100 (Piper; Kokoro 22 and 8), recorded people
over Piper in 12 and 2; an echo as loud as its room is found in 97 and 93 to 96, one 6 dB below it
in 88 and 82.
"""
LOUDER_DB = 6.0
"""Than the echo was so far: then somebody speaks with it."""
_BAND_HZ = (200.0, 5_000.0)
"""What small loudspeakers play, and voices have."""
_REMEMBERED = 16


class EchoDetector:
    """Of one session; it learns how loud its echo is."""

    def __init__(self) -> None:
        self._couplings_db: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def has_heard_echo(self) -> bool:
        """Return whether it did for a second or two: now and then a user passes for one."""
        return len(self._couplings_db) >= _REMEMBERED // 2

    def is_echo(self, heard: Samples, played: Samples) -> bool:
        """Tell whether `heard` is nothing but `played`, later and through a room.

        `heard`: a voice, 100 ms or more; `played`: what the client has played up to now, from
        `REACH_MS` before the voice on. Both mono float32 at 16 kHz.
        """
        if len(played) < len(heard):
            return False
        peak, begin = _find(heard, played)
        is_clear_by_now = len(heard) >= HEARD_MS * RATE_HZ // 1000
        if peak < (CLEAR_PEAK if is_clear_by_now and not self.has_heard_echo else PEAK):
            return False
        coupling_db = level_db(heard) - level_db(played[begin : begin + len(heard)])
        if self._couplings_db and coupling_db > np.median(self._couplings_db) + LOUDER_DB:
            return False
        self._couplings_db.append(coupling_db)
        return True


def _find(heard: Samples, played: Samples) -> tuple[float, int]:
    """Return how clearly `heard` is in `played`, and at which sample of it it begins."""
    n_fft = 1 << (len(heard) + len(played) - 1).bit_length()
    cross = np.fft.rfft(played, n_fft) * np.conj(np.fft.rfft(heard, n_fft))
    hz = np.fft.rfftfreq(n_fft, 1 / RATE_HZ)
    is_in_band = (hz > _BAND_HZ[0]) & (hz < _BAND_HZ[1])
    phase = np.where(is_in_band, cross / (np.abs(cross) + 1e-12), 0)
    correlation = np.abs(np.fft.irfft(phase, n_fft)[: len(played)])
    begin = int(np.argmax(correlation))
    return float(correlation[begin] / np.sqrt(np.mean(correlation**2) + 1e-20)), begin
