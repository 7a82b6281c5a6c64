"""What a session's client is told of replies that are held, released, cut off and overtaken: what
becomes of the turns themselves is decided elsewhere, and nothing of it happens here."""

import threading
from types import SimpleNamespace
from typing import TypeVar, cast

import pytest

from assistant.events import (
    AudioReady,
    FunctionCalled,
    ReplyDelta,
    TranscriptReady,
    TurnEvent,
    TurnFinished,
)
from workers.live import replies as replies_module
from workers.live import telling
from workers.live.events import (
    LiveEvent,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyReleased,
    ReplyStarted,
    ReplyText,
    ReplyTruncated,
)
from workers.live.live_turn import LiveTurn
from workers.live.playback import Playback
from workers.live.replies import Replies
from workers.services import Services
from workers.turn_store import REPLY_SAMPLE_RATE_HZ, TurnRequest

T = TypeVar("T")
FIRST, SECOND = "First sentence. ", "Second sentence."


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Rig:
    """Replies whose turns do what a test says, by a clock that it moves."""

    def __init__(self, *, can_hold: bool) -> None:
        self.clock = Clock()
        self.told: list[LiveEvent] = []
        self.rounds: list[str] = []
        self.replies = Replies(
            cast(Services, SimpleNamespace(settings=SimpleNamespace(turn_timeout_s=60))),
            threading.RLock(),
            self.told.append,
            on_transcript=lambda turn: None,
            on_calls=lambda turn: self.rounds.append(turn.id),
            keep=lambda turn, text: None,
        )
        self.replies.can_hold = can_hold

    def turn(self, turn_id: str = "t", *, is_spoken: bool = True, item_id: str = "u") -> LiveTurn:
        return LiveTurn(
            id=turn_id,
            item_id=item_id,
            request=TurnRequest(conversation_id="c", user_id="anna", question="Hi?"),
            is_confirmed=True,
            is_spoken=is_spoken,
            is_followed=True,
            playback=Playback(self.clock),
        )

    def ask(self, turn: LiveTurn, *events: TurnEvent) -> LiveTurn:
        self.replies.ask(turn)
        return self.take(turn, *events)

    def take(self, turn: LiveTurn, *events: TurnEvent) -> LiveTurn:
        for event in events:
            if isinstance(event, TurnFinished):
                turn.end = event
            pcm16 = bytes(2 * REPLY_SAMPLE_RATE_HZ) if isinstance(event, AudioReady) else None
            self.replies._take(turn, event, pcm16)
        return turn

    def pass_s(self, seconds: float) -> None:
        self.clock.now_s += seconds

    def cough(self) -> None:
        """As the session does where somebody may be interrupting, and was not."""
        self.replies.hold()
        if not self.replies.can_hold:
            self.replies.cut_off_for_client()

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.told if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The turns that are interrupted, of which all is said to have been heard."""
    ids: list[str] = []

    def interrupt(services: object, turn_id: str, *arguments: object) -> str:
        ids.append(turn_id)
        return "all of it"

    control = SimpleNamespace(
        hold=lambda *arguments: True, release=lambda *arguments: True, interrupt=interrupt
    )
    monkeypatch.setattr(replies_module, "turn_control", control)
    monkeypatch.setattr(telling, "turn_control", control)
    return ids


def text(text: str) -> ReplyDelta:
    return ReplyDelta(turn_id="t", text=text)


def sound(index: int, text: str) -> AudioReady:
    """Of one second."""
    return AudioReady(
        turn_id="t", index=index, audio_id=f"t.{index}", text=text, voice="v", duration_s=1.0
    )


def end(answer: str) -> TurnFinished:
    return TurnFinished(turn_id="t", answer=answer, source="model", has_audio=True)


CALL = FunctionCalled(turn_id="t", call_id="1", name="light", arguments="{}")


def test_the_rest_after_a_false_alarm_does_not_call_again() -> None:
    rig = Rig(can_hold=False)
    rig.ask(rig.turn(), text(FIRST), CALL, sound(0, FIRST), end(FIRST))
    rig.pass_s(0.4)
    rig.cough()
    rig.replies.release()
    assert [(done.status, len(done.calls)) for done in rig.of(ReplyDone)] == [
        ("completed", 1),
        ("completed", 0),
    ]
    assert rig.rounds == ["t"]


def test_calls_that_come_while_a_typed_turns_reply_is_held_are_told_after_it() -> None:
    rig = Rig(can_hold=False)
    turn = rig.ask(rig.turn(), text(FIRST), sound(0, FIRST))
    rig.pass_s(0.4)
    rig.cough()
    told = len(rig.told)
    rig.take(turn, CALL, end(FIRST))
    assert rig.told[told:] == [], "the response before is over, to its client"
    rig.replies.release()
    *_, done = rig.of(ReplyDone)
    assert (done.status, [call.id for call in done.calls]) == ("completed", ["1"])
    assert len(rig.of(ReplyStarted)) == 2
    assert rig.rounds == ["t"]


def test_the_words_of_a_turn_that_is_withheld_are_still_told() -> None:
    rig = Rig(can_hold=False)
    turn = rig.turn()
    turn.end_ms = 900
    turn.is_withheld = turn.is_replying = True
    said = TranscriptReady(
        turn_id="t", text="Hi?", language="en", language_probability=1, no_speech=False
    )
    rig.take(turn, said, text(FIRST))
    assert [type(event).__name__ for event in rig.told] == ["UserTranscribed"]


def test_the_text_of_the_rest_after_a_false_alarm_is_that_of_its_sound() -> None:
    rig = Rig(can_hold=False)
    turn = rig.ask(rig.turn(), text(FIRST), text(SECOND), sound(0, FIRST))
    rig.pass_s(1.0)
    rig.cough()
    rig.replies.release()
    # All was written ahead; a third sentence is written now.
    rig.take(turn, text(" Third."), sound(1, SECOND), sound(2, " Third."))
    rig.take(turn, end(FIRST + SECOND + " Third."))
    first, second = rig.of(ReplyDone)
    assert (first.status, first.text) == ("cancelled", FIRST.strip())
    assert (second.status, second.text) == ("completed", SECOND + " Third.")
    again = rig.told[rig.told.index(rig.of(ReplyStarted)[1]) :]
    assert "".join(each.text for each in again if isinstance(each, ReplyText)) == second.text
    assert "".join(each.text for each in again if isinstance(each, ReplyAudio)) == second.text


def test_the_rest_that_is_cut_off_for_good_ends_with_what_of_it_was_heard() -> None:
    rig = Rig(can_hold=False)
    turn = rig.ask(rig.turn(), text(FIRST + SECOND), sound(0, FIRST))
    rig.pass_s(1.0)
    rig.cough()
    rig.replies.release()
    rig.take(turn, sound(1, SECOND))
    rig.pass_s(0.5)
    rig.replies.interrupt()
    assert rig.of(ReplyDone)[-1].text == SECOND[:8]


def test_a_truncation_in_doubt_tells_what_was_heard() -> None:
    rig = Rig(can_hold=False)
    rig.ask(rig.turn(), text(FIRST + SECOND), sound(0, FIRST), sound(1, SECOND))
    rig.cough()
    rig.replies.truncate("t", 1_000)
    assert rig.of(ReplyTruncated)[0].text == FIRST.strip()


@pytest.mark.parametrize("is_spoken", [True, False])
def test_a_reply_that_still_plays_is_heard_while_the_next_is_made(is_spoken: bool) -> None:
    rig = Rig(can_hold=True)
    earlier = rig.ask(rig.turn(), *(sound(n, FIRST) for n in range(5)), CALL, end(5 * FIRST))
    rig.pass_s(0.5)
    turn = rig.ask(rig.turn("next", is_spoken=is_spoken))
    assert rig.replies.is_audible and rig.replies.interruptible is turn
    assert len(rig.replies.played(400)) == 400 * 16
    rig.replies.hold()
    rig.pass_s(60)
    rig.replies.release()
    assert [held.turn_id for held in rig.of(ReplyHeld)] == ["t"]
    assert [released.turn_id for released in rig.of(ReplyReleased)] == ["t"]
    assert earlier.playback.heard_ms == 500
    rig.pass_s(4.4)
    assert rig.replies.is_audible
    rig.pass_s(0.5)
    assert not rig.replies.is_audible
    assert not rig.of(ReplyDone)[1:], "the next reply goes on"


def test_a_reply_is_heard_after_the_one_before() -> None:
    rig = Rig(can_hold=True)
    rig.ask(rig.turn(), sound(0, FIRST), sound(1, SECOND), end(FIRST + SECOND))
    rig.pass_s(0.5)
    turn = rig.ask(rig.turn("next"), sound(0, FIRST), end(FIRST))
    rig.pass_s(1.0)
    assert turn.playback.heard_ms == 0
    rig.pass_s(1.0)
    assert turn.playback.heard_ms == 500
    assert rig.replies.is_audible and rig.replies._heard_now is turn


def test_a_client_that_cannot_hold_gets_the_rest_of_both_again() -> None:
    rig = Rig(can_hold=False)
    rig.ask(rig.turn(), sound(0, FIRST), sound(1, SECOND), end(FIRST + SECOND))
    rig.pass_s(1.0)
    turn = rig.ask(rig.turn("next"), text("Third."))
    rig.cough()
    rig.replies.release()
    rig.take(turn, sound(0, "Third."), end("Third."))
    started = [event.turn_id for event in rig.of(ReplyStarted)]
    assert started == ["t", "next", "t", "next"]
    ends = [(done.turn_id, done.status, done.text) for done in rig.of(ReplyDone)]
    assert ends == [
        ("t", "completed", FIRST + SECOND),
        ("next", "cancelled", ""),
        ("t", "completed", SECOND),
        ("next", "completed", "Third."),
    ]


def test_a_written_reply_goes_on_through_a_false_alarm_over_the_sound_before_it() -> None:
    rig = Rig(can_hold=False)
    rig.ask(rig.turn(), sound(0, FIRST), sound(1, SECOND), end(FIRST + SECOND))
    rig.pass_s(1.0)
    turn = rig.ask(rig.turn("next", is_spoken=False), text("Third."))
    rig.cough()
    rig.take(turn, text(" Fourth."), end("Third. Fourth."))
    rig.replies.release()
    ends = [(done.turn_id, done.text) for done in rig.of(ReplyDone)]
    assert ends == [("t", FIRST + SECOND), ("next", "Third. Fourth."), ("t", SECOND)]


def test_who_interrupts_ends_the_sound_of_both(ended: list[str]) -> None:
    rig = Rig(can_hold=True)
    rig.ask(rig.turn(), sound(0, FIRST), sound(1, SECOND), end(FIRST + SECOND))
    rig.pass_s(0.5)
    rig.ask(rig.turn("next"))
    rig.replies.interrupt()
    assert (ended, rig.of(ReplyDone)[-1].status) == (["next"], "cancelled")
    assert not rig.replies.is_audible


def test_a_reply_that_is_asked_for_in_doubt_leaves_the_sound_before_it_held() -> None:
    rig = Rig(can_hold=True)
    earlier = rig.ask(rig.turn(), sound(0, FIRST), sound(1, SECOND), end(FIRST + SECOND))
    rig.pass_s(0.5)
    rig.replies.hold()
    turn = rig.ask(rig.turn("next"), sound(0, "Third."), end("Third."))
    rig.pass_s(5.0)
    assert (earlier.playback.heard_ms, turn.playback.heard_ms) == (500, 0)
    rig.replies.release()
    assert len(rig.of(ReplyReleased)) == 1
    rig.pass_s(2.0)
    assert (earlier.playback.heard_ms, turn.playback.heard_ms) == (2_000, 500)
