"""Replies to something else than the conversation, and what is told to it beside what is said."""

import time
from pathlib import Path

import pytest

from assistant.llm.scripted import ScriptedModel
from assistant.messages import Message
from speech.audio import Audio, encode_pcm16
from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import RATE_HZ, say
from tests.workers.conftest import Build, Work
from tests.workers.live.room import QUESTION, plain, prompts, room
from workers.live.answering import TurnInProgressError
from workers.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    ReplyText,
    UserCommitted,
    UserTranscribed,
)
from workers.live.inputs import Input, as_input
from workers.live.settings import LiveSettings
from workers.services import Services

MANUAL = TurnTaking(mode="manual")
QUIET = {"is_silent": True, "turn_taking": MANUAL, "speaks": False}
WRITTEN = LiveSettings(turn_taking=MANUAL, speaks=False, language="en")
JUDGE = LiveSettings(turn_taking=MANUAL, speaks=False, language="en", instructions="Judge it.")


def user(text: str) -> Message:
    return Message(role="user", content=text)


def assistant(text: str) -> Message:
    return Message(role="assistant", content=text)


def system_prompts(services: Services) -> list[str]:
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return [prompt[0].content for prompt in link.model.prompts]


def test_a_reply_apart_leaves_nothing_in_the_conversation(build: Build, work: Work) -> None:
    services = plain(build, ["Happy."], ["Seven."])
    with work(services), room(services, **QUIET) as it:
        asked = as_input([user("I won!"), assistant("Great!"), user("How do I feel?")])
        turn_id = it.session.respond_to(asked, JUDGE, is_apart=True)
        it.until(lambda: it.of(ReplyDone))
        (started,) = it.of(ReplyStarted)
        assert (started.turn_id, started.is_apart, started.item_id) == (turn_id, True, None)
        assert it.kept() == []
        it.session.say(QUESTION)
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)
    assert prompts(services) == [["I won!", "Great!", "How do I feel?"], [QUESTION]]
    assert system_prompts(services)[0].startswith("Judge it.")


def test_replies_apart_are_made_beside_one_that_is_spoken(build: Build, work: Work) -> None:
    services = plain(build, ["There are seven ", 3.0, "days."], *2 * [["Happy."]])
    with work(services), room(services, **QUIET | {"speaks": True}) as it:
        it.session.say(QUESTION)
        it.session.respond()
        it.until(lambda: it.of(ReplyText))
        for settings in (WRITTEN, LiveSettings(language="en")):
            it.session.respond_to(Input(question="How?"), settings, is_apart=True)
        it.until(lambda: len(it.of(ReplyDone)) == 3)
    apart = {started.turn_id: started for started in it.of(ReplyStarted) if started.is_apart}
    assert {done.turn_id: done.status for done in it.of(ReplyDone)[:2]} == dict.fromkeys(
        apart, "completed"
    )
    assert len([sound for sound in it.of(ReplyAudio) if sound.turn_id in apart]) == 1
    assert it.kept() == [(QUESTION, "There are seven days.")]


def test_a_reply_apart_can_be_to_the_conversation_as_it_is(build: Build, work: Work) -> None:
    services = plain(build, ["Seven."], ["Calm."], ["Fourteen ", 2.0, "days."], ["Still calm."])
    with work(services), room(services, **QUIET) as it:
        it.session.note("The user is six.", "note")
        it.session.say(QUESTION)
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        it.session.respond_to(None, JUDGE, is_apart=True)
        it.until(lambda: len(it.of(ReplyDone)) == 2)
        it.session.say("And in two?")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyText)) == 3)
        it.session.respond_to(None, JUDGE, is_apart=True)
        it.until(lambda: len(it.of(ReplyDone)) == 4)
        it.session.say("And three?")
        it.session.respond_to(None, WRITTEN, is_apart=True)
        it.until(lambda: len(it.of(ReplyDone)) == 5)
    said = prompts(services)
    assert said[1] == [QUESTION, "Seven.", "Judge it."]
    assert said[3] == [QUESTION, "Seven.", "And in two?", "Fourteen ", "Judge it."]
    assert said[4][-1] == "And three?"
    assert all(prompt.endswith("The user is six.") for prompt in system_prompts(services))


