"""Speech that comes over a telephone is found as well as any."""

from pathlib import Path

import numpy as np
import pytest
import soxr

from speech.audio import Samples
from speech.telephone_band import fill_upper_band
from speech.turn_taking.vad import FRAME_SAMPLES, VoiceActivity
from speech.vad import find_speech
from tests.speech.spoken import RATE_HZ, music, noise, read_clip, say, silence


def over_the_phone(samples: Samples) -> Samples:
    heard: Samples = soxr.resample(soxr.resample(samples, RATE_HZ, 8_000), 8_000, RATE_HZ, "MQ")
    return heard


def found_s(samples: Samples) -> float:
    return sum(span.duration_s for span in find_speech(samples, 30.0))


def voiced_s(samples: Samples) -> float:
    """Return how long the live session's detector hears a voice."""
    voice = VoiceActivity()
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return sum(voice.probability(frame) > 0.5 for frame in frames) * FRAME_SAMPLES / RATE_HZ


@pytest.mark.parametrize("name", ["en_spont_cold_corpus.wav", "es_leopard.wav"])
def test_voices_that_were_lost_over_the_phone_are_found(shared_audio: Path, name: str) -> None:
    clip = read_clip(shared_audio / "dev" / name)
    phone = over_the_phone(clip)
    print(f"{found_s(clip):.1f} s, over the phone {found_s(phone):.1f} s")
    print(f"live {voiced_s(clip):.1f} s, over the phone {voiced_s(phone):.1f} s")
    assert found_s(phone) > 0.8 * found_s(clip)
    assert voiced_s(phone) > 0.7 * voiced_s(clip)


def test_other_sound_is_left_as_it_is() -> None:
    for samples in (noise(1, 0.01), noise(1, 0.3), silence(1), silence(0)):
        assert fill_upper_band(samples) is samples


def test_only_what_was_empty_is_filled(models: Path) -> None:
    phone = over_the_phone(say(models, "Good morning."))
    added = fill_upper_band(phone) - phone
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    below = round(len(spectrum) * 3_800 / 8_000)
    assert spectrum[:below].sum() < 0.01 * spectrum.sum()


def test_noise_and_music_over_the_phone_are_nobodys_voice() -> None:
    for sound in (noise(5, 0.02), noise(5, 0.2), music(5), silence(5)):
        phone = over_the_phone(sound)
        assert found_s(phone) == 0
        assert voiced_s(phone) == 0
