"""Words are put where the sound says they are."""

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from speech.asr.base import RecognitionOptions, Word
from speech.audio import Audio, Samples
from speech.recognition import transcribe
from speech.word_places import place_words
from tests.speech.spoken import load_engine, noise, say, silence, tone

RATE_HZ = 16_000


def word(start_s: float, end_s: float, text: str) -> Word:
    return Word(start_s=start_s, end_s=end_s, text=text, tokens=(1,))


@pytest.fixture
def three_sounds() -> Samples:
    """0.5 to 0.9 s, 1.5 to 1.9 s and 1.9 to 2.5 s, a little above silence that is never digital."""
    parts = [silence(0.5), tone(0.4), silence(0.6), tone(0.4, 300), tone(0.6, 500), silence(1.0)]
    samples = np.concatenate(parts)
    return samples + noise(len(samples) / RATE_HZ, 1e-4)


def test_a_pause_belongs_to_no_word(three_sounds: Samples) -> None:
    aligned = [word(0.3, 0.8, " Seven"), word(0.8, 1.8, " eight"), word(1.8, 3.2, " hundred")]
    placed = place_words(aligned, three_sounds)
    assert [(each.text, each.tokens) for each in placed] == [
        (each.text, each.tokens) for each in aligned
    ]
    expected = [(0.5, 0.9), (1.5, 1.9), (1.9, 2.5)]
    for each, (start_s, end_s) in zip(placed, expected, strict=True):
        assert (each.start_s, each.end_s) == (
            pytest.approx(start_s, abs=0.1),
            pytest.approx(end_s, abs=0.1),
        )


def test_words_stay_in_order_and_within_the_window_whatever_the_alignment_says(
    three_sounds: Samples,
) -> None:
    at_once = [word(2.0, 2.0, " so") for _ in range(60)]
    beyond = [word(3.4, 9.0, " much"), word(9.0, 9.0, "。")]
    for words in (at_once, beyond, [word(0.0, 0.0, " one")]):
        placed = place_words(words, three_sounds)
        assert len(placed) == len(words)
        assert all(each.start_s <= each.end_s for each in placed)
        assert all(before.end_s <= after.start_s for before, after in pairwise(placed))
        assert placed[-1].end_s <= len(three_sounds) / RATE_HZ + 0.01


def test_where_nothing_is_heard_the_alignment_stands() -> None:
    assert place_words([], silence(1)) == []
    aligned = [word(0.1, 0.4, " two"), word(0.4, 0.9, " words")]
    for samples in (silence(2), noise(2, 0.1)):
        placed = place_words(aligned, samples)
        for each, before in zip(placed, aligned, strict=True):
            assert each.start_s == pytest.approx(before.start_s, abs=0.3)
    assert place_words(aligned, silence(0)) == aligned


def test_half_a_minute_of_words_is_placed_in_no_time() -> None:
    words = [word(place * 0.2, place * 0.2 + 0.2, " word") for place in range(150)]
    samples = np.concatenate([tone(0.15) if n % 2 else silence(0.15) for n in range(200)])
    began_s = time.process_time()
    place_words(words, samples)
    assert time.process_time() - began_s < 1


@pytest.mark.parametrize("name", ["faster-whisper", "openai-whisper"])
def test_words_between_pauses_are_where_they_were_put(models: Path, name: str) -> None:
    parts: list[Samples] = [silence(0.6)]
    places = []
    texts = ("Yesterday", "remember", "the lighthouse", "tomorrow morning")
    for text in texts:
        samples = say(models, text)
        audible = np.flatnonzero(np.abs(samples) > 0.02)
        samples = samples[audible[0] : audible[-1]]
        at_s = sum(map(len, parts)) / RATE_HZ
        places.append((at_s, at_s + len(samples) / RATE_HZ))
        parts += [samples, silence(0.7)]
    options = RecognitionOptions(language="en", beam_size=5, has_times=True, window="full")
    found = transcribe(Audio(np.concatenate(parts), RATE_HZ), load_engine(models, name), options)
    words = [each for segment in found.segments for each in segment.words]
    heard = {each.text.strip(" .,!?").lower(): each for each in words}
    for text, (start_s, end_s) in zip(texts, places, strict=True):
        first, last = text.lower().split()[0], text.lower().split()[-1]
        assert heard[first].start_s == pytest.approx(start_s, abs=0.1), text
        assert heard[last].end_s == pytest.approx(end_s, abs=0.1), text
    assert all(each.tokens for each in words)
