"""Is this recording that sound, and where in it?"""

from dataclasses import dataclass

import numpy as np

from speech.audio import Samples
from tests.speech.talk.virtual_sound import RATE_HZ


@dataclass(frozen=True)
class Match:
    at_s: float
    likeness: float
    """1.0 where it is the same but for its loudness."""


def find_sound(recording: Samples, sound: Samples) -> Match:
    """Return where `sound` fits best: the normalised cross-correlation, by Fourier transforms."""
    size = len(recording) + len(sound)
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(sound, size))
    products = np.fft.irfft(spectrum, size)[: len(recording)]
    at = int(np.argmax(products))
    here = recording[at : at + len(sound)]
    energy = float(np.sqrt(np.square(here).sum() * np.square(sound).sum()))
    return Match(at / RATE_HZ, float(products[at]) / energy if energy else 0.0)


def sounding(recording: Samples) -> tuple[float, float]:
    """Return when the first and the last sound is, in seconds; (0, 0) in silence."""
    loud = np.flatnonzero(np.abs(recording) > 0.01)
    return (loud[0] / RATE_HZ, loud[-1] / RATE_HZ) if len(loud) else (0.0, 0.0)


def longest_silence(recording: Samples) -> tuple[float, float]:
    """Return the beginning and the end, in seconds, of the longest one between two sounds."""
    loud = np.flatnonzero(np.abs(recording) > 0.003)
    if len(loud) < 2:
        return 0.0, 0.0
    gap = int(np.argmax(np.diff(loud)))
    return loud[gap] / RATE_HZ, loud[gap + 1] / RATE_HZ
