"""A live session with real ears, real Redis, real tasks, real Whisper and voice; only the model is
scripted, and the microphone is paced as a real one is."""

import time
from pathlib import Path

import numpy as np
import pytest

from bench.turn_sounds import echo
from speech.audio import Audio, decode_pcm16
from speech.decoding import resample
from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import RATE_HZ, say, silence
from tests.workers.conftest import Build, Work
from tests.workers.live.room import CHUNK, QUESTION, STORY, plain, room
from workers.heard import heard_text
from workers.live.answering import TurnInProgressError
from workers.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyReleased,
    ReplyStarted,
    ReplyText,
    ReplyTruncated,
    UserCommitted,
    UserSpeechStarted,
    UserTranscribed,
)
from workers.live.session import warm_up
from workers.turn_state import load_state


def test_a_question_is_answered_in_writing_and_aloud(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["There are ", "seven days in it. ", "Shall I name them?"])
    with work(services), room(services) as it:
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(ReplyDone))
    (item,) = it.of(UserCommitted)
    assert it.of(UserTranscribed)[0].text == QUESTION
    (started,) = it.of(ReplyStarted)
    assert started.item_id == item.item_id
    assert "".join(each.text for each in it.of(ReplyText)) == it.of(ReplyDone)[0].text
    assert [each.index for each in it.of(ReplyAudio)] == [0, 1]
    names = it.names()
    order = ["UserSpeechStarted", "UserSpeechStopped", "UserCommitted", "ReplyStarted", "ReplyDone"]
    assert [name for name in names if name in order] == order
    assert it.kept() == [(QUESTION, "There are seven days in it. Shall I name them?")]


def test_a_reply_that_comes_back_from_a_loudspeaker_does_not_interrupt_itself(
    build: Build, work: Work, models: Path
) -> None:
    reply = "There are seven days in a week. The first of them is Monday, and the last is Sunday. "
    services = plain(build, [reply])
    with work(services), room(services) as it:
        it.say(say(models, QUESTION))
        for number in range(2):
            it.until(lambda number=number: len(it.of(ReplyAudio)) > number)
            pcm16 = it.of(ReplyAudio)[number].pcm16
            it.say(echo(resample(decode_pcm16(pcm16, 24_000), RATE_HZ).samples))
        it.until(lambda: it.is_silent and it.of(ReplyDone))
        time.sleep(1)
    assert [done.status for done in it.of(ReplyDone)] == ["completed"]
    assert len(it.of(UserSpeechStarted)) == 1
    assert not it.of(ReplyHeld)
    assert it.kept() == [(QUESTION, reply.strip())]


