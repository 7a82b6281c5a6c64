"""The events of a turn: all that a client ever learns about it, in the order it happened.

A turn is one request of the user, spoken or typed, and its reply. Exactly one `TurnFinished`,
`TurnFailed` or `TurnCancelled` ends it. An event's place in the order is its id in the turn's
stream (`workers.event_bus`), given when it is appended. Sound travels by id, never in an event.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from assistant.manner import Manner

ReplySource = Literal[
    "model",
    "cache",
    "tool",
    "memory",
    "care",
    "refusal",
    "budget",
    "fallback",
    "transcript",
    "given",
]
"""Who answered. `memory`: about what is remembered of the user. Prepared sentences: `care` for
someone in need, `refusal` where a check forbade the question or reply, `budget` where the user's
is spent, `fallback` where no model answered. `transcript`: nobody, as the recording was only to be
written down. `given`: nobody, as the text was only to be spoken."""

CheckAction = Literal["allow", "mask", "refuse", "care"]

CancelReason = Literal["superseded", "interrupted", "cancelled"]
"""`superseded`: begun on suspicion, and it was none. `interrupted`: the user spoke into the reply.
`cancelled`: whoever asked wants no answer any more."""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    turn_id: str


class TurnStarted(_Event):
    type: Literal["turn_started"] = "turn_started"
    conversation_id: str
    """Empty where the turn is outside every conversation."""
    kind: Literal["text", "voice", "reminder", "speech"]
    """`speech`: a text that is only to be spoken, outside every conversation."""
    question: str | None = None
    """The typed question; None where it is still to be recognised from sound."""


class AudioDecoded(_Event):
    """The upload is sound that can be read; recognition begins."""

    type: Literal["audio_decoded"] = "audio_decoded"
    duration_s: float
    is_answered: bool = True
    """False where the recording is only to be written down."""


class TranscriptSegment(BaseModel):
    """A sentence or clause, with its place in the recording."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_s: float
    end_s: float
    text: str


class TranscriptWord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    start_s: float
    end_s: float
    text: str
    """As in the segment: a word that follows a space begins with it."""


class DetailedSegment(TranscriptSegment):
    """With all that is known of it; the measures are those of the window it was heard in."""

    words: tuple[TranscriptWord, ...]
    """Empty unless they were asked for."""
    tokens: tuple[int, ...]
    """Of Whisper's vocabulary."""
    window_s: float
    """Where the window begins."""
    temperature: float
    avg_logprob: float
    """Mean natural-log probability of the tokens."""
    compression_ratio: float
    """Bytes of text to bytes after zlib."""
    no_speech_prob: float


class TranscriptProgress(_Event):
    """Recognition has come so far: of more than one window (30 s), or with details."""

    type: Literal["transcript_progress"] = "transcript_progress"
    done_s: float
    duration_s: float
    segments: tuple[DetailedSegment | TranscriptSegment, ...]
    """Those since the last progress; none where nobody spoke."""
    language: str | None
    """As in `TranscriptReady`."""
    language_probability: float


class TranscriptReady(_Event):
    type: Literal["transcript_ready"] = "transcript_ready"
    text: str
    language: str | None
    """ISO 639-1 code as Whisper reports it; None where nothing was said."""
    language_probability: float
    no_speech: bool
    """True where the clip holds silence, noise or music only; then `text` is empty."""


class ContentChecked(_Event):
    """A check found something in the question or the reply; clean text makes no event."""

    type: Literal["content_checked"] = "content_checked"
    where: Literal["question", "reply"]
    action: CheckAction
    categories: tuple[str, ...]


class ProfileRecalled(_Event):
    """What is known of the user goes into this reply."""

    type: Literal["profile_recalled"] = "profile_recalled"
    facts: int
    manner: Manner | None


class MemoryChanged(_Event):
    """The user asked to have something remembered or forgotten, or what is remembered."""

    type: Literal["memory_changed"] = "memory_changed"
    action: Literal["remembered", "forgotten", "recalled", "manner"]
    facts: tuple[str, ...]


