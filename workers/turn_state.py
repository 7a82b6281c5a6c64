"""What a turn's events add up to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from assistant.events import (
    AudioDecoded,
    AudioReady,
    CacheChecked,
    ContentChecked,
    FunctionCalled,
    ProfileRecalled,
    ReplyDelta,
    ReplyReady,
    ReplySource,
    SpeechFailed,
    SpeechQueued,
    TranscriptProgress,
    TranscriptReady,
    TranscriptSegment,
    TurnCancelled,
    TurnEnd,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from assistant.manner import Manner
from assistant.messages import FunctionCall
from workers.event_bus import EventBus

TurnStatus = Literal["recognising", "replying", "speaking", "finished", "failed", "cancelled"]


@dataclass
class TurnState:
    started: TurnStarted | None = None
    decoded: AudioDecoded | None = None
    heard_s: float = 0.0
    """How much of a recording is recognised; 0 for one that is recognised at once."""
    segments: list[TranscriptSegment] = field(default_factory=list)
    """What was said in it."""
    language: str | None = None
    """Of the segments."""
    language_probability: float = 0.0
    transcript: TranscriptReady | None = None
    objection: ContentChecked | None = None
    """What a check found in the question."""
    written: str = ""
    """The reply so far."""
    written_source: ReplySource = "model"
    """Of the last of it."""
    calls: list[FunctionCall] = field(default_factory=list)
    """Of the client's functions."""
    manner: Manner | None = None
    cache: CacheChecked | None = None
    reply: ReplyReady | None = None
    queued: dict[int, SpeechQueued] = field(default_factory=dict)
    audio: dict[int, AudioReady] = field(default_factory=dict)
    unspoken: dict[int, SpeechFailed] = field(default_factory=dict)
    end: TurnEnd | None = None

    @property
    def is_complete(self) -> bool:
        """True where the reply is written and every piece of it was spoken, or tried."""
        return self.reply is not None and self.queued.keys() <= (
            self.audio.keys() | self.unspoken.keys()
        )

    @property
    def question(self) -> str | None:
        if self.transcript is not None:
            return self.transcript.text
        return self.started.question if self.started else None

    @property
    def status(self) -> TurnStatus:
        if isinstance(self.end, TurnFinished):
            return "finished"
        if isinstance(self.end, TurnCancelled):
            return "cancelled"
        if self.end is not None:
            return "failed"
        if self.question is None:
            return "recognising"
        return "speaking" if self.reply else "replying"

    def add(self, progress: TranscriptProgress) -> None:
        self.heard_s = progress.done_s
        self.segments += progress.segments
        self.language = progress.language
        self.language_probability = progress.language_probability


def load_state(bus: EventBus, turn_id: str) -> TurnState:
    """Return the turn as it stands; one that nothing happened in has no `started`."""
    return fold(stored.event for stored in bus.events(turn_id))


def fold(events: Iterable[TurnEvent]) -> TurnState:
    state = TurnState()
    for event in events:
        match event:
            case TurnStarted():
                state.started = event
            case AudioDecoded():
                state.decoded = event
            case TranscriptProgress():
                state.add(event)
            case TranscriptReady():
                state.transcript = event
            case ContentChecked(where="question"):
                state.objection = event
            case FunctionCalled():
                call = FunctionCall(id=event.call_id, name=event.name, arguments=event.arguments)
                state.calls.append(call)
            case ProfileRecalled():
                state.manner = event.manner
            case CacheChecked():
                state.cache = event
            case ReplyDelta():
                state.written += event.text
                state.written_source = event.source
            case ReplyReady():
                state.reply = event
            case SpeechQueued():
                state.queued[event.index] = event
            case AudioReady():
                state.audio[event.index] = event
            case SpeechFailed():
                state.unspoken[event.index] = event
            case TurnFinished() | TurnFailed() | TurnCancelled():
                state.end = event
    return state
