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
        turns = (*self._own, *self._apart.values())
        return next((turn for turn in turns if turn.playback.is_audible), None)

    @property
    def _own(self) -> list[LiveTurn]:
        """Return the conversation's replies that may be heard, in their order."""
        return [*self._earlier, *([self.current] if self.current else [])]

    def find(self, turn_id: str) -> LiveTurn | None:
        """Return that turn if its reply may be heard now."""
        return next((turn for turn in self._own if turn.id == turn_id), None)

    @property
    def interruptible(self) -> LiveTurn | None:
        """Return the reply that somebody who speaks now interrupts; others may play before it."""
        audible = any(turn.playback.is_audible for turn in self._earlier)
        return self.current if self.is_open or audible else None

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

    def follow_on(self, turn: LiveTurn) -> None:
        """Have it be the current one; what is still played of those before is heard to its end."""
        if self.current is turn:
            return
        self._earlier = [each for each in self._own if self._is_unheard(each)]
        if self._earlier:
            turn.playback.after = self._earlier[-1].playback
        self.current = turn

    def _is_unheard(self, turn: LiveTurn) -> bool:
        playback = turn.playback
        return playback.is_audible or (self.is_held and playback.heard_ms < playback.sent_ms)

    def start(self, turn: LiveTurn, *, is_asked: bool = False) -> None:
        """Tell that there will be a reply."""
        self.follow_on(turn)
        if not turn.is_replying:
            turn.is_replying = self.has_replied = True
            self._emit(
                ReplyStarted(turn_id=turn.id, item_id=turn.item_id or None, is_asked=is_asked)
            )
            self._catch_up(turn)

    def ask(self, turn: LiveTurn, *, is_asked: bool = True) -> None:
        """Tell the reply of a turn that was waiting for that, or of a typed one.

        `is_asked`: the client wants it; else it comes by itself.
        """
        turn.is_waiting = False
        has_ended, turn.is_told = turn.is_told, False
        self.start(turn, is_asked=is_asked)
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
        self._earlier = [each for each in self._earlier if each.playback.is_audible]
        for each in self._own:
            each.playback.hold()
        if self.can_hold:
            self._emit(ReplyHeld(turn_id=self._own[0].id))
        elif turn.is_spoken:
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
            for each in self._own:
                each.playback.resume()
            self._emit(ReplyReleased(turn_id=self._own[0].id))
            return
        for each in self._own:
            if each.is_withheld or each is not turn:
                self._tell_again(each)

    def _tell_again(self, turn: LiveTurn) -> None:
        """For a client that cannot hold: the rest comes as a response of its own."""
        turn.is_withheld = False
        if not turn.is_replying:
            return
        heard_ms = turn.playback.heard_ms
        rest = turn.unheard(heard_ms)
        turn.playback.rewind(0.0)
        turn.sent = []
        if not rest and turn.is_told and not turn.backlog:
            return  # All of it was heard.
        turn.heard_before_ms += heard_ms
        turn.is_told_again = True
        was_told, turn.is_told = turn.is_told, False
        self._emit(ReplyStarted(turn_id=turn.id, item_id=turn.item_id or None))
        for piece in rest:
            self._send(turn, piece)
        self._catch_up(turn)
        if was_told and not turn.is_told:
            self._done(turn, "completed", turn.sent_text)

    def cut_off_for_client(self) -> None:
        """For a client that cannot hold: the sound ends here, and may come again."""
        turn = self.current
        if turn is not None and turn.is_spoken and turn.is_replying and not turn.is_told:
            heard = turn.heard_text
            self._emit(
                ReplyDone(turn_id=turn.id, status="cancelled", text=heard, reason="turn_detected")
            )

    def interrupt(self, reason: CancelReason = "interrupted") -> None:
        """End the reply for good; the conversation keeps what was heard of it.

        What still plays of earlier ones ends, too: how much of them was heard, their client says.
        """
        for earlier in self._earlier:
            earlier.playback.hold()
        self._earlier = []
        turn = self.current
        if turn is None or not self.is_open:
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
        turn = self.find(turn_id)
        if turn is None:
            # An earlier one, of which the conversation keeps less from now on.
            heard = turn_control.interrupt(self._services, turn_id, heard_ms)
            self._emit(ReplyTruncated(turn_id=turn_id, text=heard))
            return
        turn.playback.report(min(heard_ms, turn.playback.sent_ms), is_playing=False)
        if self.is_held:
            # It may yet go on: only where, is known now.
            heard = turn.heard_text
        else:
            heard_ms += round(turn.heard_before_ms)
            heard = self._interrupt(turn, heard_ms, "interrupted")
        self._emit(ReplyTruncated(turn_id=turn_id, text=heard))


def _is_under_way(turn: LiveTurn) -> bool:
    return not turn.is_told or turn.playback.is_audible
