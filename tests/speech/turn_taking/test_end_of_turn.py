"""Has the speaker finished, by the tune and the words."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from speech.errors import EngineUnavailableError
from speech.turn_taking.end_of_turn import WINDOW_SAMPLES, EndOfTurnModel, log_mel
from tests.speech.spoken import noise, read_clip, say, silence

FILE = "smart-turn-v3.2-cpu.onnx"


@pytest.fixture(scope="module")
def model(models: Path) -> EndOfTurnModel:
    return EndOfTurnModel(models / "smart-turn-v3.2" / FILE)


@pytest.mark.parametrize("n_samples", [0, 1, 159, 1_000, 30_001, 127_750, 128_000, 200_000])
def test_the_spectrogram_is_whispers(models: Path, n_samples: int) -> None:
    speech = np.tile(say(models, "How old is the Brooklyn Bridge?"), 6)[:n_samples]
    window = np.pad(speech, (WINDOW_SAMPLES, 0))[-WINDOW_SAMPLES:]
    normal = (window - window.mean()) / np.sqrt(window.var() + 1e-7)

    features = log_mel(speech)

    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    assert np.abs(features - FeatureExtractor()(normal, padding=0)).max() < 1e-4


def test_a_whole_question_is_over_and_a_half_is_not(models: Path, model: EndOfTurnModel) -> None:
    question = say(models, "Could you tell me how old the Brooklyn Bridge is?")
    half = say(models, "Could you tell me how old the, um,")
    assert model.probability(np.concatenate([question, silence(0.2)])) > 0.9
    assert model.probability(np.concatenate([half, silence(0.2)])) < 0.5


def test_recorded_sentences_are_over_in_every_language(
    shared_audio: Path, model: EndOfTurnModel
) -> None:
    for path in sorted((shared_audio / "dev").glob("*_leopard.wav")):
        clip = np.concatenate([read_clip(path), noise(0.2, 1e-4)])
        assert model.probability(clip) > 0.9, path.name


def test_a_thoughtful_pause_is_not_the_end(shared_audio: Path, model: EndOfTurnModel) -> None:
    clip = read_clip(shared_audio / "dev" / "en_spont_acoustic_corpus.wav")
    for pause_s in (17.4, 18.8, 22.6, 23.8):
        assert model.probability(clip[: round(pause_s * 16_000)]) < 0.3


def test_silence_and_nothing_have_an_answer(model: EndOfTurnModel) -> None:
    for samples in (silence(0), silence(0.001), silence(10)):
        assert 0 <= model.probability(samples) <= 1


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"is missing.*make models"):
        EndOfTurnModel(tmp_path / FILE)
    (tmp_path / FILE).write_bytes(b"no network")
    with pytest.raises(EngineUnavailableError, match=r"cannot be loaded.*make models"):
        EndOfTurnModel(tmp_path / FILE)
