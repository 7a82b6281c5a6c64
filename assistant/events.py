"""The events of a turn: all that a client ever learns about it, in the order it happened.

A turn is one request of the user, spoken or typed, and its reply. Exactly one `TurnFinished`
or `TurnFailed` ends it. An event's place in the order is its id in the turn's stream
(`workers.event_bus`), given when it is appended. Sound travels by id, never in an event.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    turn_id: str


class TurnStarted(_Event):
    type: Literal["turn_started"] = "turn_started"
    conversation_id: str
    kind: Literal["text", "voice"]
    question: str | None = None
    """The typed question; None where it is still to be recognised from sound."""


class AudioDecoded(_Event):
    """The upload is sound that can be read; recognition begins."""

    type: Literal["audio_decoded"] = "audio_decoded"
    duration_s: float


class TranscriptReady(_Event):
    type: Literal["transcript_ready"] = "transcript_ready"
    text: str
    language: str | None
    """ISO 639-1 code as Whisper reports it; None where nothing was said."""
    language_probability: float
    no_speech: bool
    """True where the clip holds silence, noise or music only; then `text` is empty."""


class ReplyDelta(_Event):
    type: Literal["reply_delta"] = "reply_delta"
    text: str


class ReplyReady(_Event):
    """The whole reply is written; its sound may still be on the way."""

    type: Literal["reply_ready"] = "reply_ready"
    text: str
    source: Literal["model", "fallback", "refusal"]
    """`fallback` where no model answered, `refusal` where a check forbade the question or reply."""
    model: str | None = None
    finish_reason: Literal["stop", "length", "refused", "unavailable"] = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class SpeechQueued(_Event):
    """One speakable piece of the reply was cut; pieces are numbered from 0 without gaps."""

    type: Literal["speech_queued"] = "speech_queued"
    index: int
    text: str
    language: str


class AudioReady(_Event):
    """The sound of piece `index`; pieces can become ready out of order."""

    type: Literal["audio_ready"] = "audio_ready"
    index: int
    audio_id: str
    text: str
    voice: str
    duration_s: float


class SpeechFailed(_Event):
    """Piece `index` could not be spoken; its text stands, and the turn goes on."""

    type: Literal["speech_failed"] = "speech_failed"
    index: int
    code: str
    message: str


class TurnRestarted(_Event):
    """A worker was lost in the middle and another goes on from what the stream holds."""

    type: Literal["turn_restarted"] = "turn_restarted"
    stage: Literal["transcribe", "reply", "speak"]


class TurnFinished(_Event):
    type: Literal["turn_finished"] = "turn_finished"
    answer: str
    source: Literal["model", "fallback", "refusal", "none"]
    """As in `ReplyReady`; `none` where there was nothing to answer (no speech)."""
    has_audio: bool


class TurnFailed(_Event):
    type: Literal["turn_failed"] = "turn_failed"
    code: str
    message: str
    is_retryable: bool


TurnEvent = Annotated[
    TurnStarted
    | AudioDecoded
    | TranscriptReady
    | ReplyDelta
    | ReplyReady
    | SpeechQueued
    | AudioReady
    | SpeechFailed
    | TurnRestarted
    | TurnFinished
    | TurnFailed,
    Field(discriminator="type"),
]

_ADAPTER: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)


def encode_event(event: TurnEvent) -> str:
    return _ADAPTER.dump_json(event).decode()


def decode_event(text: str | bytes) -> TurnEvent:
    """Raises pydantic.ValidationError where `text` is no event this version knows."""
    return _ADAPTER.validate_json(text)
