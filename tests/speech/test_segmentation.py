"""Words with times become segments."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from bench.error_rate import normalize
from speech.asr.base import RecognitionOptions, Word
from speech.audio import Audio, Samples
from speech.recognition import hear_windows, transcribe
from speech.segmentation import MAX_COLUMNS, MAX_SEGMENT_S, segment, whole_words
from speech.text_width import columns
from tests.speech.spoken import load_engine, say, silence

SENTENCES = (
    "The museum opens at nine in the morning.",
    "Tickets are sold at the door, and children get in free.",
    "We walked along the river until it began to rain.",
    "Mr. Miller asked whether the meeting could be moved to Thursday afternoon.",
    "There is a bakery next to the post office.",
)


def words(text: str, word_s: float = 0.3, start_s: float = 0.0) -> list[Word]:
    """Return the words of `text`, one after the other; of Chinese, the characters."""
    pieces = [f" {word}" for word in text.split()] if " " in text else list(text)
    return [
        Word(start_s=start_s + place * word_s, end_s=start_s + (place + 1) * word_s, text=piece)
        for place, piece in enumerate(pieces)
    ]


def texts(segments: Sequence[Word]) -> list[str]:
    return [each.text for each in segments]


def test_sentences_are_segments_and_a_title_ends_none() -> None:
    found = segment(words("I met Mr. Miller at the museum. He was very late again."))
    assert texts(found) == ["I met Mr. Miller at the museum.", "He was very late again."]


def test_chinese_sentences_are_segments_and_marks_stay_with_their_words() -> None:
    found = segment(whole_words(words("博物馆早上九点开门。门票在“门口”出售！")))
    assert texts(found) == ["博物馆早上九点开门。", "门票在“门口”出售！"]


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    long = (
        "When the lights went out on the third evening of the long winter fair, "
        "everybody stayed calm and waited for the people with the candles, "
        "because it had happened twice before and nobody wanted to go home."
    )
    found = segment(words(long))
    assert len(found) > 2
    assert " ".join(texts(found)) == long
    assert any(each.text.endswith(",") for each in found)
    for each in found:
        assert each.end_s - each.start_s <= MAX_SEGMENT_S
        assert columns(each.text) <= MAX_COLUMNS


def test_words_without_any_mark_are_cut_too_but_never_inside_a_word() -> None:
    for text in ("and then we went on " * 20, "我们沿着河边走" * 20):
        found = segment(words(text.strip()))
        assert all(columns(each.text) <= MAX_COLUMNS for each in found)
        assert "".join("".join(texts(found)).split()) == "".join(text.split())
    pieces = [
        Word(start_s=place, end_s=place + 1, text=piece)
        for place, piece in enumerate(["我用", "Py", "thon", "写", "程序", " in", "side"] * 3)
    ]
    joined = " ".join(texts(segment(whole_words(pieces))))
    assert joined.count("Python") == joined.count("inside") == 3


def test_a_scrap_is_joined_with_its_neighbour_unless_a_pause_parts_them() -> None:
    scrap = words("Yes. We walked along the river.", 0.4)
    assert texts(segment(scrap)) == ["Yes. We walked along the river."]
    far = [*words("Yes.", 0.4), *words("We walked along the river.", 0.4, start_s=5.0)]
    assert texts(segment(far)) == ["Yes.", "We walked along the river."]


def test_nothing_was_said() -> None:
    assert segment([]) == []


@pytest.fixture(scope="module")
def told(models) -> tuple[Audio, list[tuple[float, float]]]:
    """Sentences with pauses between them, and where each begins and ends."""
    parts: list[Samples] = []
    places = []
    at_s = 0.0
    for text, pause_s in zip(SENTENCES, [0.4, 1.0, 0.6, 5.0, 1.0], strict=True):
        samples = say(models, text)
        audible = np.flatnonzero(np.abs(samples) > 0.02)
        samples = samples[audible[0] : audible[-1]]
        places.append((at_s, at_s + len(samples) / 16_000))
        parts += [samples, silence(pause_s)]
        at_s = places[-1][1] + pause_s
    return Audio(np.concatenate(parts), 16_000), places


@pytest.mark.parametrize("name", ["faster-whisper", "openai-whisper"])
def test_segments_begin_and_end_when_their_sentences_do(models, told, name: str) -> None:
    audio, places = told
    engine = load_engine(models, name)
    found = transcribe(audio, engine, RecognitionOptions(beam_size=5, has_times=True)).segments
    assert [normalize(each.text, "en") for each in found] == [
        normalize(text, "en") for text in SENTENCES
    ]
    errors = [
        abs(heard_s - meant_s)
        for each, place in zip(found, places, strict=True)
        for heard_s, meant_s in zip((each.start_s, each.end_s), place, strict=True)
    ]
    print(f"{name}: median {np.median(errors):.3f} s, worst {max(errors):.3f} s")
    assert max(errors) < 0.3
    assert all(before.end_s <= after.start_s for before, after in pairwise(found))


def test_times_change_no_word_and_recognition_goes_on_after_any_window(models, told) -> None:
    audio, _ = told
    engine = load_engine(models, "faster-whisper")
    options = RecognitionOptions(beam_size=5)
    timed = RecognitionOptions(beam_size=5, has_times=True, language="en")
    windows = list(hear_windows(audio, engine, timed))
    assert len(windows) > 1
    assert transcribe(audio, engine, options).text == " ".join(
        each.text for window in windows for each in window.segments
    )
    assert list(hear_windows(audio, engine, timed, windows[0].end_s)) == windows[1:]
