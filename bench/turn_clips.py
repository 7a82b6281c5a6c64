"""Recorded people in a quiet room: where they begin and end to speak, and where they think."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.live_clips import SAMPLE_RATE_HZ as CLIP_RATE_HZ
from bench.live_clips import find_voice
from bench.recognition import Clip
from bench.turn_sounds import RATE_HZ, ROOM_DB, SPEECH_DB, at_level, room_noise
from speech.audio import Audio, Samples
from speech.decoding import resample

MAX_CLIP_S = 30.0
THINKING_S = 1.0


@dataclass(frozen=True, eq=False)
class Utterance:
    language: str
    is_tuned_on: bool
    samples: Samples
    start_ms: float
    end_ms: float

    @property
    def voice(self) -> Samples:
        return self.samples[round(self.start_ms * 16) : round(self.end_ms * 16)]


def read(clips: Iterable[Clip]) -> list[Utterance]:
    """Return the clips in a room: 1 s of its noise before them, 6 s after."""
    utterances = []
    for number, clip in enumerate(clips):
        if clip.audio.duration_s > MAX_CLIP_S:
            continue
        samples = at_level(clip.audio.samples, SPEECH_DB)
        begin, end = find_voice(resample(Audio(samples, RATE_HZ), CLIP_RATE_HZ).samples)
        room = [room_noise(seconds, ROOM_DB, number) for seconds in (1.0, 6.0)]
        utterances.append(
            Utterance(
                clip.language if clip.language in ("en", "zh") else "other",
                number % 2 == 0,
                np.concatenate([room[0], samples, room[1]]),
                1000 + 1000 * begin / CLIP_RATE_HZ,
                1000 + 1000 * end / CLIP_RATE_HZ,
            )
        )
    return utterances


def with_thought(utterance: Utterance) -> Utterance:
    """Return it with a pause where it is quietest near the middle."""
    begin, end = (round(at * 16) for at in (utterance.start_ms, utterance.end_ms))
    third = (end - begin) // 3
    middle = utterance.samples[begin + third : begin + 2 * third]
    n_frames = len(middle) // 320
    powers = (middle[: n_frames * 320].reshape(n_frames, 320) ** 2).mean(axis=1)
    at = begin + third + 320 * int(np.argmin(powers)) + 160
    pause = room_noise(THINKING_S, ROOM_DB, 99)
    return Utterance(
        utterance.language,
        utterance.is_tuned_on,
        np.concatenate([utterance.samples[:at], pause, utterance.samples[at:]]),
        utterance.start_ms,
        utterance.end_ms + 1000 * THINKING_S,
    )
