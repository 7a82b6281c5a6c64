"""What this machine lacks that the main job does without, each with the command that mends it."""

import ctypes
import ctypes.util
import importlib.util
import os
import sys
from collections.abc import Callable

_LEAST_MEMORY_BYTES = 4_000_000_000


def shortcomings() -> list[str]:
    """Return a sentence for each."""
    return [sentence for check in _CHECKS if (sentence := check())]


def _espeak() -> str | None:
    if importlib.util.find_spec("espeakng_loader"):
        import espeakng_loader

        try:
            ctypes.CDLL(espeakng_loader.get_library_path())
            return None
        except OSError:
            pass
    if ctypes.util.find_library("espeak-ng"):
        return None
    return f"pyttsx3's voices need libespeak-ng: {_install('libespeak-ng1', 'espeak-ng')}"


def _memory() -> str | None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if memory >= _LEAST_MEMORY_BYTES:
        return None
    return (
        f"This machine has {memory / 1e9:.1f} GB of memory and the default models want 4: "
        "LLM_MODEL=qwen2.5-coder-0.5b-instruct make run"
    )


def _install(debian: str, homebrew: str) -> str:
    return f"brew install {homebrew}" if sys.platform == "darwin" else f"apt-get install {debian}"


_CHECKS: tuple[Callable[[], str | None], ...] = (_espeak, _memory)
