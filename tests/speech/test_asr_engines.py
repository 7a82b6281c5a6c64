"""What both recognition engines promise."""

import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.error_rate import normalize
from speech.asr.base import DecodingOptions, RecognitionEngine
from speech.asr.registry import ENGINES, create_engine
from speech.audio import Samples
from speech.errors import EngineUnavailableError, UnknownEngineError, UnknownLanguageError
from tests.speech.spoken import load_engine, read_clip, say

SENTENCE = "Please remind me to water the plants on Thursday morning."
GREEDY = DecodingOptions(language=None, prompt=None, beam_size=1, temperature=0.0, max_tokens=100)


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, models: Path) -> RecognitionEngine:
    return load_engine(models, request.param)


@pytest.fixture
def sentence(models: Path) -> Samples:
    return fit(say(models, SENTENCE), 10.0)


def fit(samples: Samples, context_s: float) -> Samples:
    return np.pad(samples, (0, round(context_s * 16_000) - len(samples)))


def test_a_sentence_is_heard_word_for_word(engine: RecognitionEngine, sentence: Samples) -> None:
    heard = engine.recognize(sentence, GREEDY)

    assert normalize(heard.text, "en") == normalize(SENTENCE, "en")
    assert heard.language == "en"
    assert 0.5 < heard.language_probability <= 1.0
    assert -0.7 < heard.avg_logprob < 0.0
    assert 0.0 <= heard.no_speech_prob < 0.5
    assert heard.is_complete


def test_the_full_window_is_there_again_after_a_short_one(
    engine: RecognitionEngine, models: Path
) -> None:
    samples = say(models, SENTENCE)

    for context_s in (8.0, 30.0, 9.0):
        heard = engine.recognize(fit(samples, context_s), GREEDY)
        assert normalize(heard.text, "en") == normalize(SENTENCE, "en"), context_s


def test_beam_search_hears_the_same(engine: RecognitionEngine, sentence: Samples) -> None:
    heard = engine.recognize(sentence, replace(GREEDY, beam_size=5))

    assert normalize(heard.text, "en") == normalize(SENTENCE, "en")


def test_a_given_language_is_taken_for_granted(
    engine: RecognitionEngine, sentence: Samples
) -> None:
    heard = engine.recognize(sentence, replace(GREEDY, language="de"))

    assert (heard.language, heard.language_probability) == ("de", 1.0)


# Cantonese is known by larger models only.
@pytest.mark.parametrize("language", ["xx", "yue"])
def test_an_unknown_language_is_refused(
    engine: RecognitionEngine, sentence: Samples, language: str
) -> None:
    with pytest.raises(UnknownLanguageError, match=f"'{language}'"):
        engine.recognize(sentence, replace(GREEDY, language=language))


def test_text_never_exceeds_its_tokens(engine: RecognitionEngine, sentence: Samples) -> None:
    heard = engine.recognize(sentence, replace(GREEDY, max_tokens=4))

    assert len(heard.text.split()) <= 4
    assert not heard.is_complete


@pytest.mark.parametrize("prompt", [None, "My plants need water on other days as well."])
def test_text_gets_all_of_its_tokens(
    engine: RecognitionEngine, sentence: Samples, prompt: str | None
) -> None:
    enough = replace(GREEDY, prompt=prompt, max_tokens=14)
    heard = engine.recognize(sentence, enough)

    assert heard.is_complete
    assert normalize(heard.text, "en") == normalize(SENTENCE, "en")
    assert not engine.recognize(sentence, replace(enough, max_tokens=8)).is_complete


def test_a_prompt_longer_than_the_model_remembers_is_no_trouble(
    engine: RecognitionEngine, sentence: Samples
) -> None:
    heard = engine.recognize(sentence, replace(GREEDY, prompt="My plants need water. " * 100))

    assert "plants" in heard.text


def test_above_temperature_zero_words_are_drawn(
    engine: RecognitionEngine, sentence: Samples
) -> None:
    heard = engine.recognize(sentence, replace(GREEDY, temperature=0.2, beam_size=5))

    assert "plants" in heard.text


