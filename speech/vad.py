"""Where in a recording somebody speaks: Silero's detector, as it ships with faster-whisper.

On one thread it needs about 1 ms for a second of sound.
"""

from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps

from speech.asr.base import SAMPLE_RATE_HZ
from speech.audio import Samples

SPEECH_LEVEL = 0.5
"""Quiet recordings are raised until 1 % of their samples exceed this.

Measured on 41 clips at 0 to -60 dB, some with a loud click: 99 % of the frames with speech are
found, but 70 % where the highest peak sets the level, and none at -60 dB as it is.
"""
SILENCE_LEVEL = 1e-5
"""Below the least step of 16 bits: there is nothing to raise."""
PADDING_MS = 300
"""Kept before and after speech, for soft beginnings and ends of words."""


@dataclass(frozen=True)
class Span:
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def find_speech(samples: Samples, max_duration_s: float) -> list[Span]:
    """Return the stretches with speech in order; silence, noise and music give none.

    `samples`: mono float32 at 16 kHz. Longer stretches are cut at their last short pause, or where
    there is none, at `max_duration_s`. Thread-safe.
    """
    options = VadOptions(
        min_speech_duration_ms=150,  # White noise passes for speech for up to 130 ms.
        max_speech_duration_s=max_duration_s,
        min_silence_duration_ms=500,
        speech_pad_ms=PADDING_MS,
    )
    found = get_speech_timestamps(_raise_level(samples), options)
    return [Span(each["start"] / SAMPLE_RATE_HZ, each["end"] / SAMPLE_RATE_HZ) for each in found]


def _raise_level(samples: Samples) -> Samples:
    level = float(np.quantile(np.abs(samples), 0.99)) if len(samples) else 0.0
    if not SILENCE_LEVEL < level < SPEECH_LEVEL:
        return samples
    raised: Samples = np.clip(samples * np.float32(SPEECH_LEVEL / level), -1.0, 1.0)
    return raised
