"""What speaking asks of an engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from speech.audio import Audio

Sex = Literal["female", "male"]


@dataclass(frozen=True, kw_only=True)
class Voice:
    id: str
    """`engine:name`, as in `kokoro:af_heart`; unique among all engines."""
    engine: str
    name: str
    """The engine's own name of it."""
    languages: tuple[str, ...]
    """ISO 639-1 codes of what it speaks well, its mother tongue first."""
    title: str
    """What a person reads in a list, as in `Heart (English, US)`."""
    sex: Sex | None = None
    """None for eSpeak's, which sound like neither."""


class SynthesisEngine(Protocol):
    """Thread-safe: calls from several threads are served, if need be one after another."""

    @property
    def name(self) -> str: ...

    def synthesize(
        self,
        text: str,
        voice: Voice,
        language: str,
        speed: float,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Audio:
        """Return the sound of `text`, at the engine's own sample rate.

        `text` is speakable already (see `speech.speakable`); `language` is its ISO 639-1 code;
        `speed` is 1.0 for the voice's own pace, 0.5 to 2.0. `is_cancelled` is asked 20 times a
        second, in another thread, where the work takes longer than that; once it says so, it
        stops within a fraction of a second. Raises SynthesisCancelledError then, and
        SynthesisError.
        """
        ...
