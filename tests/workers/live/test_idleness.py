"""Nobody says anything to a reply: after the time that the client has set, the assistant does."""

import time
from pathlib import Path

import pytest

from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import say
from tests.workers.conftest import Build, Work
from tests.workers.live.room import QUESTION, Room, plain, prompts, room
from workers.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    UserCommitted,
    UserSaidNothing,
    UserTranscribed,
)
from workers.live.idleness import CUES, Idleness

TIMEOUT_MS = 1_500
IDLE = {"idle_timeout_ms": TIMEOUT_MS, "turn_taking": TurnTaking(mode="server_vad")}


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_silence_is_told_once_it_has_lasted_and_then_begins_anew() -> None:
    clock = Clock()
    idleness = Idleness(clock)
    assert idleness.after(5_000, 1_000) is None
    clock.now_s += 4.9
    assert idleness.after(5_000, 5_900) is None
    clock.now_s += 0.2
    assert idleness.after(5_000, 6_100) == 1_000
    assert idleness.after(5_000, 6_200) is None
    clock.now_s += 5.1
    assert idleness.after(5_000, 11_300) == 6_200


def test_whatever_happens_in_between_ends_the_silence() -> None:
    clock = Clock()
    idleness = Idleness(clock)
    idleness.after(5_000, 0)
    clock.now_s += 4.9
    idleness.after(None, 4_900)
    clock.now_s += 4.9
    assert idleness.after(5_000, 9_800) is None
    clock.now_s += 5.1
    assert idleness.after(5_000, 14_900) == 9_800


def end_of_sound(it: Room) -> float:
    """Return when the first reply's sound was played to its end."""
    (first,) = {each.turn_id for each in it.of(ReplyAudio)}
    sounds = [
        (at, len(event.pcm16) / 48_000)
        for at, event in it.told
        if isinstance(event, ReplyAudio) and event.turn_id == first
    ]
    ends = 0.0
    for at, duration_s in sounds:
        ends = max(ends, at) + duration_s
    return ends


def test_the_assistant_speaks_up_when_its_reply_was_played_and_nobody_answers(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["There are seven days in a week."], ["Are you still there?"])
    with work(services), room(services, **IDLE) as it:
        time.sleep(2.5)
        assert not it.told, "before the first reply nothing is waited for"
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(ReplyDone))
        played_at = end_of_sound(it)
        it.until(lambda: it.of(UserSaidNothing))
        waited_s = it.at(UserSaidNothing) - played_at
        print(f"spoke up {waited_s:.2f} s after the reply was played")
        it.until(lambda: len(it.of(ReplyDone)) > 1)
    # The clock looks four times a second; a client may play 0.3 s later than it was sent to.
    assert TIMEOUT_MS / 1000 <= waited_s < TIMEOUT_MS / 1000 + 0.9
    silent = it.of(UserSaidNothing)[0]
    assert abs(silent.end_ms - silent.start_ms - TIMEOUT_MS) < 400
    names = it.names()
    since = names[names.index("UserSaidNothing") :]
    assert since[:4] == ["UserSaidNothing", "UserCommitted", "UserTranscribed", "ReplyStarted"]
    assert it.of(UserCommitted)[1].item_id == silent.item_id
    assert it.of(UserCommitted)[1].heard_ms == (silent.start_ms, silent.end_ms)
    assert it.of(UserTranscribed)[1].text == ""
    assert it.of(ReplyDone)[1].text == "Are you still there?"
    assert prompts(services)[1][-1] == CUES["en"]


@pytest.mark.parametrize("settings", [{}, IDLE | {"replies_by_itself": False}])
def test_without_a_timeout_or_replies_it_does_not(
    build: Build, work: Work, settings: dict[str, object]
) -> None:
    services = plain(build, ["Good evening."])
    with work(services), room(services, is_silent=True, **settings) as it:
        it.session.say("Good evening")
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        time.sleep(4)
    assert len(it.of(ReplyStarted)) == 1


def test_a_client_without_a_microphone_is_asked_in_its_users_language(
    build: Build, work: Work
) -> None:
    services = plain(build, ["一周有七天。"], ["你还在吗？"])
    settings = IDLE | {"language": None, "speaks": False}
    with work(services), room(services, is_silent=True, **settings) as it:
        it.session.say("一周有几天？")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) > 1)
    assert prompts(services)[1][-1] == CUES["zh"]
    # Whatever the client gives to the response that it asks for meanwhile is not taken by this.
    assert [event.is_asked for event in it.of(ReplyStarted)] == [True, False]
    silent = it.of(UserSaidNothing)[0]
    assert (silent.start_ms, silent.end_ms) == (0, 0)
