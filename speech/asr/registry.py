"""Recognition engines by name; an engine's library is imported only when it is created."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from speech.asr.base import RecognitionEngine
from speech.errors import UnknownEngineError

Device = Literal["auto", "cpu", "cuda"]
EngineFactory = Callable[[Path, Device, int], RecognitionEngine]


def _create_faster_whisper(model_dir: Path, device: Device, threads: int) -> RecognitionEngine:
    from speech.asr.faster_whisper_engine import FasterWhisperEngine

    return FasterWhisperEngine(model_dir, device, threads)


def _create_openai_whisper(model_dir: Path, device: Device, threads: int) -> RecognitionEngine:
    from speech.asr.openai_whisper_engine import OpenAIWhisperEngine

    return OpenAIWhisperEngine(model_dir, device, threads)


ENGINES: dict[str, EngineFactory] = {
    "faster-whisper": _create_faster_whisper,
    "openai-whisper": _create_openai_whisper,
}


def create_engine(name: str, model_dir: Path, device: Device, threads: int) -> RecognitionEngine:
    """Return the engine with its model loaded from the CTranslate2 files in `model_dir`.

    Raises UnknownEngineError, and EngineUnavailableError where a library or file is missing.
    """
    factory = ENGINES.get(name)
    if factory is None:
        known = ", ".join(sorted(ENGINES))
        raise UnknownEngineError(f"No recognition engine is called {name!r}; known: {known}.")
    return factory(model_dir, device, threads)
