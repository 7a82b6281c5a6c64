"""What recognition asks of an engine, and what it gives."""

from dataclasses import dataclass
from typing import Literal, Protocol

from speech.audio import Samples

SAMPLE_RATE_HZ = 16_000
WINDOW_S = 30.0
"""Whisper's encoder hears at most this much at once (arXiv:2212.04356, section 2.2)."""


@dataclass(frozen=True, kw_only=True)
class RecognitionOptions:
    language: str | None = None
    """ISO 639-1 code; None lets the model detect it."""
    prompt: str | None = None
    """Words that came before, or spellings to expect."""
    beam_size: int = 1
    window: Literal["short", "full"] = "short"
    """`short` encodes what was said plus a margin; `full` always encodes 30 seconds."""


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """What an engine heard in one window."""

    text: str
    language: str
    language_probability: float
    avg_logprob: float
    """Mean natural-log probability of the tokens."""
    no_speech_prob: float
    compression_ratio: float
    """zlib's; above 2.4 the text repeats itself."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Text with its place in the whole recording."""

    start_s: float
    end_s: float
    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


@dataclass(frozen=True, kw_only=True)
class Transcript:
    text: str
    language: str | None
    """None where nothing was said."""
    language_probability: float
    no_speech: bool
    segments: tuple[Segment, ...]


class RecognitionEngine(Protocol):
    """One Whisper implementation. Thread-safe: calls from several threads wait for each other."""

    @property
    def name(self) -> str: ...

    def recognize(
        self, samples: Samples, context_s: float, options: RecognitionOptions, temperature: float
    ) -> Hypothesis:
        """Return what is said in `samples`.

        `samples`: mono float32 at 16 kHz, at most 30 s. `context_s`: how much the encoder is
        given, in seconds: the samples followed by silence, at most `WINDOW_S`.
        """
        ...
