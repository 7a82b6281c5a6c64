"""Voice in a stream: real speech, loud and faint, and the many sounds that are none."""

import threading
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from speech.audio import Samples
from speech.turn_taking import vad
from speech.turn_taking.vad import FRAME_SAMPLES, VoiceActivity
from tests.speech.spoken import RATE_HZ, music, noise, read_clip, say, silence, tone

QUESTION = "How old is the Brooklyn Bridge?"


def probabilities(samples: Samples, voice: VoiceActivity | None = None) -> list[float]:
    voice = voice or VoiceActivity()
    ends = range(FRAME_SAMPLES, len(samples) + 1, FRAME_SAMPLES)
    return [voice.probability(samples[end - FRAME_SAMPLES : end]) for end in ends]


def onset_ms(samples: Samples) -> int:
    """Return the end of the first frame with voice."""
    return 32 * (1 + int(np.argmax(np.array(probabilities(samples)) >= 0.5)))


def first_sound_ms(samples: Samples) -> float:
    """Return where it comes within 30 dB of its loudest 10 ms for the first time."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return 10 * float(np.argmax(level_db > level_db.max() - 30))


def test_it_hears_as_the_reference_does(models: Path) -> None:
    """faster-whisper's own way to run the network over a whole recording."""
    question = say(models, QUESTION)
    question = question[: len(question) // FRAME_SAMPLES * FRAME_SAMPLES] * np.float32(0.5)
    question /= 2 * np.abs(question).max()  # As loud as the stream would make it.
    expected = get_vad_model()(question)

    heard = np.array(probabilities(question))

    is_heard = heard > 0
    assert is_heard.mean() > 0.9
    # The gate may open a little late: the network then has missed a few frames of silence.
    assert np.abs(heard - expected)[is_heard].mean() < 0.05


@pytest.mark.parametrize("decibels", [0, -10, -20, -30, -40])
@pytest.mark.parametrize("snr_db", [None, 20, 10])
def test_speech_is_found_soon_after_it_begins(
    models: Path, decibels: int, snr_db: float | None
) -> None:
    question = say(models, QUESTION)
    level = 1e-5 if snr_db is None else float(question.std()) * 10 ** (-snr_db / 20)
    samples = np.concatenate([silence(2), question]) + noise(2 + len(question) / RATE_HZ, level)
    begins_ms = 2000 + first_sound_ms(question)

    found_ms = onset_ms(samples * np.float32(10 ** (decibels / 20)))

    assert begins_ms - 32 <= found_ms <= begins_ms + 150


def test_recorded_speech_is_found_soon_after_it_begins(shared_audio: Path) -> None:
    late_ms = []
    for path in sorted((shared_audio / "dev").glob("*_leopard.wav")):
        clip = read_clip(path)
        for decibels in (0, -20, -40):
            begins_ms = 1000 + first_sound_ms(clip)
            samples = np.concatenate([noise(1, 1e-4), clip]) * np.float32(10 ** (decibels / 20))
            late_ms.append(onset_ms(samples) - begins_ms)
    print(f"found after {np.median(late_ms):.0f} ms, at most {max(late_ms):.0f}")
    assert np.median(late_ms) <= 100
    assert np.quantile(late_ms, 0.8) <= 150


@pytest.mark.parametrize(
    "samples",
    [silence(5), noise(20, 1e-4), noise(20, 0.01), noise(10, 0.3), tone(5), music(10)],
    ids=["digital silence", "faint noise", "noise", "loud noise", "440 Hz", "music"],
)
def test_what_nobody_says_is_no_speech(samples: Samples) -> None:
    is_voice = np.array(probabilities(samples)) >= 0.5
    assert is_voice.mean() < 0.02


def test_recorded_noise_is_no_speech(shared_audio: Path) -> None:
    for path in sorted((shared_audio / "formats").glob("nospeech_*")):
        assert max(probabilities(read_clip(path))) < 0.5, path.name


def test_in_a_quiet_room_the_network_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    network = vad._network()

    class Counting:
        def run(self, *arguments: object) -> object:
            nonlocal asked
            asked += 1
            return network.run(*arguments)

    voice = VoiceActivity()
    probabilities(noise(30, 1e-3), voice)
    monkeypatch.setattr(vad, "_network", Counting)
    probabilities(noise(30, 1e-3, seed=1), voice)
    assert asked < 0.1 * 30 * RATE_HZ / FRAME_SAMPLES


def test_speech_after_minutes_of_noise_is_found(models: Path) -> None:
    voice = VoiceActivity()
    probabilities(noise(90, 3e-3), voice)
    question = say(models, QUESTION) * np.float32(0.3)
    heard = probabilities(question + noise(len(question) / RATE_HZ, 3e-3, seed=1), voice)
    assert np.mean(np.array(heard) >= 0.5) > 0.6


def test_streams_do_not_hear_each_other(models: Path) -> None:
    question = say(models, QUESTION)
    alone = probabilities(question)
    together: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda: together.append(probabilities(question))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone] * 6


def test_after_a_reset_nothing_is_remembered(models: Path) -> None:
    question, voice = say(models, QUESTION), VoiceActivity()
    first = probabilities(question, voice)
    voice.reset()
    assert probabilities(question, voice) == first
