"""ONNX models opened so that they share a small machine with others."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import onnxruntime

from speech.errors import EngineUnavailableError, SynthesisCancelledError

_POLL_S = 0.05
_options: ContextVar[onnxruntime.RunOptions | None] = ContextVar("options", default=None)


class _Session(onnxruntime.InferenceSession):  # type: ignore[misc]
    """Takes its run options from the context: the libraries around the models pass none."""

    def run(self, output_names: Any, input_feed: Any, run_options: Any = None) -> Any:
        return super().run(output_names, input_feed, run_options or _options.get())


@contextlib.contextmanager
def stopping(is_cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """What sessions compute in this context and thread ends once `is_cancelled` says so.

    Raises SynthesisCancelledError then. onnxruntime looks between two nodes of the graph.
    """
    if is_cancelled is None:
        yield
        return
    options = onnxruntime.RunOptions()
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(_POLL_S):
            if is_cancelled():
                options.terminate = True
                return

    watcher = threading.Thread(target=watch, name="stopping synthesis", daemon=True)
    token = _options.set(options)
    watcher.start()
    try:
        yield
    except Exception as error:  # onnxruntime's exceptions have no common base but this
        if options.terminate:
            raise SynthesisCancelledError("The sound is no longer wanted.") from error
        raise
    finally:
        is_done.set()
        _options.reset(token)
        watcher.join()


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
        return _Session(str(path), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions have no common base but this
        raise EngineUnavailableError(
            f"The voice model {path} cannot be loaded ({error}): delete it, and "
            "`make models` fetches it again."
        ) from error
