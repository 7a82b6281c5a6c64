"""`interrupt_response: false`: what the user says meanwhile waits."""

import time
from pathlib import Path

from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import say
from tests.workers.conftest import Build, Work
from tests.workers.live.room import QUESTION, plain, prompts, room
from workers.live.events import (
    ReplyDone,
    ReplyStarted,
    ReplyText,
    UserSpeechStarted,
    UserTranscribed,
)

STEADY = TurnTaking(mode="server_vad", can_be_interrupted=False)


def test_a_reply_that_makes_no_sound_yet_is_not_interrupted(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["It is ", 6.0, "late."], ["Seven."])
    with work(services), room(services, turn_taking=STEADY, speaks=False) as it:
        it.session.say("Is it late?")
        it.session.respond()
        it.until(lambda: it.of(ReplyText))
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(UserTranscribed))
        assert [event.interrupted for event in it.of(UserSpeechStarted)] == [None]
        it.until(lambda: it.of(ReplyDone))
        time.sleep(0.5)
        assert [(done.status, done.text) for done in it.of(ReplyDone)] == [
            ("completed", "It is late.")
        ]
        assert len(it.of(ReplyStarted)) == 1, "no second one at once"
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)
    assert prompts(services)[-1][-1] == QUESTION
    assert it.kept() == [("Is it late?", "It is late."), (QUESTION, "Seven.")]


def test_what_is_said_once_the_reply_is_made_is_answered(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."], ["Fourteen."])
    with work(services), room(services, turn_taking=STEADY, speaks=False) as it:
        for number in (1, 2):
            it.say(say(models, QUESTION))
            it.until(lambda number=number: len(it.of(ReplyDone)) == number)
    assert [done.text for done in it.of(ReplyDone)] == ["Seven.", "Fourteen."]
