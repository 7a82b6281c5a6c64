"""ONNX models opened so that they share a small machine with others."""

from pathlib import Path

import onnxruntime

from speech.errors import EngineUnavailableError


def open_session(path: Path, threads: int, device: str) -> onnxruntime.InferenceSession:
    """Return the loaded model; one call of `run` computes on `threads` threads.

    `device`: `cpu`, `cuda` or `auto`. Raises EngineUnavailableError.
    """
    if not path.is_file():
        raise EngineUnavailableError(
            f"The voice model {path.name} is missing from {path.parent}: `make models` fetches it."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads would spin on the cores that the language model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Every text has another length: patterns only keep memory (Kokoro measured).
    options.enable_mem_pattern = False
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cuda" and not has_cuda:
        raise EngineUnavailableError(
            "This onnxruntime has no CUDA: `pip install onnxruntime-gpu`, or set DEVICE=cpu."
        )
    providers = ["CPUExecutionProvider"]
    if has_cuda and device != "cpu":
        providers.insert(0, "CUDAExecutionProvider")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions have no common base but this
        raise EngineUnavailableError(
            f"The voice model {path} cannot be loaded ({error}): delete it, and "
            "`make models` fetches it again."
        ) from error
