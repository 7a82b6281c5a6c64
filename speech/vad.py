"""Where in a recording somebody speaks: Silero's detector, as it ships with faster-whisper.

On one thread it needs about 1 ms for a second of sound.
"""

from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps

from speech.asr.base import SAMPLE_RATE_HZ
from speech.audio import Samples
from speech.telephone_band import fill_upper_band

SPEECH_LEVEL = 0.5
"""Quiet recordings are raised until 1 % of their samples exceed this.

Measured on 41 clips at 0 to -60 dB, some with a loud click: 99 % of the frames with speech are
found, but 70 % where the highest peak sets the level, and none at -60 dB as it is.
"""
SILENCE_LEVEL = 1e-5
"""Below the least step of 16 bits: there is nothing to raise."""
PADDING_MS = 300
"""Kept before and after speech, for soft beginnings and ends of words."""
NUMBING_SILENCE_S = 8.0
"""After longer silence the detector wakes late: after 14 s of it the first 0.05 s of a sentence
were lost, after 30 s 0.4 to 0.7."""
_LOOK_BACK_S = 2.0
PART_SAMPLES = 600 * SAMPLE_RATE_HZ
"""So much is looked at at once: all of an hour took 800 MB, in parts of this it is 150."""


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
            return _look_again(samples, [*found, *spans], gain, options)
        # The last one may go on in the next part, so that is to begin with it.
        *whole, last = spans or [Span(0.0, (start + PART_SAMPLES) / SAMPLE_RATE_HZ)]
        begins_later = round(last.start_s * SAMPLE_RATE_HZ) > start
        found += whole if begins_later or not spans else spans
        start = round((last.start_s if begins_later else last.end_s) * SAMPLE_RATE_HZ)


def _look_again(
    samples: Samples, spans: list[Span], gain: float, options: VadOptions
) -> list[Span]:
    """Return the spans, those after a long silence from where they begin to fresh ears."""
    looked: list[Span] = []
    end_s = 0.0
    for span in spans:
        if span.start_s - end_s > NUMBING_SILENCE_S:
            start = round((span.start_s - _LOOK_BACK_S) * SAMPLE_RATE_HZ)
            part = samples[start : start + round(2 * _LOOK_BACK_S * SAMPLE_RATE_HZ)]
            found = [each.start_s for each in _find(part, gain, options, start)]
            earliest_s = span.end_s - options.max_speech_duration_s
            span = Span(max(earliest_s, min([span.start_s, *found[:1]])), span.end_s)
        looked.append(span)
        end_s = span.end_s
    return looked


def _find(samples: Samples, gain: float, options: VadOptions, offset: int = 0) -> list[Span]:
    if gain != 1.0:
        samples = np.clip(samples * np.float32(gain), -1.0, 1.0)
    samples = fill_upper_band(samples)
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
