"""The replies of a live session: followed as they are made, told in order, held, cut off."""

import threading
import time
from collections.abc import Callable
from typing import Literal

import soxr

from assistant.events import (
    AudioReady,
    CancelReason,
    ReplyDelta,
    SpeechFailed,
    TranscriptReady,
    TurnCancelled,
    TurnEnd,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from speech.audio import Samples, decode_pcm16
from speech.turn_taking.echo import RATE_HZ
from workers import turn_control
from workers.live.events import (
    LiveEvent,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyReleased,
    ReplyStarted,
    ReplyText,
    ReplyTruncated,
    TranscriptionFailed,
    TurnTimings,
    UserTranscribed,
)
from workers.live.following import Following
from workers.live.live_turn import LiveTurn, Piece
from workers.services import Services
from workers.turn_store import REPLY_SAMPLE_RATE_HZ


class Replies:
    """All methods are called with the session's lock held."""

    def __init__(
        self,
        services: Services,
        lock: threading.RLock,
        emit: Callable[[LiveEvent], None],
        on_transcript: Callable[[LiveTurn], None],
    ) -> None:
        """`on_transcript` is called once the words of a turn are known, provisional or not."""
        self._services = services
        self._emit = emit
        self._following = Following(services, lock, self._take)
        self._on_transcript = on_transcript
        self.can_hold = False
        self.current: LiveTurn | None = None
        """Whose reply is being made, or heard, or was the last."""
        self.is_held = False

    @property
    def is_audible(self) -> bool:
        return self.current is not None and self.current.playback.is_audible

    @property
    def is_making(self) -> bool:
        """Return whether a reply is being made, or begins as soon as the words are known."""
        return self.current is not None and not self.current.is_told

    def played(self, duration_ms: int) -> Samples:
        """Return the end of what the client has played, mono float32 at 16 kHz."""
        pcm16 = self.current.played(duration_ms) if self.current else b""
        samples = decode_pcm16(pcm16, REPLY_SAMPLE_RATE_HZ).samples
        played: Samples = soxr.resample(samples, REPLY_SAMPLE_RATE_HZ, RATE_HZ, "QQ")
        return played

    @property
    def is_open(self) -> bool:
        """Return whether there is a reply that can be interrupted."""
        turn = self.current
        return turn is not None and (not turn.is_told or turn.playback.is_audible or self.is_held)

    def follow(self, turn: LiveTurn) -> None:
        self._following.follow(turn)

    def confirm(self, turn: LiveTurn) -> None:
        """The turn is meant: its client hears of it from now on."""
        turn.is_confirmed = True
        self._catch_up(turn)

    def start(self, turn: LiveTurn, *, is_asked: bool = False) -> None:
        """Tell that there will be a reply."""
        if self.current is not turn:
            self.current, self.is_held = turn, False
        if not turn.is_replying:
            turn.is_replying = True
            self._emit(
                ReplyStarted(turn_id=turn.id, item_id=turn.item_id or None, is_asked=is_asked)
            )
            self._catch_up(turn)

    def ask(self, turn: LiveTurn) -> None:
        """The client wants the reply of a turn that was waiting for that, or of a typed one."""
        turn.is_waiting = False
        has_ended, turn.is_told = turn.is_told, False
        self.start(turn, is_asked=True)
        if has_ended and turn.end is not None:
            self._finish(turn, turn.end)  # Nothing was said in it, or it was not understood.
        elif turn.end is None:
            self.follow(turn)

    def leave(self, turn: LiveTurn) -> None:
        """The turn has no reply, and never will: only its words are part of the conversation."""
        turn.is_waiting = False
        if turn.transcript is not None:
            self._end(turn, "interrupted")
            return
        turn.cancelled = "interrupted"
        turn_control.hold(self._services, turn.id)
        # In line before the next turn, whose reply so waits for these words.
        turn_control.begin_reply(self._services, turn.id)

    def hold(self) -> None:
        """Somebody may be interrupting: stop the sound, and what makes it."""
        turn = self.current
        if turn is None or self.is_held:
            return
        self.is_held = True
        turn.playback.hold()
        if self.can_hold:
            self._emit(ReplyHeld(turn_id=turn.id))
        else:
            turn.is_withheld = True
        turn_control.hold(self._services, turn.id)

    def release(self) -> None:
        """It was nothing: the reply goes on where it stopped."""
        turn = self.current
        if turn is None or not self.is_held:
            return
        self.is_held = False
        turn_control.release(self._services, turn.id)
        if self.can_hold and not turn.is_withheld:
            turn.playback.resume()
            self._emit(ReplyReleased(turn_id=turn.id))
            return
        rest = turn.unheard(turn.playback.heard_ms)
        turn.is_withheld = False
        turn.playback.rewind(0.0)
        turn.sent = []
        if not rest and turn.is_told and not turn.backlog:
            return  # All of it was heard.
        was_told, turn.is_told = turn.is_told, False
        self._emit(ReplyStarted(turn_id=turn.id, item_id=turn.item_id or None))
        for piece in rest:
            self._emit(ReplyText(turn_id=turn.id, text=piece.text))
            self._send(turn, piece)
        self._catch_up(turn)
        if was_told and not turn.is_told:
            self._done(turn, "completed", "".join(piece.text for piece in rest))

    def cut_off_for_client(self) -> None:
        """For a client that cannot hold: the sound ends here, and may come again."""
        turn = self.current
        if turn is not None and not turn.is_told and turn.is_replying:
            self._emit(
                ReplyDone(turn_id=turn.id, status="cancelled", text="", reason="turn_detected")
            )

    def interrupt(self, reason: CancelReason = "interrupted") -> None:
        """End the reply for good; the conversation keeps what was heard of it."""
        turn = self.current
        if turn is None:
            return
        self.is_held = False
        turn.playback.hold()
        heard = ""
        if _is_unheard(turn):
            # Its words are not known yet, and must not be lost: it ends when they are.
            turn.cancelled = reason
            turn_control.hold(self._services, turn.id)
        else:
            heard = self._end(turn, reason)
        was_cut_off, turn.is_withheld = turn.is_withheld, True
        if was_cut_off:
            turn.is_told = True
        self._cancelled(turn, heard, reason)

    def _end(self, turn: LiveTurn, reason: CancelReason) -> str:
        is_read = turn.is_replying and not turn.is_spoken
        heard_ms = None if is_read else round(turn.playback.heard_ms)
        return turn_control.interrupt(self._services, turn.id, heard_ms, reason)

    def truncate(self, turn_id: str, heard_ms: int) -> None:
        turn = self.current
        if turn is None or turn.id != turn_id:
            return
        turn.playback.report(min(heard_ms, turn.playback.sent_ms), is_playing=False)
        if self.is_held:
            # It may yet go on: only where, is known now.
            heard = "".join(piece.text for piece in turn.sent)
        else:
            reason: CancelReason = "interrupted"
            heard = turn_control.interrupt(self._services, turn.id, heard_ms, reason)
        self._emit(ReplyTruncated(turn_id=turn_id, text=heard))

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
            is_of_question = isinstance(event, TranscriptReady) or turn.transcript is None
            if turn.is_withheld and not is_of_question:
                return
            turn.backlog.pop(0)
            self._tell(turn, event, pcm16)

    def _tell(self, turn: LiveTurn, event: TurnEvent, pcm16: bytes | None) -> None:
        match event:
            case TranscriptReady():
                self._emit(
                    UserTranscribed(item_id=turn.item_id, text=event.text, language=event.language)
                )
            case ReplyDelta():
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
                if isinstance(event, TurnFailed) and _is_unheard(turn):
                    self._emit(
                        TranscriptionFailed(
                            item_id=turn.item_id, code=event.code, message=event.message
                        )
                    )
                self._finish(turn, event)

    def _speak(self, turn: LiveTurn, piece: Piece) -> None:
        turn.pieces[piece.index] = piece
        for ready in turn.take_ready():
            self._send(turn, ready)

    def _send(self, turn: LiveTurn, piece: Piece) -> None:
        turn.sent.append(piece)
        turn.playback.send(piece.duration_ms)
        if self.is_held:
            turn.playback.hold()
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
                self._done(turn, "completed", end.answer)
            case TurnFailed():
                self._done(turn, "failed", code=end.code, message=end.message)
            case TurnCancelled():
                self._cancelled(turn, end.heard or "", end.reason)

    def _cancelled(self, turn: LiveTurn, heard: str, why: CancelReason) -> None:
        reason: Literal["turn_detected", "client_cancelled"]
        reason = "turn_detected" if why == "interrupted" else "client_cancelled"
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
            self._emit(
                ReplyDone(
                    turn_id=turn.id,
                    status=status,
                    text=text,
                    reason=reason,
                    code=code,
                    message=message,
                    prompt_tokens=turn.written.prompt_tokens if turn.written else None,
                    completion_tokens=turn.written.completion_tokens if turn.written else None,
                )
            )
        turn.is_told = True


def _is_unheard(turn: LiveTurn) -> bool:
    """Return whether it was spoken, and its words are not known."""
    return turn.transcript is None and turn.end_ms is not None
