"""What the turn engine says. All times are milliseconds of the session's audio, by its samples."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class TurnTaking:
    """How a session takes turns; the names are those of OpenAI's Realtime API."""

    mode: Literal["server_vad", "semantic_vad", "manual"] = "semantic_vad"
    """`manual`: the client says where a turn ends, and the engine tells nothing by itself."""
    threshold: float = 0.5
    """Of the speech probability."""
    prefix_padding_ms: int = 300
    """Of sound kept before the first speech."""
    silence_duration_ms: int = 500
    """After which a turn ends, in `server_vad`."""
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    """How soon a turn that sounds unfinished is taken to be over, in `semantic_vad`."""
    can_be_interrupted: bool = True


@dataclass(frozen=True, kw_only=True)
class SpeechStarted:
    """The user speaks. While the assistant was audible, this is an interruption for certain."""

    start_ms: int
    """With the padding before it."""
    is_interruption: bool = False


@dataclass(frozen=True, kw_only=True)
class PossibleInterruption:
    """A voice while the assistant is audible: hold the sound until it is known what it was."""

    at_ms: int


@dataclass(frozen=True, kw_only=True)
class ShortSpeech:
    """It was short. Whether it was an interruption or a cough or "mhm", its words tell:
    `TurnEngine.judge` says so, and the session stays held until then."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class FalseAlarm:
    """It was no interruption: the held sound goes on where it stopped."""

    at_ms: int


@dataclass(frozen=True, kw_only=True)
class SpeechProgressed:
    """The user goes on speaking, told about once a second: time for a caption."""

    start_ms: int
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class Paused:
    """A short silence after speech, which may be the end: transcribe on suspicion."""

    start_ms: int
    end_ms: int
    """Where the speech ended; the silence so far comes after."""


@dataclass(frozen=True, kw_only=True)
class LikelyEnded:
    """The turn seems to be over, to the end-of-turn model or by a long silence: reply on suspicion.
    At most once a pause."""

    start_ms: int
    end_ms: int
    probability: float


@dataclass(frozen=True, kw_only=True)
class SpeechResumed:
    """The pause was none; what was begun on suspicion is void."""

    at_ms: int


@dataclass(frozen=True, kw_only=True)
class TurnEnded:
    """The user has finished: from `start_ms` to `end_ms` is what they said."""

    start_ms: int
    end_ms: int
    at_ms: int
    """When that was decided."""


EngineEvent = (
    SpeechStarted
    | PossibleInterruption
    | ShortSpeech
    | FalseAlarm
    | SpeechProgressed
    | Paused
    | LikelyEnded
    | SpeechResumed
    | TurnEnded
)
