"""Where somebody speaks, and where nobody does."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from speech.audio import Samples
from speech.vad import find_speech
from tests.speech.spoken import music, noise, read_clip, say, silence, tone

QUESTION = "How old is the Brooklyn Bridge?"


@pytest.mark.parametrize(
    "samples",
    [
        silence(0),
        silence(0.01),
        silence(10),
        noise(30, 1e-4),
        noise(30, 3e-5),
        noise(10, 0.3),
        tone(5),
        tone(5, 100.0),
        music(10),
        music(10, seed=1),
        music(10, seed=2) * np.float32(0.01),
    ],
    ids=[
        "nothing",
        "10 ms",
        "digital silence",
        "faint noise",
        "one bit of noise",
        "loud noise",
        "440 Hz",
        "100 Hz",
        "music",
        "other music",
        "quiet music",
    ],
)
def test_what_nobody_says_holds_no_speech(samples: Samples) -> None:
    assert find_speech(samples, 30.0) == []


def test_a_question_is_found_between_its_silences(models: Path) -> None:
    question = say(models, QUESTION)
    samples = np.concatenate([silence(3), question, silence(20)])

    (span,) = find_speech(samples, 30.0)

    assert 2.5 <= span.start_s <= 3.2
    assert 3 + len(question) / 16_000 - 0.5 <= span.end_s <= 3 + len(question) / 16_000 + 0.7


@pytest.mark.parametrize("decibels", [0, -20, -40, -60])
def test_a_question_is_found_at_any_level(models: Path, decibels: int) -> None:
    quiet = say(models, QUESTION) * np.float32(10 ** (decibels / 20))

    (span,) = find_speech(quiet, 30.0)

    assert span.duration_s > 0.8 * len(quiet) / 16_000


def test_a_click_does_not_hide_a_quiet_question(models: Path) -> None:
    samples = say(models, QUESTION) * np.float32(0.01)
    samples[8_000:8_020] = 0.9

    assert sum(span.duration_s for span in find_speech(samples, 30.0)) > 1.0


def test_a_question_in_minutes_of_room_noise_is_found(models: Path) -> None:
    question = say(models, QUESTION) * np.float32(0.2)
    samples = np.concatenate([noise(60, 1e-4), question, noise(60, 1e-4, seed=1)])

    (span,) = find_speech(samples, 30.0)

    assert 59 < span.start_s < 61


def test_no_span_is_longer_than_asked(models: Path) -> None:
    endless = np.concatenate([say(models, QUESTION)] * 10)

    spans = find_speech(endless, 8.0)

    assert len(spans) > 1
    assert all(span.duration_s <= 8.0 for span in spans)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(spans))


def test_recorded_clips_are_speech_and_recorded_noise_is_not(shared_audio: Path) -> None:
    for path in sorted((shared_audio / "formats").glob("nospeech_*")):
        assert find_speech(read_clip(path), 30.0) == [], path.name
    clips = [p for p in (shared_audio / "dev").iterdir() if p.suffix in (".wav", ".flac", ".mp3")]
    for path in [*clips, shared_audio / "formats" / "quiet_minus40dB.wav"]:
        assert find_speech(read_clip(path), 30.0), path.name


def test_a_recording_that_is_looked_at_in_parts_has_the_same_stretches(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = say(models, QUESTION)
    parts = [part for pause_s in (1, 3, 9, 2, 14) for part in (question, silence(pause_s))]
    samples = np.concatenate(parts)
    whole = find_speech(samples, 30.0)
    assert len(whole) == 5
    for part_s in (5, 7, 11, 30):
        monkeypatch.setattr("speech.vad.PART_SAMPLES", part_s * 16_000)
        found = find_speech(samples, 30.0)
        assert len(found) == 5, part_s
        for each, same in zip(found, whole, strict=True):
            assert each.start_s == pytest.approx(same.start_s, abs=0.1)
            assert each.end_s == pytest.approx(same.end_s, abs=0.1)


def test_after_a_long_silence_speech_is_found_from_its_beginning(models: Path) -> None:
    question = say(models, QUESTION)
    begins_s = float(np.flatnonzero(np.abs(question) > 0.02)[0]) / 16_000
    samples = np.concatenate([question, silence(40), question])
    at_s = len(question) / 16_000 + 40 + begins_s
    _, second = find_speech(samples, 30.0)
    assert at_s - 0.5 < second.start_s <= at_s
