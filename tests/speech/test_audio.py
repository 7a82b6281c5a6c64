"""Sound as bytes."""

import numpy as np

from speech.audio import Audio, encode_pcm16, trim_start


def test_the_silence_before_the_first_sound_is_left_out_but_for_its_attack() -> None:
    samples = np.zeros(24_000, np.float32)
    samples[2_400:] = 0.5
    samples[2_300] = 0.005  # A breath.

    trimmed = trim_start(encode_pcm16(Audio(samples, 24_000)), 24_000)

    assert len(trimmed) == 2 * (24_000 - 2_400 + 240)


def test_sound_that_begins_at_once_and_silence_stay_as_they_are() -> None:
    for level in (0.5, 0.0):
        pcm16 = encode_pcm16(Audio(np.full(100, level, np.float32), 24_000))
        assert trim_start(pcm16, 24_000) == pcm16
