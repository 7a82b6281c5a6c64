"""Reads a Whisper model from a CTranslate2 file into openai-whisper's own model, number by number.

So both engines run on the same verified file. The layout (little-endian) is that of
`ctranslate2.specs.model_spec.ModelSpec`: version, name, revision, then the variables, each with
name, rank, dimensions, type id, byte count and data, then aliases.
"""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from whisper.model import ModelDimensions, Whisper

from speech.errors import EngineUnavailableError

_BINARY_VERSION = 6
_DTYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
"""`ctranslate2.specs.model_spec._dtype_to_type_id`, less bfloat16, which numpy has not."""

Variables = dict[str, npt.NDArray[Any]]


def load_whisper(path: Path) -> Whisper:
    """Return the model in 32-bit floats on the processor, ready to decode.

    Raises EngineUnavailableError where `path` is missing, damaged, quantised or no Whisper model.
    """
    try:
        variables = read_variables(path)
        model = Whisper(_read_dimensions(variables))
        model.load_state_dict(_name_as_openai(variables))
    except OSError as error:
        raise EngineUnavailableError(f"{path} cannot be read: {error.strerror}.") from error
    except (struct.error, ValueError, KeyError, RuntimeError) as error:
        raise EngineUnavailableError(
            f"{path} is no Whisper model that can be converted."
        ) from error
    return model.eval()


def read_variables(path: Path) -> Variables:
    """Return every variable of a CTranslate2 Whisper file by its name there.

    Raises OSError, and ValueError or struct.error where the file is of another kind or cut short.
    """
    with path.open("rb") as file:
        (version,) = _read(file, "<I")
        name = _read_string(file) if version == _BINARY_VERSION else None
        if name != "WhisperSpec":
            raise ValueError(f"not a Whisper model of binary version {_BINARY_VERSION}")
        _revision, count = _read(file, "<II")
        variables = {}
        for _ in range(count):
            variable = _read_string(file)
            (rank,) = _read(file, "<B")
            shape = _read(file, f"<{rank}I")
            type_id, n_bytes = _read(file, "<BI")
            dtype = np.dtype(_DTYPES[type_id])
            # fromfile, as frombuffer's arrays are read-only, which torch warns of.
            data = np.fromfile(file, dtype, n_bytes // dtype.itemsize)
            variables[variable] = data.reshape(shape)
        return variables


def _read(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _read_string(file: BinaryIO) -> str:
    (length,) = _read(file, "<H")
    return file.read(length).rstrip(b"\0").decode()


def _read_dimensions(variables: Variables) -> ModelDimensions:
    n_vocab, n_text_state = variables["decoder/embeddings/weight"].shape
    n_audio_state, n_mels, _kernel_size = variables["encoder/conv1/weight"].shape
    return ModelDimensions(
        n_mels=n_mels,
        n_audio_ctx=len(variables["encoder/position_encodings/encodings"]),
        n_audio_state=n_audio_state,
        n_audio_head=int(variables["encoder/num_heads"]),
        n_audio_layer=_count_layers(variables, "encoder"),
        n_vocab=n_vocab,
        n_text_ctx=len(variables["decoder/position_encodings/encodings"]),
        n_text_state=n_text_state,
        n_text_head=int(variables["decoder/num_heads"]),
        n_text_layer=_count_layers(variables, "decoder"),
    )


def _count_layers(variables: Variables, side: str) -> int:
    last = "/self_attention/linear_0/weight"
    return sum(name.startswith(f"{side}/layer_") and name.endswith(last) for name in variables)


def _name_as_openai(variables: Variables) -> dict[str, torch.Tensor]:
    """Return openai-whisper's state of the model; fused projections are cut apart again."""
    tensors = {}

    def put(name: str, source: str, part: slice = slice(None)) -> None:
        tensors[name] = torch.from_numpy(variables[source][part])

    def put_linear(name: str, source: str, part: slice = slice(None)) -> None:
        put(f"{name}.weight", f"{source}/weight", part)
        put(f"{name}.bias", f"{source}/bias", part)

    def put_layer_norm(name: str, source: str) -> None:
        put(f"{name}.weight", f"{source}/gamma")
        put(f"{name}.bias", f"{source}/beta")

    def put_attention(name: str, source: str, fused: tuple[tuple[str, ...], ...]) -> None:
        """`fused`: the projections in `linear_0`, `linear_1` …, stacked along their rows."""
        for index, projections in enumerate(fused):
            linear = f"{source}/linear_{index}"
            n_rows = len(variables[f"{linear}/weight"]) // len(projections)
            for place, projection in enumerate(projections):
                rows = slice(place * n_rows, (place + 1) * n_rows)
                put_linear(f"{name}.{projection}", linear, rows)
        # Whisper's key projection has no bias; the file fills its place with zeros.
        del tensors[f"{name}.key.bias"]

    for side in ("encoder", "decoder"):
        put(f"{side}.positional_embedding", f"{side}/position_encodings/encodings")
        for layer in range(_count_layers(variables, side)):
            block, source = f"{side}.blocks.{layer}", f"{side}/layer_{layer}"
            put_layer_norm(f"{block}.attn_ln", f"{source}/self_attention/layer_norm")
            put_attention(
                f"{block}.attn", f"{source}/self_attention", (("query", "key", "value"), ("out",))
            )
            if side == "decoder":
                put_layer_norm(f"{block}.cross_attn_ln", f"{source}/attention/layer_norm")
                put_attention(
                    f"{block}.cross_attn",
                    f"{source}/attention",
                    (("query",), ("key", "value"), ("out",)),
                )
            put_layer_norm(f"{block}.mlp_ln", f"{source}/ffn/layer_norm")
            put_linear(f"{block}.mlp.0", f"{source}/ffn/linear_0")
            put_linear(f"{block}.mlp.2", f"{source}/ffn/linear_1")
    put_linear("encoder.conv1", "encoder/conv1")
    put_linear("encoder.conv2", "encoder/conv2")
    put_layer_norm("encoder.ln_post", "encoder/layer_norm")
    put("decoder.token_embedding.weight", "decoder/embeddings/weight")
    put_layer_norm("decoder.ln", "decoder/layer_norm")
    return tensors
