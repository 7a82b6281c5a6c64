"""What comes of a turn, told to its live session in order: words, sound, and the end."""

import threading
import time
from collections.abc import Callable
from typing import Literal

from assistant.events import (
    AudioReady,
    CancelReason,
    FunctionCalled,
    ReplyDelta,
    SpeechFailed,
    TranscriptReady,
    TurnCancelled,
    TurnEnd,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from assistant.messages import FunctionCall
from workers import turn_control
from workers.live.events import (
    LiveEvent,
    ReplyAudio,
    ReplyDone,
    ReplyText,
    TranscriptionFailed,
    TurnTimings,
    UserTranscribed,
)
from workers.live.following import Following
from workers.live.live_turn import LiveTurn, Piece
from workers.services import Services


class Telling:
    """All methods are called with the session's lock held."""

    def __init__(
        self,
        services: Services,
        lock: threading.RLock,
        emit: Callable[[LiveEvent], None],
        on_transcript: Callable[[LiveTurn], None],
        on_calls: Callable[[LiveTurn], None],
        keep: Callable[[LiveTurn, str], None],
    ) -> None:
        """`on_transcript` is called once the words of a turn are known, provisional or not;
        `on_calls` where a reply ends in calls of functions; `keep` with what was said, or heard, of
        a reply to something else than the conversation."""
        self._services = services
        self._emit = emit
        self._following = Following(services, lock, self._take)
        self._on_transcript = on_transcript
        self._on_calls = on_calls
        self._keep = keep
        self._apart: dict[str, LiveTurn] = {}
        """Told beside the conversation's own, by their ids."""
        self._earlier: list[LiveTurn] = []
        """Whose replies were told to their ends, and were still played when the next began."""
        self.can_hold = False
        self.current: LiveTurn | None = None
        """Whose reply is being made, or heard, or was the last."""
        self.is_held = False
        self.has_replied = False
        """To anything, ever."""

    def follow(self, turn: LiveTurn) -> None:
        self._following.follow(turn)

    def confirm(self, turn: LiveTurn) -> None:
        """The turn is meant: its client hears of it from now on."""
        turn.is_confirmed = True
        self._catch_up(turn)

    def _take(self, turn: LiveTurn, event: TurnEvent, pcm16: bytes | None) -> None:
        turn.backlog.append((event, pcm16))
        if isinstance(event, TranscriptReady):
            turn.transcript = event
            self._on_transcript(turn)
        if turn.transcript is not None and turn.cancelled is not None:
            self._end(turn, turn.cancelled)
            turn.cancelled = None
        self._catch_up(turn)

    def _catch_up(self, turn: LiveTurn) -> None:
        while turn.is_confirmed and turn.backlog:
            event, pcm16 = turn.backlog[0]
            is_of_reply = isinstance(event, ReplyDelta | AudioReady | SpeechFailed)
            if is_of_reply and not turn.is_replying:
                return  # Until `start`.
            is_of_question = isinstance(event, TranscriptReady) or is_unheard(turn)
            if turn.is_withheld and not is_of_question:
                return
            turn.backlog.pop(0)
            self._tell(turn, event, pcm16)

    def _tell(self, turn: LiveTurn, event: TurnEvent, pcm16: bytes | None) -> None:
        match event:
            case TranscriptReady() if turn.item_id:
                self._emit(
                    UserTranscribed(item_id=turn.item_id, text=event.text, language=event.language)
                )
            case FunctionCalled():
                call = FunctionCall(id=event.call_id, name=event.name, arguments=event.arguments)
                turn.calls.append(call)
            case ReplyDelta() if not turn.is_told_again:
                self._emit(ReplyText(turn_id=turn.id, text=event.text))
            case AudioReady():
                piece = Piece(
                    index=event.index,
                    text=event.text,
                    pcm16=pcm16 or b"",
                    audio_id=event.audio_id,
                )
                self._speak(turn, piece)
            case SpeechFailed():
                self._speak(turn, Piece(index=event.index, text="", pcm16=b""))
            case TurnFinished() | TurnFailed() | TurnCancelled():
                if isinstance(event, TurnFailed) and is_unheard(turn) and turn.item_id:
                    self._emit(
                        TranscriptionFailed(
                            item_id=turn.item_id, code=event.code, message=event.message
                        )
                    )
                self._finish(turn, event)

    def _speak(self, turn: LiveTurn, piece: Piece) -> None:
        for ready in turn.pieces.put(piece.index, piece):
            if ready.pcm16:
                self._send(turn, ready)

    def _send(self, turn: LiveTurn, piece: Piece) -> None:
        turn.sent.append(piece)
        turn.playback.send(piece.duration_ms)
        if self.is_held and self.can_hold and turn is self.current:
            turn.playback.hold()
        if turn.is_told_again:
            self._emit(ReplyText(turn_id=turn.id, text=piece.text))
        self._emit(
            ReplyAudio(
                turn_id=turn.id,
                index=piece.index,
                text=piece.text,
                pcm16=piece.pcm16,
                audio_id=piece.audio_id,
            )
        )
        if "sent" not in turn.stages:
            turn.stages["sent"] = time.time()
            self._emit(TurnTimings(turn_id=turn.id, stages=turn.timings_ms()))

    def _finish(self, turn: LiveTurn, end: TurnEnd) -> None:
        match end:
            case TurnFinished():
                if turn.calls and turn.is_replying and not (turn.is_told or turn.is_apart):
                    self._on_calls(turn)
                elif turn.has_own_input:
                    self._keep(turn, end.answer)
                text = turn.sent_text if turn.is_told_again else end.answer
                self._done(turn, "completed", text)
            case TurnFailed():
                self._done(turn, "failed", code=end.code, message=end.message)
            case TurnCancelled():
                self._cancelled(turn, end.heard or "", end.reason)

    def _cancelled(self, turn: LiveTurn, heard: str, why: CancelReason) -> None:
        reason: Literal["turn_detected", "client_cancelled"]
        reason = "turn_detected" if why == "interrupted" else "client_cancelled"
        heard = turn.heard_text if turn.is_told_again else heard
        self._done(turn, "cancelled", heard, reason=reason)

    def _done(
        self,
        turn: LiveTurn,
        status: Literal["completed", "cancelled", "failed"],
        text: str = "",
        *,
        reason: Literal["turn_detected", "client_cancelled"] | None = None,
        code: str = "",
        message: str = "",
    ) -> None:
        """Tell the reply's end, once, where the client knows of a reply."""
        if turn.is_replying and not turn.is_told:
            calls: tuple[FunctionCall, ...] = ()
            if status == "completed" and not turn.are_calls_told:
                calls, turn.are_calls_told = tuple(turn.calls), True
            self._emit(
                ReplyDone(
                    turn_id=turn.id,
                    status=status,
                    text=text,
                    is_cut=turn.written is not None and turn.written.finish_reason == "length",
                    reason=reason,
                    code=code,
                    message=message,
                    prompt_tokens=turn.written.prompt_tokens if turn.written else None,
                    completion_tokens=turn.written.completion_tokens if turn.written else None,
                    calls=calls,
                )
            )
        turn.is_told = True

    def _end(self, turn: LiveTurn, reason: CancelReason) -> str:
        is_read = turn.is_replying and not turn.is_spoken
        heard_ms = None if is_read else round(turn.heard_before_ms + turn.playback.heard_ms)
        return self._interrupt(turn, heard_ms, reason)

    def _interrupt(self, turn: LiveTurn, heard_ms: int | None, reason: CancelReason) -> str:
        heard = turn_control.interrupt(self._services, turn.id, heard_ms, reason)
        if turn.has_own_input:
            self._keep(turn, heard)
        return heard


def is_unheard(turn: LiveTurn) -> bool:
    """Return whether it was spoken, and its words are not known."""
    return turn.transcript is None and turn.end_ms is not None
