"""What the user says without an answer of its own: seen with the next question, or forgotten."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.history import UNASKED
from assistant.llm.base import Completion
from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import noise, say
from tests.workers.conftest import Build, Work
from tests.workers.live.room import QUESTION, plain, prompts, room
from workers.live import unanswered
from workers.live.answering import TurnInProgressError
from workers.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    TurnNamed,
    UserCommitted,
    UserSpeechStarted,
    UserTranscribed,
)
from workers.live.settings import LiveSettings

MANUAL = TurnTaking(mode="manual")


@pytest.mark.parametrize("is_transcribed", [True, False])
def test_what_nobody_answered_is_seen_with_the_next_question(
    build: Build, work: Work, models: Path, is_transcribed: bool
) -> None:
    services = plain(build, ["Seven, and fourteen."])
    with work(services), room(services, is_silent=True, turn_taking=MANUAL) as it:
        it.session.hear(say(models, QUESTION))
        assert it.session.commit()
        if is_transcribed:
            it.until(lambda: it.of(UserTranscribed))
            time.sleep(0.2)
        it.session.say("And in two?")
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        assert it.of(ReplyDone)[0].status == "completed"
        assert it.of(UserTranscribed)[0].text == QUESTION
    assert prompts(services) == [[f"{QUESTION}\nAnd in two?"]]
    assert it.kept() == [(QUESTION, ""), ("And in two?", "Seven, and fourteen.")]


def test_what_was_typed_without_an_answer_is_seen_with_what_is_said_next(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, *3 * [["Seven, Tom."]])
    with work(services), room(services) as it:
        it.session.say("My name is Tom.")
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(ReplyDone))
    assert prompts(services)[-1] == [f"My name is Tom.\n{QUESTION}"]
    assert it.kept() == [("My name is Tom.", ""), (QUESTION, "Seven, Tom.")]
    # It is told which turn each of them is.
    turn_ids = [each.turn_id for each in services.conversations.exchanges("c")]
    item_ids = [event.item_id for event in it.of(UserCommitted)]
    told = [(event.turn_id, event.item_id) for event in it.of(TurnNamed)]
    assert told == list(zip(turn_ids, item_ids, strict=True))
    assert [(e.turn_id, e.item_id) for e in it.of(ReplyStarted)] == told[1:]
    spoken = [(event.index, event.audio_id) for event in it.of(ReplyAudio)]
    assert spoken == [(i, f"{turn_ids[1]}.{i}") for i in range(len(spoken))]


def test_what_is_left_at_the_end_of_a_session_stays_in_the_conversation(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build)
    with work(services):
        with room(services, is_silent=True, turn_taking=MANUAL) as it:
            it.session.hear(say(models, QUESTION))
            it.session.commit()
        it.until(it.kept)
    assert it.kept() == [(QUESTION, "")]
    assert not services.foreground.is_busy()


def test_a_turn_may_wait_longer_for_being_asked_than_for_its_reply(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."], turn_timeout_s=4)
    with work(services), room(services, is_silent=True, turn_taking=MANUAL) as it:
        it.session.hear(say(models, QUESTION))
        it.session.commit()
        it.until(lambda: it.of(UserTranscribed))
        time.sleep(6)
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
    assert it.of(ReplyDone)[0].status == "completed"
    assert it.kept() == [(QUESTION, "Seven.")]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_reply_to_nothing_is_empty(build: Build, work: Work, is_known: bool) -> None:
    services = plain(build)
    with work(services), room(services, is_silent=True, turn_taking=MANUAL) as it:
        it.session.hear(noise(1.0, 6e-4))
        it.session.commit()
        if is_known:
            it.until(lambda: it.of(UserTranscribed))
            time.sleep(0.2)
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        time.sleep(0.2)
    assert len(it.of(ReplyStarted)) == 1
    assert [(done.status, done.text) for done in it.of(ReplyDone)] == [("completed", "")]
    assert it.kept() == []


def test_a_question_that_was_interrupted_before_its_words_were_known_keeps_them(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, *3 * [["Seven, and fourteen."]])
    quick = TurnTaking(mode="server_vad", silence_duration_ms=300)
    with room(services, turn_taking=quick) as it:
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(UserCommitted))
        it.say(say(models, "And how many are there in two?"))
        it.until(lambda: len(it.of(UserCommitted)) == 2)
        assert it.of(UserTranscribed) == [], "nobody is there yet to listen"
        assert it.of(UserSpeechStarted)[1].interrupted
        with work(services):
            it.until(lambda: it.of(ReplyDone))
    assert QUESTION in [each.text for each in it.of(UserTranscribed)]
    (first, second) = it.kept()
    assert first == (QUESTION, "")
    assert second[1] == "Seven, and fourteen."
    assert prompts(services)[-1] == [f"{QUESTION}\n{second[0]}"]


def test_what_is_typed_before_a_spoken_question_is_understood_is_answered_with_it(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, *3 * [["Seven, and fourteen."]])
    with room(services) as it:
        it.say(say(models, QUESTION))
        it.until(lambda: it.of(UserCommitted))
        with pytest.raises(TurnInProgressError):
            it.session.respond()  # Its reply comes by itself.
        it.session.say("And in two?")
        it.session.respond()
        with work(services):
            it.until(lambda: it.of(ReplyDone))
            time.sleep(0.5)
    assert [done.status for done in it.of(ReplyDone)] == ["completed"]
    assert prompts(services)[-1] == [f"{QUESTION}\nAnd in two?"]
    assert it.kept() == [(QUESTION, ""), ("And in two?", "Seven, and fourteen.")]


def test_a_reply_can_have_settings_of_its_own(build: Build, work: Work, models: Path) -> None:
    counted = Completion(finish_reason="stop", prompt_tokens=40, completion_tokens=3)
    cut = Completion(finish_reason="length")
    services = plain(build, ["Seven.", counted], ["Fourteen days.", cut])
    with work(services), room(services, is_silent=True, turn_taking=MANUAL) as it:
        it.session.hear(say(models, QUESTION))
        it.session.commit()
        briefly = LiveSettings(instructions="Be brief.", speaks=False, max_reply_tokens=7)
        it.session.respond(replace(briefly, turn_taking=MANUAL))
        it.until(lambda: it.of(ReplyDone))
        assert it.of(ReplyAudio) == []
        assert it.of(ReplyStarted)[0].is_asked
        it.session.say("And two?")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)
        assert len(it.of(ReplyAudio)) == 1
        assert [done.is_cut for done in it.of(ReplyDone)] == [False, True]
    (link,) = services.language_model._chain
    first, second = (prompt[0].content for prompt in link.model.prompts)
    assert first.startswith("Be brief.") and "Be brief." not in second
    assert [options.max_tokens == 7 for options in link.model.options] == [True, False]
    counts = [(done.prompt_tokens, done.completion_tokens) for done in it.of(ReplyDone)]
    assert counts == [(40, 3), (None, None)]


def test_what_is_deleted_before_it_was_answered_is_never_answered(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Seven."])
    with work(services), room(services, is_silent=True, turn_taking=MANUAL) as it:
        it.session.hear(say(models, "My cat is called Tom."))
        spoken = it.session.commit()
        assert spoken is not None
        it.until(lambda: it.of(UserTranscribed))
        it.session.say("My dog is called Rex.", item_id="item_mine")
        it.session.forget(spoken)
        it.session.forget("item_mine")
        it.session.say(QUESTION)
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
    assert prompts(services) == [[QUESTION]]
    assert it.kept() == [(QUESTION, "Seven.")]


def test_a_question_that_is_deleted_later_takes_its_answer_out_of_the_models_sight(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["Tom."], ["Rex."], ["I do not know."])
    with work(services), room(services, is_silent=True, turn_taking=MANUAL, speaks=False) as it:
        it.session.say("My cat is called Tom.", item_id="typed")
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        it.session.hear(say(models, "My dog is called Rex."))
        spoken = it.session.commit()
        assert spoken is not None
        it.session.say("And the bird is Max.", item_id="left")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)
        for item_id in ("typed", spoken, "left"):
            it.session.forget(item_id)
        it.session.say("What are my animals called?")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 3)
    assert prompts(services)[-1] == ["What are my animals called?"]
    assert len(it.kept()) == 4, "the user still sees what was said"


def test_an_assistant_that_is_asked_for_a_reply_to_nothing_speaks_up(
    build: Build, work: Work
) -> None:
    services = plain(build, ["Hello! What is your name?"], ["Nice to meet you, Tom."], ["Bye!"])
    with work(services), room(services, is_silent=True, instructions="You are a host.") as it:
        it.session.respond(LiveSettings(instructions="Greet the guest."))
        it.until(lambda: it.of(ReplyDone))
        assert it.of(ReplyStarted)[0].item_id is None
        assert it.of(ReplyAudio)
        it.session.say("Tom.")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 3)
    first, second, third = prompts(services)
    assert first == ["Greet the guest."]
    said = [UNASKED, "Hello! What is your name?", "Tom."]
    assert second == said
    assert third == [*said, "Nice to meet you, Tom.", "Please go on."]
    assert it.kept()[0] == ("", "Hello! What is your name?"), "the user said nothing"


def test_a_deleted_reply_is_no_longer_known_to_the_model(build: Build, work: Work) -> None:
    services = plain(build, ["Eight."], ["Seven."])
    with work(services), room(services, is_silent=True, speaks=False) as it:
        it.session.say(QUESTION)
        turn_id = it.session.respond()
        assert turn_id is not None
        it.until(lambda: it.of(ReplyDone))
        it.session.forget_reply(turn_id)
        it.session.say("Are you sure?")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 2)
    assert prompts(services)[1] == [f"{QUESTION}\nAre you sure?"]
    assert it.kept() == [(QUESTION, ""), ("Are you sure?", "Seven.")]


def test_a_reply_that_is_deleted_while_it_is_made_ends(build: Build, work: Work) -> None:
    services = plain(build, ["Eight days are in it. ", 20.0, "Or nine."])
    with work(services), room(services, is_silent=True) as it:
        it.session.say(QUESTION)
        turn_id = it.session.respond()
        assert turn_id is not None
        it.until(lambda: it.of(ReplyAudio))
        it.session.forget_reply(turn_id)
        assert it.of(ReplyDone)[0].status == "cancelled"
    assert it.kept() == [(QUESTION, "")]


def test_only_so_much_waits_for_a_reply(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "_MAX_WAITING", 2)
    with room(plain(build), is_silent=True) as it:
        for text in ("One.", "Two.", "Three."):
            it.session.say(text)
        assert it.kept() == [("One.", "")]
    assert it.kept() == [("One.", ""), ("Two.", ""), ("Three.", "")]
