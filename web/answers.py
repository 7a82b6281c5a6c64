"""What `/api` answers, as typed values, which its description is made from."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from assistant.events import CancelReason, ReplySource, TurnEvent
from workers.ratings import RatingValue
from workers.turn_state import TurnStatus
from workers.turn_succession import TurnKind

_T = TypeVar("_T")

Known = Annotated[_T | None, Field(exclude_if=lambda value: value is None)]
"""Left out where it is not known, or not yet."""

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def time_of(seconds: float) -> Time:
    """`seconds`: since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class Described(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Event(RootModel[TurnEvent]):
    """One thing that happened in a turn."""


class BegunAnswer(Described):
    turn_id: str
    conversation_id: Known[str] = None
    events_url: str


class Failure(Described):
    code: str
    detail: str


class SpokenPiece(Described):
    index: int
    text: str
    voice: str
    duration_s: float
    url: str


class UnspokenPiece(Described):
    index: int
    code: str
    message: str


class TurnAnswer(Described):
    """A turn as it stands."""

    turn_id: str
    conversation_id: Known[str] = None
    status: TurnStatus
    question: Known[str] = None
    """As it was typed, or heard."""
    transcript: Known[str] = None
    language: Known[str] = None
    """Of what was said, as an ISO 639-1 code."""
    no_speech: Known[bool] = None
    """True where the recording holds silence, noise or music only."""
    answer: Known[str] = None
    """The reply, or what is written of it."""
    source: Known[ReplySource] = None
    """Who answered."""
    finish_reason: Known[str] = None
    audio_url: Known[str] = None
    """The whole reply as one file, once the turn is finished."""
    audio: list[SpokenPiece]
    """What of it has been spoken."""
    unspoken: Known[list[UnspokenPiece]] = None
    reason: Known[CancelReason] = None
    """Why it was cancelled."""
    heard: Known[str] = None
    """What the user heard of a reply that was cut off."""
    error: Known[Failure] = None


class ConversationEntry(Described):
    conversation_id: str
    title: str
    created_at: Time
    updated_at: Time
    turn_count: int
    """Those that no other superseded."""


class FoundTurn(Described):
    turn_id: str
    text: str
    """A snippet, in one line."""


class FoundConversation(ConversationEntry):
    match: FoundTurn | None
    """null where the title matched."""


class ConversationsAnswer(Described):
    conversations: list[FoundConversation | ConversationEntry]


class KeptTurn(Described):
    turn_id: str
    at: Time
    question: str
    """Empty where the assistant spoke by itself."""
    answer: str
    source: str
    kind: Known[TurnKind] = None
    language: Known[str] = None
    """Of the question."""
    rating: Known[RatingValue] = None
    rating_comment: Known[str] = None
    superseded_by: Known[str] = None
    """The turn that was asked in its place."""
    has_transcript: Known[bool] = None


class KeptConversation(ConversationEntry):
    turns: list[KeptTurn]
    """Oldest first."""


class FailedTurn(Described):
    turn_id: str
    at: Time
    question: str
    answer: str
    """What was written of it."""
    error: Failure


class ConversationAnswer(KeptConversation):
    running: list[str]
    """Ids of the turns that began and have not ended, in order."""
    failed: list[FailedTurn]
    """Those that failed and were not asked again, oldest first."""
