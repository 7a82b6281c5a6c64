"""What recognition asks of an engine, and what it gives."""

from dataclasses import dataclass
from typing import Literal, Protocol

from speech.audio import Samples

SAMPLE_RATE_HZ = 16_000
WINDOW_S = 30.0
"""Whisper's encoder hears at most this much at once (arXiv:2212.04356, section 2.2)."""

FRAMES_PER_S = 100
"""Of the encoder's input."""

ALIGNMENT_FILTER_WIDTH = 3
"""Attention is smoothed over so many frames of 20 ms; with Whisper's own 7 the worst of the words'
places are worse (95th percentile 150 ms instead of 114)."""

PROMPTS = {"zh": "以下是普通话的句子。"}
"""By language, for an engine to use where no other prompt is given.

Measured on 10 Mandarin clips in both windows: 18 of 20 texts are in simplified characters, most
with a full stop, against 8 of 20 and few without it; the errors are the same, 27 of 236.
"""


@dataclass(frozen=True, kw_only=True)
class RecognitionOptions:
    """What a user asks for."""

    language: str | None = None
    """ISO 639-1 code; None lets the model detect it."""
    prompt: str | None = None
    """Words that came before, or spellings to expect, for each window: of a recording of 53 s a
    name in the second one was spelled as in the prompt, and not where only the first one had it.
    Whisper reads the last 223 tokens."""
    temperature: float = 0.0
    """The first to be tried; higher ones follow where the text cannot be trusted."""
    translates: bool = False
    """Whether the text is to be English, whatever was spoken."""
    beam_size: int = 1
    window: Literal["short", "full"] = "short"
    """`short` encodes what was said plus a margin; `full` always encodes 30 seconds."""
    is_part: bool = False
    """The speaker goes on: each window is heard once, and nothing is made of what is doubtful."""
    has_times: bool = False
    """Whether segments are sentences and clauses, rather than all that was heard in one window.
    The text is the same; on two cores it takes 0.1 s a window."""

    def written_language(self, spoken: str | None) -> str | None:
        return "en" if self.translates else spoken


@dataclass(frozen=True, kw_only=True)
class DecodingOptions:
    """How an engine turns one window into text."""

    language: str | None
    prompt: str | None
    beam_size: int
    """Used at temperature 0."""
    temperature: float
    """0 takes the likeliest words; above 0 they are drawn by chance."""
    max_tokens: int
    translates: bool = False
    aligned_s: float | None = None
    """Where given, the times of the words are wanted too; the sound before this one is speech."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word or a part of one, with its place in the window.

    Joined, the texts are that of the hypothesis: a word that follows a space begins with it.
    """

    start_s: float
    end_s: float
    text: str
    tokens: tuple[int, ...] = ()
    """Of Whisper's vocabulary."""


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """What an engine heard in one window."""

    text: str
    language: str
    """That was spoken."""
    language_probability: float
    """1.0 where the language was given."""
    avg_logprob: float
    """Mean natural-log probability of the tokens."""
    no_speech_prob: float
    is_complete: bool
    """False where `max_tokens` cut the text off."""
    words: tuple[Word, ...] = ()
    """Empty unless they were asked for."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Text with its place in the whole recording."""

    start_s: float
    end_s: float
    text: str
    temperature: float
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    """Bytes of text to bytes after zlib; above 2.4 the text repeats itself."""
    window_s: float
    """Where the window begins that it was heard in, which has the measures above as a whole."""
    words: tuple[Word, ...] = ()
    """With their places in the whole recording; empty unless times were asked for."""


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

    def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        """Return what is said in `samples`.

        `samples`: mono float32 at 16 kHz, a multiple of 20 ms, at most `WINDOW_S`. All of it is
        encoded and nothing else, so it should end with some silence.
        Raises UnknownLanguageError where the model does not know `options.language`.
        """
        ...
