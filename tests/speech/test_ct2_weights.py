"""The CTranslate2 file and openai-whisper's model hold the same numbers."""

from pathlib import Path

import numpy as np
import pytest

from speech.asr.ct2_weights import load_whisper, read_variables
from speech.errors import EngineUnavailableError


@pytest.fixture(scope="module")
def model_file(models: Path) -> Path:
    return models / "whisper-base" / "model.bin"


def test_dimensions_are_those_of_whisper_base(model_file: Path) -> None:
    dimensions = load_whisper(model_file).dims

    assert vars(dimensions) == {
        "n_mels": 80,
        "n_vocab": 51865,
        "n_audio_ctx": 1500,
        "n_audio_state": 512,
        "n_audio_head": 8,
        "n_audio_layer": 6,
        "n_text_ctx": 448,
        "n_text_state": 512,
        "n_text_head": 8,
        "n_text_layer": 6,
    }


def test_no_number_is_changed_or_lost(model_file: Path) -> None:
    variables = read_variables(model_file)
    state = load_whisper(model_file).state_dict()

    fused = variables["encoder/layer_5/self_attention/linear_0/weight"]
    parts = [state[f"encoder.blocks.5.attn.{name}.weight"] for name in ("query", "key", "value")]
    np.testing.assert_array_equal(np.concatenate(parts), fused.astype(np.float32))
    embedding = variables["decoder/embeddings/weight"].astype(np.float32)
    np.testing.assert_array_equal(state["decoder.token_embedding.weight"], embedding)
    key_biases = 3 * 6 * 512  # Zeros in the file, left out in the model.
    held = sum(array.size for array in variables.values() if array.ndim)
    assert sum(tensor.numel() for tensor in state.values()) == held - key_biases


def test_the_bias_that_whisper_leaves_out_is_zero(model_file: Path) -> None:
    variables = read_variables(model_file)

    for layer in range(6):
        assert not variables[f"decoder/layer_{layer}/attention/linear_1/bias"][:512].any()
        for side in ("encoder", "decoder"):
            bias = variables[f"{side}/layer_{layer}/self_attention/linear_0/bias"]
            assert not bias[512:1024].any()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"model\.bin cannot be read: No such file"):
        load_whisper(tmp_path / "model.bin")


@pytest.mark.parametrize("n_bytes", [0, 3, 10, 5_000, 50_000_000])
def test_a_file_cut_short_is_refused(model_file: Path, tmp_path: Path, n_bytes: int) -> None:
    cut = tmp_path / "model.bin"
    with model_file.open("rb") as whole:
        cut.write_bytes(whole.read(n_bytes))

    with pytest.raises(EngineUnavailableError, match="no Whisper model"):
        load_whisper(cut)


def test_another_kind_of_file_is_refused(models: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="no Whisper model"):
        load_whisper(models / "whisper-base" / "tokenizer.json")
