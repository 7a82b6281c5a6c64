"""The replies of a live session: begun, held, released, cut off, truncated."""

import soxr

from assistant.events import CancelReason
from speech.audio import Samples, decode_pcm16
from speech.turn_taking.echo import RATE_HZ
from workers import turn_control
from workers.live.events import (
    ReplyDone,
    ReplyHeld,
    ReplyReleased,
    ReplyStarted,
    ReplyText,
    ReplyTruncated,
)
from workers.live.live_turn import LiveTurn
from workers.live.telling import Telling, is_unheard
from workers.turn_store import REPLY_SAMPLE_RATE_HZ


class Replies(Telling):
    """All methods are called with the session's lock held."""

    @property
    def is_audible(self) -> bool:
        return self._heard_now is not None

    @property
    def _heard_now(self) -> LiveTurn | None:
        if self.current is not None and self.current.playback.is_audible:
            return self.current
        return next((turn for turn in self._apart.values() if turn.playback.is_audible), None)

    @property
    def is_making(self) -> bool:
        """Return whether a reply is being made, or begins as soon as the words are known."""
        return self.current is not None and not self.current.is_told

    def played(self, duration_ms: int) -> Samples:
        """Return the end of what the client has played, mono float32 at 16 kHz."""
        turn = self._heard_now or self.current
        pcm16 = turn.played(duration_ms) if turn else b""
        samples = decode_pcm16(pcm16, REPLY_SAMPLE_RATE_HZ).samples
        played: Samples = soxr.resample(samples, REPLY_SAMPLE_RATE_HZ, RATE_HZ, "QQ")
        return played

    @property
    def is_open(self) -> bool:
        """Return whether there is a reply that can be interrupted."""
        turn = self.current
        return turn is not None and (not turn.is_told or turn.playback.is_audible or self.is_held)

    def start(self, turn: LiveTurn, *, is_asked: bool = False) -> None:
        """Tell that there will be a reply."""
        if self.current is not turn:
            self.current, self.is_held = turn, False
        if not turn.is_replying:
            turn.is_replying = self.has_replied = True
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

    def ask_apart(self, turn: LiveTurn) -> None:
        """Tell the reply of a turn beside whatever else is told."""
        self._apart = {key: each for key, each in self._apart.items() if _is_under_way(each)}
        self._apart[turn.id] = turn
        turn.is_replying = True
        self._emit(ReplyStarted(turn_id=turn.id, item_id=None, is_asked=True, is_apart=True))
        self.follow(turn)

    @property
    def apart(self) -> list[str]:
        """The turns whose replies are being told beside the conversation."""
        return [turn.id for turn in self._apart.values() if not turn.is_told]

    def cancel_apart(self, turn_id: str) -> bool:
        """Return False where it is over, in making and in sound."""
        turn = self._apart.pop(turn_id, None)
        if turn is None or not _is_under_way(turn):
            return False
        written = turn_control.interrupt(self._services, turn_id, None, "cancelled")
        turn.is_withheld = True
        self._cancelled(turn, written, "cancelled")
        return True

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
        heard_ms = turn.playback.heard_ms
        rest = turn.unheard(heard_ms)
        turn.is_withheld = False
        turn.playback.rewind(0.0)
        turn.sent = []
        if not rest and turn.is_told and not turn.backlog:
            return  # All of it was heard.
        turn.heard_before_ms += heard_ms
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
        if is_unheard(turn):
            # Its words are not known yet, and must not be lost: it ends when they are.
            turn.cancelled = reason
            turn_control.hold(self._services, turn.id)
        else:
            heard = self._end(turn, reason)
        was_cut_off, turn.is_withheld = turn.is_withheld, True
        if was_cut_off:
            turn.is_told = True
        self._cancelled(turn, heard, reason)

    def truncate(self, turn_id: str, heard_ms: int) -> None:
        turn = self.current
        if turn is None or turn.id != turn_id:
            # An earlier one, of which the conversation keeps less from now on.
            heard = turn_control.interrupt(self._services, turn_id, heard_ms)
            self._emit(ReplyTruncated(turn_id=turn_id, text=heard))
            return
        turn.playback.report(min(heard_ms, turn.playback.sent_ms), is_playing=False)
        if self.is_held:
            # It may yet go on: only where, is known now.
            heard = "".join(piece.text for piece in turn.sent)
        else:
            heard_ms += round(turn.heard_before_ms)
            heard = self._interrupt(turn, heard_ms, "interrupted")
        self._emit(ReplyTruncated(turn_id=turn_id, text=heard))


def _is_under_way(turn: LiveTurn) -> bool:
    return not turn.is_told or turn.playback.is_audible