def test_a_reply_apart_ends_by_its_name_alone(build: Build, work: Work) -> None:
    services = plain(build, ["Well, ", 20.0, "fine."], ["Seven."])
    with work(services), room(services, **QUIET) as it:
        turn_id = it.session.respond_to(Input(question="How?"), WRITTEN, is_apart=True)
        it.until(lambda: it.of(ReplyText))
        assert not it.session.cancel()
        assert it.session.cancel_apart(turn_id)
        (done,) = it.of(ReplyDone)
        assert (done.status, done.text, done.reason) == ("cancelled", "Well…", "client_cancelled")
        assert not it.session.cancel_apart(turn_id)
        it.session.say(QUESTION)
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)


def test_only_so_many_replies_are_made_apart_and_they_end_with_the_session(
    build: Build, work: Work
) -> None:
    services = plain(build, *4 * [["Well, ", 20.0]])
    with work(services):
        with room(services, **QUIET) as it:
            for _ in range(4):
                it.session.respond_to(Input(question="How?"), WRITTEN, is_apart=True)
            with pytest.raises(TurnInProgressError):
                it.session.respond_to(Input(question="How?"), WRITTEN, is_apart=True)
            it.until(lambda: len(it.of(ReplyText)) == 4)
        it.until(lambda: not services.foreground.is_busy(), timeout_s=5)


def test_a_reply_to_other_input_in_the_conversation_is_all_that_is_kept(
    build: Build, work: Work
) -> None:
    services = plain(build, ["It rains."], ["It is ", 20.0, "cold."], ["Rain, I said."])
    with work(services), room(services, **QUIET) as it:
        it.session.say("Nobody answers this.")
        asked = as_input([user("The weather?")])
        turn_id = it.session.respond_to(asked, WRITTEN)
        it.until(lambda: it.of(ReplyDone))
        assert it.kept() == [("", "It rains.")]
        it.session.respond_to(asked, WRITTEN)
        with pytest.raises(TurnInProgressError):
            it.session.respond_to(asked, WRITTEN)
        it.until(lambda: len(it.of(ReplyText)) == 2)
        assert it.session.cancel()
        assert it.kept() == [("", "It rains."), ("", "It is…")]
        it.session.forget_reply(turn_id)
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 3)
    assert prompts(services)[0] == ["The weather?"]
    assert prompts(services)[-1][-1].endswith("Nobody answers this.")


def test_the_input_can_be_spoken(build: Build, work: Work, models: Path) -> None:
    services = plain(build, ["A question."])
    spoken = encode_pcm16(Audio(say(models, QUESTION), RATE_HZ))
    with work(services), room(services, **QUIET) as it:
        asked = as_input([user("What is this?")], spoken)
        it.session.respond_to(asked, WRITTEN, is_apart=True)
        it.until(lambda: it.of(ReplyDone))
    assert prompts(services) == [[f"What is this?\n{QUESTION}"]]
    assert it.of(UserTranscribed) == []


def test_a_recording_is_heard_as_what_was_said_and_stands_where_it_was_put(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."])
    spoken = encode_pcm16(Audio(say(models, QUESTION), RATE_HZ))
    with work(services), room(services, **QUIET) as it:
        it.session.say("Answer in one word.", item_id="last")
        it.session.say("Listen.", spoken, item_id="heard", after="root")
        it.until(lambda: it.of(UserTranscribed))
        time.sleep(0.2)
        it.session.say("Now.", item_id="now", after="heard")
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        assert [event.item_id for event in it.of(UserCommitted)] == ["last", "heard", "now"]
        assert it.of(UserTranscribed)[0].item_id == "heard"
    assert prompts(services) == [[f"Listen.\n{QUESTION}\nNow.\nAnswer in one word."]]


def test_what_is_noted_holds_until_it_is_deleted(build: Build, work: Work) -> None:
    services = plain(build, ["Seven."], ["Yes."])
    with work(services), room(services, **QUIET) as it:
        assert it.session.note("Speak like a pirate.", "note")
        assert not it.session.note("x" * 32_000, "too_much")
        for number, text in enumerate((QUESTION, "Are you sure?"), 1):
            it.session.say(text)
            it.session.respond()
            it.until(lambda number=number: len(it.of(ReplyDone)) == number)
            it.session.forget("note")
    first, second = system_prompts(services)
    assert first.endswith("Speak like a pirate.") and "pirate" not in second
