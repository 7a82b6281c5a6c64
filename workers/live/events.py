"""What a live session tells its client; `web/realtime/` words it in the client's protocol.

`item_id` names what the user said, `turn_id` the reply to it. Times are milliseconds of the
session's incoming audio.
"""

from dataclasses import dataclass, field
from typing import Literal

from assistant.messages import FunctionCall


@dataclass(frozen=True, kw_only=True)
class UserSpeechStarted:
    """The client stops what it plays."""

    item_id: str
    start_ms: int
    interrupted: str | None = None
    """The turn whose reply this ends, with what still plays of those before it; None where there
    is none, or none that may be interrupted."""


@dataclass(frozen=True, kw_only=True)
class UserSpeechStopped:
    item_id: str
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class UserCommitted:
    """The user's words are part of the conversation."""

    item_id: str
    previous_item_id: str | None
    heard_ms: tuple[int, int] | None = None
    """From where to where it was heard; None where it was typed."""


@dataclass(frozen=True, kw_only=True)
class UserSaidNothing:
    """Not for so long that the assistant speaks up; the silence is committed as an item."""

    item_id: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class TurnNamed:
    """What the user said is the question of that turn."""

    turn_id: str
    item_id: str


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What the user seems to be saying, in place of the caption before; empty where withdrawn."""

    item_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class UserTranscribed:
    item_id: str
    text: str
    """Empty where nothing was said."""
    language: str | None


@dataclass(frozen=True, kw_only=True)
class TranscriptionFailed:
    item_id: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ReplyStarted:
    turn_id: str
    item_id: str | None
    """What it answers."""
    is_asked: bool = False
    """By `LiveSession.respond`, which is told so before it returns; else it comes by itself."""
    is_apart: bool = False
    """It is no part of the conversation, and may be told beside another."""


@dataclass(frozen=True, kw_only=True)
class ReplyText:
    turn_id: str
    text: str
    """What is new."""


@dataclass(frozen=True, kw_only=True)
class ReplyAudio:
    """One piece, in order, to be played after the one before."""

    turn_id: str
    index: int
    text: str
    pcm16: bytes
    """Mono, 24 kHz."""
    audio_id: str = ""
    """By which all sound of this piece is read over HTTP."""


@dataclass(frozen=True, kw_only=True)
class ReplyHeld:
    """Somebody may be interrupting: the client holds the sound and keeps it."""

    turn_id: str


@dataclass(frozen=True, kw_only=True)
class ReplyReleased:
    """It was nothing: the client goes on where it stopped."""

    turn_id: str


@dataclass(frozen=True, kw_only=True)
class ReplyDone:
    turn_id: str
    status: Literal["completed", "cancelled", "failed"]
    text: str
    """All of the reply; where it was cancelled, what was heard of it."""
    is_cut: bool = False
    """It is complete but for `max_reply_tokens`, at which it ends."""
    reason: Literal["turn_detected", "client_cancelled"] | None = None
    code: str = ""
    message: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    """Of all that the models read and wrote for it; None where that is not known."""
    calls: tuple[FunctionCall, ...] = ()
    """Functions that the client is to run, before it asks for what follows."""


@dataclass(frozen=True, kw_only=True)
class ReplyTruncated:
    """What the conversation keeps of a reply after `LiveSession.truncate`."""

    turn_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TurnTimings:
    """Where the time of a turn went, in milliseconds after the user's last sound."""

    turn_id: str
    stages: dict[str, float] = field(default_factory=dict)
    """pause, transcribed, end_of_turn, first_word, first_sound…"""


LiveEvent = (
    UserSpeechStarted
    | UserSpeechStopped
    | UserCommitted
    | UserSaidNothing
    | TurnNamed
    | Caption
    | UserTranscribed
    | TranscriptionFailed
    | ReplyStarted
    | ReplyText
    | ReplyAudio
    | ReplyHeld
    | ReplyReleased
    | ReplyDone
    | ReplyTruncated
    | TurnTimings
)