def test_a_prompt_says_how_a_name_is_spelled(engine: RecognitionEngine, models: Path) -> None:
    samples = fit(say(models, "My sister Kathryn plays the piano."), 10.0)
    assert "Kathryn" not in engine.recognize(samples, GREEDY).text
    assert "Kathryn" in engine.recognize(samples, replace(GREEDY, prompt="Kathryn and Jon.")).text


def test_what_is_said_in_another_language_is_translated_into_english(
    engine: RecognitionEngine, shared_audio: Path
) -> None:
    samples = fit(read_clip(shared_audio / "dev" / "es_leopard.wav"), 30.0)
    heard = engine.recognize(samples, replace(GREEDY, translates=True, aligned_s=8.0))
    assert heard.language == "es"
    assert {"the", "to", "of", "and", "a", "is"} & set(heard.text.lower().split())
    assert "".join(word.text for word in heard.words).strip() == heard.text.strip()


def test_of_chinese_too_the_english_is_cut_at_its_words(
    engine: RecognitionEngine, shared_audio: Path
) -> None:
    samples = fit(read_clip(shared_audio / "dev" / "zh_aishell_a3.wav"), 30.0)
    heard = engine.recognize(
        samples, replace(GREEDY, language="zh", translates=True, aligned_s=5.0)
    )
    assert heard.text.isascii()
    spoken = [word for word in heard.words if re.search(r"\w", word.text)]
    assert len(spoken) == len(heard.text.split())


def test_words_come_with_their_places_and_tokens(
    engine: RecognitionEngine, sentence: Samples
) -> None:
    assert engine.recognize(sentence, GREEDY).words == ()
    heard = engine.recognize(sentence, replace(GREEDY, aligned_s=4.0))
    assert "".join(word.text for word in heard.words).strip() == heard.text
    assert all(word.tokens for word in heard.words)
    assert all(0 <= word.start_s <= word.end_s <= 4.1 for word in heard.words)


def test_several_threads_may_call_at_once(engine: RecognitionEngine, models: Path) -> None:
    windows = [fit(say(models, SENTENCE), context_s) for context_s in (8.0, 9.0, 10.0)]

    with ThreadPoolExecutor(3) as threads:
        texts = threads.map(lambda window: engine.recognize(window, GREEDY).text, windows)

    assert {normalize(text, "en") for text in texts} == {normalize(SENTENCE, "en")}


def test_both_engines_hear_the_same_words(models: Path, shared_audio: Path) -> None:
    clips = ("en_brooklyn_bridge.flac", "en_harvard_spk1_5.wav", "zh_aishell_a4.wav")
    for clip in clips:
        samples = fit(read_clip(shared_audio / "dev" / clip), 30.0)
        texts = [load_engine(models, name).recognize(samples, GREEDY).text for name in ENGINES]
        print(clip, texts)
        assert len(set(texts)) == 1


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_an_engine_loads_without_a_network(
    name: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an engine tried to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    create_engine(name, models / "whisper-base", "cpu", 1)


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_missing_model_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"model\.bin"):
        create_engine(name, tmp_path, "cpu", 1)


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_damaged_model_is_unavailable(name: str, models: Path, tmp_path: Path) -> None:
    shutil.copy(models / "whisper-base" / "tokenizer.json", tmp_path)
    shutil.copy(models / "whisper-base" / "config.json", tmp_path)
    (tmp_path / "model.bin").write_bytes(b"not a model")

    with pytest.raises(EngineUnavailableError):
        create_engine(name, tmp_path, "cpu", 1)


def test_an_unknown_engine_error_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownEngineError, match="known: faster-whisper, openai-whisper"):
        create_engine("parrot", tmp_path, "cpu", 1)


def test_the_registry_imports_no_engine_library() -> None:
    code = (
        "import sys, speech.asr.registry;"
        "print({'torch', 'whisper', 'ctranslate2', 'faster_whisper'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr
