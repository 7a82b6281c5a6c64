"""Synthesis engines by name; an engine's library is imported only when it is made."""

from collections.abc import Callable, Mapping
from pathlib import Path

from speech.errors import UnknownEngineError
from speech.tts.base import SynthesisEngine

Factory = Callable[[Path, int, str], SynthesisEngine]


def _create_piper(models: Path, threads: int, device: str) -> SynthesisEngine:
    from speech.tts.piper_engine import PiperEngine

    return PiperEngine(models, threads, device)


def _create_kokoro(models: Path, threads: int, device: str) -> SynthesisEngine:
    from speech.tts.kokoro_engine import KokoroEngine

    return KokoroEngine(models, threads, device)


def _create_pyttsx3(models: Path, threads: int, device: str) -> SynthesisEngine:
    from speech.tts.pyttsx3_engine import Pyttsx3Engine

    return Pyttsx3Engine()


ENGINES: Mapping[str, Factory] = {
    "piper": _create_piper,
    "kokoro": _create_kokoro,
    "pyttsx3": _create_pyttsx3,
}


def create_engine(name: str, models: Path, threads: int, device: str) -> SynthesisEngine:
    """Return the engine, loaded and ready to speak.

    `models`: root of the model store. `threads`: compute threads of one call. `device`: `cpu`,
    `cuda`, or `auto` for a GPU where onnxruntime can use one. Raises UnknownEngineError, and
    EngineUnavailableError where a library or a model file is missing.
    """
    if factory := ENGINES.get(name):
        return factory(models, threads, device)
    raise UnknownEngineError(f"There is no speech engine {name!r}; known: {', '.join(ENGINES)}.")