def test_a_pause_in_the_middle_is_no_end_and_its_guess_leaves_nothing(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."], ["Seven."])
    first, second = say(models, "How many days"), say(models, "are there in a week?")
    patient = TurnTaking(mode="server_vad", silence_duration_ms=1200)
    with work(services), room(services, turn_taking=patient) as it:
        it.say(np.concatenate([first, silence(0.3), second]))
        it.until(lambda: it.of(ReplyDone))
    assert len(it.of(UserCommitted)) == 1
    assert len(it.of(ReplyStarted)) == 1
    assert "week" in it.of(UserTranscribed)[0].text
    assert len(it.kept()) == 1


def test_sound_that_is_late_in_the_middle_of_a_word_is_waited_for(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."], ["Seven."])
    warm_up(services)
    question = say(models, QUESTION)
    half = len(question) // 2
    loudest = half + int(np.abs(question[half : half + RATE_HZ // 4]).argmax())
    with work(services), room(services, turn_taking=TurnTaking(mode="server_vad")) as it:
        it.say(question)
        it.until(lambda: it.of(UserSpeechStarted) and it.n_pending < len(question) - loudest)
        it.stalls_until_s = time.monotonic() + 1.2
        it.until(lambda: it.of(ReplyDone))
    assert len(it.of(UserSpeechStarted)) == 1
    assert [question for question, _ in it.kept()] == [QUESTION]


def test_a_voice_stops_the_reply_and_only_what_was_heard_is_kept(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, STORY, *3 * [["Very well."]])  # More for guesses that are wrong.
    with work(services), room(services) as it:
        it.say(say(models, "Please tell me a story."))
        it.until(lambda: it.of(ReplyAudio))
        time.sleep(1.5)
        # Without a pause at which it might be two turns, and higher than the reply, which in the
        # same voice may be taken for its echo.
        words = Audio(say(models, "Please stop and sing me a song today instead."), RATE_HZ)
        voice_s = it.say(resample(words, RATE_HZ * 7 // 8).samples)
        it.until(lambda: it.of(ReplyHeld))
        print(f"held {it.at(ReplyHeld) - voice_s:.3f} s after the voice began")
        it.until(lambda: len(it.of(UserSpeechStarted)) == 2)
        interrupted = it.of(UserSpeechStarted)[1].interrupted
        it.until(lambda: len(it.of(ReplyDone)) == 2)
    story, answer = it.of(ReplyDone)
    assert (story.turn_id, story.status, story.reason) == (
        interrupted,
        "cancelled",
        "turn_detected",
    )
    assert answer.status == "completed"
    (_, heard), (_, reply) = it.kept()
    assert heard.startswith("This is sentence number 0") and "number 5" not in heard
    assert story.text == heard
    assert reply == "Very well."
    assert it.at(ReplyHeld) - voice_s < 1.0


@pytest.mark.parametrize("can_hold", [True, False])
def test_after_a_false_alarm_the_reply_goes_on_where_it_stopped(
    build: Build, work: Work, models: Path, can_hold: bool
) -> None:
    services = plain(build, STORY, ["And this is its last sentence."])
    with work(services), room(services, can_hold=can_hold) as it:
        it.say(say(models, "Please tell me a story."))
        it.until(lambda: it.of(ReplyAudio))
        time.sleep(1.0)
        it.say(say(models, "Okay."))
        if can_hold:
            it.until(lambda: it.of(ReplyHeld))
            it.until(lambda: it.of(ReplyReleased))
        else:
            it.until(lambda: len(it.of(ReplyStarted)) == 2)
        it.until(lambda: it.of(ReplyDone) and it.of(ReplyDone)[-1].status == "completed")
    assert len(it.of(UserCommitted)) == 1, "the word was no turn"
    _, answer = it.kept()[0]
    assert answer.startswith("This is sentence number 0")
    last = answer[-30:]  # On a busy machine all of the story is there before the alarm.
    spoken = "".join(each.text for each in it.of(ReplyAudio))
    assert spoken.endswith(last)
    if can_hold:
        assert spoken == answer, "everything once"
    else:
        assert spoken.startswith(answer[:40])
        assert len(spoken) < 2 * len(answer), "only what was not heard comes again"


def test_what_was_heard_before_a_false_alarm_counts_when_the_rest_is_cut_off(
    build: Build, work: Work
) -> None:
    services = plain(build, STORY[:4])
    with work(services), room(services, is_silent=True, can_hold=False) as it:
        it.session.say("A story!")
        turn_id = it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        replies = it.session._replies
        for heard_ms in (1_000, 1_500):
            it.session.played(turn_id, heard_ms, False)
            replies.hold()
            replies.release()
        it.session.truncate(turn_id, 500)
        heard = heard_text(load_state(services.bus, turn_id), 3_000)
    assert len(heard) > 30
    assert it.kept() == [("A story!", heard)]


def test_words_right_after_the_question_belong_to_it(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, [1.5, "Never heard."], *3 * [["Seven and seven."]])
    with work(services), room(services) as it:
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(ReplyStarted))
        it.say(say(models, "And how many are there in two weeks?"))
        it.until(lambda: it.of(ReplyDone) and it.of(ReplyDone)[-1].status == "completed")
    assert [done.status for done in it.of(ReplyDone)] == ["cancelled", "completed"]
    assert it.kept()[0] == (QUESTION, "")


def test_a_typed_question_is_answered(build: Build, work: Work) -> None:
    services = plain(build, ["Seven."], ["Fourteen."])
    with work(services), room(services, is_silent=True) as it:
        it.session.say("How many days has a week?")
        first = it.session.respond()
        with pytest.raises(TurnInProgressError):
            it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        it.session.say("And two?")
        assert it.session.respond() != first
        it.until(lambda: len(it.of(ReplyDone)) == 2)
    assert it.kept() == [("How many days has a week?", "Seven."), ("And two?", "Fourteen.")]


def test_push_to_talk_is_answered_when_asked(build: Build, work: Work, models: Path) -> None:
    services = plain(build, ["Seven."])
    manual = TurnTaking(mode="manual")
    with work(services), room(services, is_silent=True, turn_taking=manual) as it:
        assert it.session.commit() is None
        it.session.hear(say(models, QUESTION))
        item_id = it.session.commit()
        it.until(lambda: it.of(UserTranscribed))
        assert it.of(UserTranscribed)[0].item_id == item_id
        time.sleep(0.3)
        assert it.of(ReplyStarted) == []
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
    assert it.kept() == [(QUESTION, "Seven.")]


def test_a_client_can_cancel_and_truncate(build: Build, work: Work, models: Path) -> None:
    services = plain(build, STORY)
    with work(services), room(services, is_silent=True) as it:
        assert not it.session.cancel()
        it.session.say("A story!")
        turn_id = it.session.respond()
        assert turn_id is not None
        it.until(lambda: len(it.of(ReplyAudio)) >= 2)
        assert it.session.cancel()
        assert it.of(ReplyDone)[0].reason == "client_cancelled"
        it.session.truncate(turn_id, 1200)
        time.sleep(0.5)
        assert it.of(ReplyDone)[1:] == []
    heard = it.of(ReplyTruncated)[0].text
    assert heard.startswith("This is") and heard.endswith("…")
    assert it.kept() == [("A story!", heard)]


def test_a_reply_before_the_last_can_be_truncated(build: Build, work: Work) -> None:
    services = plain(build, ["One. It is a number."], ["Two."])
    with work(services), room(services, is_silent=True) as it:
        for number, question in enumerate(("And one?", "And two?"), 1):
            it.session.say(question)
            it.session.respond()
            it.until(lambda n=number: len(it.of(ReplyDone)) == n)
        it.session.truncate(it.of(ReplyDone)[0].turn_id, 0)
    assert it.of(ReplyTruncated)[0].turn_id == it.of(ReplyDone)[0].turn_id
    assert it.kept() == [("And one?", ""), ("And two?", "Two.")]


def test_a_microphone_that_falls_silent_ends_the_turn(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."])
    with work(services), room(services, is_silent=True) as it:
        question = say(models, QUESTION)
        for begin in range(0, len(question), CHUNK):
            it.session.hear(question[begin : begin + CHUNK])
        it.until(lambda: it.of(ReplyDone))
    assert it.kept() == [(QUESTION, "Seven.")]


def test_a_closed_session_tells_nothing_and_the_reply_is_still_written(
    build: Build, work: Work
) -> None:
    services = plain(build, STORY)
    with work(services):
        with room(services, is_silent=True) as it:
            it.session.say("A story!")
            it.session.respond()
            it.until(lambda: it.of(ReplyText))
        told = len(it.told)
        it.until(lambda: it.kept(), 10)
    assert len(it.told) == told
    assert it.kept()[0][1].endswith("long story.")