class ToolCalled(_Event):
    type: Literal["tool_called"] = "tool_called"
    tool: str
    arguments: dict[str, JsonValue]
    chosen_by: Literal["pattern", "schema", "model"]


class ToolReturned(_Event):
    type: Literal["tool_returned"] = "tool_returned"
    tool: str
    is_error: bool
    text: str
    """What came back, shortened; data, never orders."""
    duration_s: float


class FunctionCalled(_Event):
    """The client is to call this function of its own; all calls come before `ReplyReady`."""

    type: Literal["function_called"] = "function_called"
    call_id: str
    name: str
    arguments: str
    """JSON text as the model wrote it."""


class CacheChecked(_Event):
    """`hit` and `similar` answer without a model; `shared` follows a turn that writes it now."""

    type: Literal["cache_checked"] = "cache_checked"
    outcome: Literal["hit", "similar", "shared", "miss", "bypassed"]
    reason: str | None = None
    """Why it was bypassed."""
    similar_question: str | None = None
    saved_s: float | None = None
    """How long the answer took to write when it was first given."""


class HistoryRecalled(_Event):
    type: Literal["history_recalled"] = "history_recalled"
    turns: int
    """Shown to the model word by word."""
    is_summarised: bool
    """True where a summary stands for what came before them."""


class ModelChosen(_Event):
    type: Literal["model_chosen"] = "model_chosen"
    model: str
    tier: str
    reason: str


class ModelFailed(_Event):
    """An attempt failed before its first word; with `retry_in_s` None the next model is asked."""

    type: Literal["model_failed"] = "model_failed"
    model: str
    code: str
    retry_in_s: float | None


class ReplyDelta(_Event):
    type: Literal["reply_delta"] = "reply_delta"
    text: str
    source: ReplySource = "model"
    """Prepared text comes in one piece."""


class ReplyReady(_Event):
    """The whole reply is written; its sound may still be on the way."""

    type: Literal["reply_ready"] = "reply_ready"
    text: str
    source: ReplySource
    model: str | None = None
    finish_reason: Literal["stop", "length", "refused", "unavailable", "tool_calls"] = "stop"
    """`tool_calls`: the client has functions to call, and then asks again."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    """In the currency of the configured prices."""


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
    source: Literal[ReplySource, "none"]
    """`none` where there was nothing to answer (no speech), or no answer was wanted."""
    has_audio: bool


class TurnFailed(_Event):
    type: Literal["turn_failed"] = "turn_failed"
    code: str
    message: str
    is_retryable: bool


class TurnCancelled(_Event):
    type: Literal["turn_cancelled"] = "turn_cancelled"
    reason: CancelReason
    heard: str | None
    """What the user heard of the reply, which is all that the conversation keeps of it; None where
    it keeps nothing of the turn."""


TurnEvent = Annotated[
    TurnStarted
    | AudioDecoded
    | TranscriptProgress
    | TranscriptReady
    | ContentChecked
    | ProfileRecalled
    | MemoryChanged
    | ToolCalled
    | ToolReturned
    | FunctionCalled
    | CacheChecked
    | HistoryRecalled
    | ModelChosen
    | ModelFailed
    | ReplyDelta
    | ReplyReady
    | SpeechQueued
    | AudioReady
    | SpeechFailed
    | TurnRestarted
    | TurnFinished
    | TurnFailed
    | TurnCancelled,
    Field(discriminator="type"),
]

TurnEnd = TurnFinished | TurnFailed | TurnCancelled

_ADAPTER: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)


def encode_event(event: TurnEvent) -> str:
    return _ADAPTER.dump_json(event).decode()


def decode_event(text: str | bytes) -> TurnEvent:
    """Raises pydantic.ValidationError where `text` is no event this version knows."""
    return _ADAPTER.validate_json(text)
