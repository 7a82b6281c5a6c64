"""The events of turns in the words of chat completions: chunks, and what they add up to."""

import base64
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from assistant.events import (
    AudioReady,
    FunctionCalled,
    ReplyDelta,
    ReplyReady,
    SpeechFailed,
    TurnCancelled,
    TurnEnd,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from speech.audio import wrap_wav
from speech.encoding import SAMPLE_RATE_HZ, AudioFormat, StreamEncoder
from web.errors import ProblemError
from web.openai.chat_answer import (
    AnswerMessage,
    Audio,
    AudioDelta,
    Choice,
    ChunkChoice,
    Delta,
    FinishReason,
    Function,
    FunctionDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from web.openai.chat_messages import audio_id
from web.openai.chat_request import AudioOutputFormat
from workers.in_order import InOrder
from workers.services import Services

_PING_S = 1.0


def follow(services: Services, turn_ids: Sequence[str]) -> Iterator[tuple[int, TurnEvent] | None]:
    """Yield the events of all turns as they happen, each with its turn's place; up to the last end.

    Yields None every second, too, so that the caller can see whether its client is still there.
    Raises ProblemError where nothing happened for `turn_timeout_s`.
    """
    arrived: SimpleQueue[tuple[int, TurnEvent] | Exception] = SimpleQueue()

    def read(place: int, turn_id: str) -> None:
        try:
            for stored in services.bus.follow(turn_id):
                if stored is not None:
                    arrived.put((place, stored.event))
        except Exception as error:
            arrived.put(error)

    for place, turn_id in enumerate(turn_ids):
        threading.Thread(target=read, args=(place, turn_id), daemon=True).start()
    timeout_s = services.settings.turn_timeout_s
    left, heard_at = len(turn_ids), time.monotonic()
    pinged_at = heard_at
    while left:
        if time.monotonic() - pinged_at >= _PING_S:
            yield None
            pinged_at = time.monotonic()
        try:
            item = arrived.get(timeout=_PING_S)
        except Empty:
            if time.monotonic() - heard_at > timeout_s:
                raise ProblemError("turn_timeout", f"No answer within {timeout_s:g} s.") from None
            continue
        if isinstance(item, Exception):
            raise item
        heard_at = time.monotonic()
        left -= isinstance(item[1], TurnEnd)
        yield item


@dataclass
class ReplyOfTurn:
    """One choice: `add` tells what an event changes for who reads along, `choice` the whole."""

    services: Services
    turn_id: str
    index: int
    audio_format: AudioOutputFormat | None
    """None where nothing is spoken."""
    text: str = ""
    refusal: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    pcm16: bytes = b""
    sound: bytes = b""
    """The same as a file."""
    ready: ReplyReady | None = None

    def __post_init__(self) -> None:
        self._pieces = InOrder[AudioReady]()
        if self.audio_format is not None:
            self._encoder = StreamEncoder(_encoding(self.audio_format))

    def add(self, event: TurnEvent) -> list[ChunkChoice]:
        """Raises ProblemError where the turn came to nothing."""
        match event:
            case ReplyDelta(source="fallback" | "budget"):
                return []  # Prepared for people; a program is told by an error.
            case ReplyDelta():
                return [self._said(event)]
            case FunctionCalled():
                return self._called(event)
            case ReplyReady():
                self.ready = event
                _check(event)
                return [] if self._speaks else [self._end()]
            case AudioReady() if self._speaks and self.text:
                return self._sound(self._pieces.put(event.index, event))
            case SpeechFailed() | TurnFailed():
                raise ProblemError(event.code, event.message)
            case TurnCancelled():
                raise ProblemError("turn_cancelled", "The answer was stopped.")
            case TurnFinished() if self._speaks and self.ready:
                return [*self._rest(), self._end()]
        return []

    def begin(self) -> ChunkChoice:
        delta = Delta(role="assistant", refusal=None)
        if self._speaks:
            delta.audio = AudioDelta(id=audio_id(self.turn_id), transcript="")
        else:
            delta.content = ""
        return _chunk(self.index, delta)

    @property
    def choice(self) -> Choice:
        assert self.ready is not None
        message = AnswerMessage(content=self.text or None, refusal=self.refusal or None)
        if self.calls:
            message.tool_calls = self.calls
        elif self._speaks:
            message.content = None
            message.audio = Audio(
                id=audio_id(self.turn_id),
                data=base64.b64encode(self._file).decode(),
                expires_at=self._expires_at,
                transcript=self.text,
            )
        elif not self.text:
            message.content = ""
        return Choice(index=self.index, message=message, finish_reason=_reason(self.ready))

    @property
    def usage(self) -> Usage:
        taken = (self.ready and self.ready.prompt_tokens) or 0
        given = (self.ready and self.ready.completion_tokens) or 0
        return Usage(prompt_tokens=taken, completion_tokens=given, total_tokens=taken + given)

    @property
    def _speaks(self) -> bool:
        return self.audio_format is not None

    @property
    def _file(self) -> bytes:
        # One that grew has a header without its length.
        is_wav = self.audio_format == "wav"
        return wrap_wav(self.pcm16, SAMPLE_RATE_HZ) if is_wav else self.sound

    @property
    def _expires_at(self) -> int:
        return int(time.time()) + self.services.settings.turn_retention_s

    def _said(self, event: ReplyDelta) -> ChunkChoice:
        self.text += event.text
        is_refusal = event.source == "refusal"
        self.refusal += event.text if is_refusal else ""
        if self._speaks:
            return _chunk(self.index, Delta(audio=AudioDelta(transcript=event.text)))
        delta = Delta(content=event.text)
        if is_refusal:
            delta.refusal = event.text
        return _chunk(self.index, delta)

    def _called(self, event: FunctionCalled) -> list[ChunkChoice]:
        place = len(self.calls)
        function = Function(name=event.name, arguments=event.arguments)
        self.calls.append(ToolCall(id=event.call_id, type="function", function=function))
        begun = ToolCallDelta(
            index=place,
            id=event.call_id,
            type="function",
            function=FunctionDelta(name=event.name, arguments=""),
        )
        written = ToolCallDelta(index=place, function=FunctionDelta(arguments=event.arguments))
        return [_chunk(self.index, Delta(tool_calls=[part])) for part in (begun, written)]

    def _sound(self, pieces: list[AudioReady]) -> list[ChunkChoice]:
        data = b""
        for piece in pieces:
            pcm16 = self.services.turns.audio(piece.turn_id, piece.index)
            if pcm16 is None:
                raise ProblemError("turn_expired", "The sound is no longer kept; ask again.")
            self.pcm16 += pcm16
            data += self._encoder.feed(pcm16)
        return self._heard(data)

    def _rest(self) -> list[ChunkChoice]:
        chunks = self._heard(self._encoder.finish())
        end = AudioDelta(expires_at=self._expires_at)
        return [*chunks, _chunk(self.index, Delta(audio=end))]

    def _heard(self, data: bytes) -> list[ChunkChoice]:
        self.sound += data
        sent = AudioDelta(data=base64.b64encode(data).decode())
        return [_chunk(self.index, Delta(audio=sent))] if data else []

    def _end(self) -> ChunkChoice:
        assert self.ready is not None
        return _chunk(self.index, Delta(), _reason(self.ready))


def _chunk(index: int, delta: Delta, reason: FinishReason | None = None) -> ChunkChoice:
    return ChunkChoice(index=index, delta=delta, logprobs=None, finish_reason=reason)


def _encoding(wanted: AudioOutputFormat) -> AudioFormat:
    return "pcm" if wanted == "pcm16" else wanted


def _check(ready: ReplyReady) -> None:
    """Raises ProblemError where the words are an apology."""
    if ready.source == "budget":
        raise ProblemError("insufficient_quota", ready.text)
    if ready.finish_reason == "unavailable":
        raise ProblemError("language_model_unavailable", "The language model does not respond.")


def _reason(ready: ReplyReady) -> FinishReason:
    match ready.finish_reason:
        case "refused":
            return "content_filter"
        case "stop" | "length" | "tool_calls" as reason:
            return reason
        case _:
            return "stop"
