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
PART_SAMPLES = 600 * SAMPLE_RATE_HZ
"""So much is looked at at once: all of an hour took 800 MB, in parts of this it is 150."""
MIN_PAUSE_MS = 100
"""Shorter silence belongs to a word, as before the p of "stop"."""


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
    gain, start, found = _gain(samples), 0, list[Span]()
    while True:
        spans = _find(samples[start : start + PART_SAMPLES], gain, options, start)
        if start + PART_SAMPLES >= len(samples):
            return [*found, *spans]
        # The last one may go on in the next part, so that is to begin with it.
        *whole, last = spans or [Span(0.0, (start + PART_SAMPLES) / SAMPLE_RATE_HZ)]
        begins_later = round(last.start_s * SAMPLE_RATE_HZ) > start
        found += whole if begins_later or not spans else spans
        start = round((last.start_s if begins_later else last.end_s) * SAMPLE_RATE_HZ)


def find_pauses(samples: Samples) -> list[Span]:
    """Return the pauses in a stretch of speech, and what there is of silence around it.

    `samples` as in `find_speech`. From the end of a sound to the next one's beginning; to about
    0.05 s, as the detector hears in steps of 32 ms. Thread-safe.
    """
    options = VadOptions(
        min_speech_duration_ms=60,
        min_silence_duration_ms=MIN_PAUSE_MS,
        speech_pad_ms=0,
    )
    found = _find(samples, _gain(samples), options)
    edges = [0.0, *(edge for span in found for edge in (span.start_s, span.end_s))]
    pairs = zip(edges[::2], [*edges[1::2], len(samples) / SAMPLE_RATE_HZ], strict=True)
    return [Span(start_s, end_s) for start_s, end_s in pairs if start_s < end_s]


def _find(samples: Samples, gain: float, options: VadOptions, offset: int = 0) -> list[Span]:
    if gain != 1.0:
        samples = np.clip(samples * np.float32(gain), -1.0, 1.0)
    return [
        Span((offset + each["start"]) / SAMPLE_RATE_HZ, (offset + each["end"]) / SAMPLE_RATE_HZ)
        for each in get_speech_timestamps(samples, options)
    ]


def _gain(samples: Samples) -> float:
    if not len(samples):
        return 1.0
    step = 1 + len(samples) // PART_SAMPLES
    level = float(np.quantile(np.abs(samples[::step]), 0.99))
    return SPEECH_LEVEL / level if SILENCE_LEVEL < level < SPEECH_LEVEL else 1.0
