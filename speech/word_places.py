"""Where each word is heard, to about 0.03 s: Whisper's alignment, put right by the sound.

The alignment of its attention knows no silence, has a word begin some 0.1 s early, and may be
off by 0.3 s. So the likeliest places of all words together are looked for (Viterbi's algorithm):
near the alignment's, where there is sound, with pauses where there is none, and about as long as
their letters take to say. `bench.word_times` measures it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from speech.asr.base import SAMPLE_RATE_HZ, Word
from speech.audio import Samples
from speech.text_width import CJK

_Numbers = npt.NDArray[np.float64]
_Frames = npt.NDArray[np.intp]

_FRAMES_PER_S = 100
_HOP = SAMPLE_RATE_HZ // _FRAMES_PER_S
_MIN_WORD_S = 0.03
_MIN_PAUSE_S = 0.08
"""Shorter silence belongs to a word, as before the p of "stop"."""

# Medians over the clips of `bench.word_times`.
_EARLY_START_S = 0.1
_EARLY_END_S = 0.02

# How far from the alignment's a place is looked for, and how much is made of what speaks for or
# against it. Chosen on those clips; the half or double of each changes little, and without the
# sound or the length of words the worst twentieth of the errors is a third larger.
_REACH_S = 0.45
_SPREAD_S = 0.09
_END_WEIGHT = 0.5
_SOUND_WEIGHT = 0.2
_LENGTH_SPREAD = 0.45
_SILENT_PACE = 0.5
"""Of the alignment's errors, those over silence count less: it has the pause before a word as part
of the word, however long."""

# A frame is sound where it is at most so much fainter than the loudest one nearby, and a little
# louder than the window's background.
_NEARBY_S = 0.7
_FAINTER_DB = 33.0
_ABOVE_BACKGROUND_DB = 6.0
_SOFTNESS_DB = 8.0

_IDEOGRAPH_LETTERS = 2.6
"""A Chinese character takes as long to say as so many Latin letters."""


def place_words(words: Sequence[Word], samples: Samples) -> list[Word]:
    """Return the words at their places; what silence there is between two belongs to neither.

    `words`: as an engine aligns them with `samples`, which are mono at 16 kHz.
    """
    if not words or len(samples) < _HOP:
        return list(words)
    sound = _sound(samples)
    last = len(sound) - 1
    # A word that is aligned with a pause as well may be anywhere in it.
    starts = [
        _candidates(word.start_s, max(word.start_s, word.end_s - _REACH_S), last) for word in words
    ]
    ends = [
        _candidates(min(word.end_s, word.start_s + _REACH_S), word.end_s, last) for word in words
    ]
    lengths = _usual_lengths(words, float((sound > 0).sum()) / _FRAMES_PER_S)
    sound_before = _SOUND_WEIGHT * np.concatenate([[0.0], np.cumsum(sound)])
    clock_s = np.cumsum(np.where(sound > 0, 1.0, _SILENT_PACE)) / _FRAMES_PER_S

    # The least cost of all up to each candidate, and by which one before it is reached.
    reached: list[tuple[_Frames, _Frames]] = []
    cost = sound_before[starts[0]]
    for index, word in enumerate(words):
        if index:
            pause = _pause_cost(ends[index - 1], starts[index], sound_before)
            cost, by_end = _least(cost[:, None] + pause)
        else:
            by_end = np.zeros(len(starts[0]), np.intp)
        cost = cost + _distance_cost(starts[index], word.start_s + _EARLY_START_S, clock_s)
        spoken = _word_cost(starts[index], ends[index], sound_before, lengths[index])
        cost, by_start = _least(cost[:, None] + spoken)
        cost = cost + _END_WEIGHT * _distance_cost(ends[index], word.end_s + _EARLY_END_S, clock_s)
        reached.append((by_end, by_start))
    cost = cost + sound_before[-1] - sound_before[ends[-1]]

    placed: list[Word] = []
    end = int(cost.argmin())
    for index in reversed(range(len(words))):
        by_end, by_start = reached[index]
        start = int(by_start[end])
        placed.append(
            replace(
                words[index],
                start_s=float(starts[index][start]) / _FRAMES_PER_S,
                end_s=float(ends[index][end]) / _FRAMES_PER_S,
            )
        )
        end = int(by_end[start])
    return _in_order(placed[::-1])


def _sound(samples: Samples) -> _Numbers:
    """Return for every 10 ms how surely there is sound, from -1 to 1."""
    width = SAMPLE_RATE_HZ // 40
    padded = np.pad(samples.astype(np.float64), (width // 2, width // 2 + _HOP))
    energy = np.concatenate([[0.0], np.cumsum(padded**2)])
    at = np.arange(len(samples) // _HOP + 1) * _HOP
    level_db = 10 * np.log10((energy[at + width] - energy[at]) / width + 1e-10)
    reach = round(_NEARBY_S * _FRAMES_PER_S)
    nearby = np.lib.stride_tricks.sliding_window_view(
        np.pad(level_db, reach, mode="edge"), 2 * reach + 1
    ).max(axis=1)
    top_db, background_db = np.quantile(level_db, [0.95, 0.05])
    threshold_db = np.maximum(nearby - _FAINTER_DB, background_db + _ABOVE_BACKGROUND_DB)
    # In noise that hardly lets the words stand out the alignment is to be believed.
    trust = min(1.0, (top_db - background_db) / _FAINTER_DB)
    sound: _Numbers = trust * np.clip((level_db - threshold_db) / _SOFTNESS_DB, -1.0, 1.0)
    return sound


def _candidates(from_s: float, to_s: float, last: int) -> _Frames:
    first = min(max(0, round((from_s - _REACH_S) * _FRAMES_PER_S)), last)
    return np.arange(first, max(first, min(last, round((to_s + _REACH_S) * _FRAMES_PER_S))) + 1)


def _usual_lengths(words: Sequence[Word], spoken_s: float) -> list[float]:
    """Return how long each word takes at the pace of them all, in seconds."""
    letters = [_letters(word.text) for word in words]
    letter_s = min(max(0.035, spoken_s / sum(letters)), 0.12)
    return [count * letter_s for count in letters]


def _letters(text: str) -> float:
    spoken = re.sub(r"\W", "", text)
    ideographs = len(re.findall(f"[{CJK}]", spoken))
    others = len(spoken) - ideographs
    return max(1.0, _IDEOGRAPH_LETTERS * ideographs + others + (0.8 if others else 0.0))


def _distance_cost(at: _Frames, expected_s: float, clock_s: _Numbers) -> _Numbers:
    expected = min(max(0, round(expected_s * _FRAMES_PER_S)), len(clock_s) - 1)
    off = np.abs(clock_s[at] - clock_s[expected]) / _SPREAD_S
    cost: _Numbers = np.where(off < 2, off * off / 2, 2 * off - 2)
    return cost


def _pause_cost(ends: _Frames, starts: _Frames, sound_before: _Numbers) -> _Numbers:
    """Return the cost of what is between each end and each start, by both."""
    frames = starts[None, :] - ends[:, None]
    cost = sound_before[starts][None, :] - sound_before[ends][:, None]
    is_pause = frames >= _MIN_PAUSE_S * _FRAMES_PER_S
    possible: _Numbers = np.where(is_pause, cost, np.where(frames == 0, 0.0, np.inf))
    return possible


def _word_cost(starts: _Frames, ends: _Frames, sound_before: _Numbers, usual_s: float) -> _Numbers:
    """Return the cost of a word from each start to each end, by both."""
    length_s = (ends[None, :] - starts[:, None]) / _FRAMES_PER_S
    ratio = np.log(np.maximum(length_s, _MIN_WORD_S) / usual_s) / _LENGTH_SPREAD
    sound = sound_before[ends][None, :] - sound_before[starts][:, None]
    possible: _Numbers = np.where(length_s >= _MIN_WORD_S, ratio * ratio / 2 - sound, np.inf)
    return possible


def _least(cost: _Numbers) -> tuple[_Numbers, _Frames]:
    by = cost.argmin(axis=0)
    return cost[by, np.arange(cost.shape[1])], by


def _in_order(words: Sequence[Word]) -> list[Word]:
    """Mend what no places were possible for, as of more words than there is time."""
    ordered: list[Word] = []
    end_s = 0.0
    for word in words:
        start_s = max(word.start_s, end_s)
        end_s = max(start_s, word.end_s)
        ordered.append(replace(word, start_s=start_s, end_s=end_s))
    return ordered
