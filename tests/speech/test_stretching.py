import numpy as np
import pytest

from speech.audio import Audio
from speech.stretching import MAX_SPEED, MIN_SPEED, stretch

RATE_HZ = 22_050


def tone(duration_s: float, frequency_hz: float) -> Audio:
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return Audio((0.5 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32), RATE_HZ)


def pitch_hz(audio: Audio) -> float:
    spectrum = np.abs(np.fft.rfft(audio.samples))
    return float(np.argmax(spectrum) * audio.sample_rate_hz / len(audio.samples))


@pytest.mark.parametrize("speed", [MIN_SPEED, 0.8, 1.25, MAX_SPEED])
def test_it_takes_another_time_at_the_same_pitch(speed: float) -> None:
    stretched = stretch(tone(3.0, 220), speed)
    assert stretched.duration_s == pytest.approx(3.0 / speed, rel=0.02)
    assert pitch_hz(stretched) == pytest.approx(220, rel=0.02)
    assert 0.4 < np.abs(stretched.samples).max() < 0.6
    assert stretched.samples.dtype == np.float32


def test_its_own_speed_is_the_sound_itself() -> None:
    sound = tone(0.2, 220)
    assert stretch(sound, 1.0) is sound


def test_a_sound_too_short_for_the_filter_stays_a_sound() -> None:
    assert 0 < stretch(tone(0.005, 220), 2.0).duration_s <= 0.005
