"""Turns that are begun on suspicion, held, released, cancelled: real Redis, real Celery tasks."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from assistant.events import ContentChecked, ReplyDelta, TurnCancelled, TurnEvent, TurnFinished
from assistant.llm.scripted import ScriptedModel, Step
from assistant.memory.profile import Profile
from speech.audio import Audio, encode_pcm16, wrap_wav
from speech.tts.base import SynthesisEngine
from tests.workers.conftest import Build, Work
from workers import turn_control, turn_start
from workers.services import Services
from workers.turn_start import start_turn
from workers.turn_state import TurnState, load_state
from workers.turn_store import TurnRequest

SENTENCES = [f"This is the sentence with number {number}. " for number in range(12)]
SLOWLY = [step for sentence in SENTENCES for step in (sentence, 0.1)]
"""About 1.2 s of writing."""


@pytest.fixture(scope="module")
def voices() -> dict[str, SynthesisEngine]:
    """Of the whole process, as espeak-ng has one state in it."""
    return {}


@pytest.fixture
def plain(build: Build, voices: dict[str, SynthesisEngine]) -> Build:
    """Services whose model is asked for replies only: with a server elsewhere nothing is read
    ahead."""

    def plain(*scripts: Sequence[Step], **settings: object) -> Services:
        elsewhere = {"content_checks": False, "llm_base_url": "http://model.invalid/v1"}
        services = build(*scripts, **elsewhere | settings)
        services._synthesizers = voices
        return services

    return plain


def begin(services: Services, question: str = "What?", **fields: object) -> str:
    usual = {"conversation_id": "c", "voice": "pyttsx3:en-us", "language": "en"}
    request = TurnRequest(user_id="anna", question=question, **usual | fields)
    return start_turn(services, request, is_provisional=True)


def begin_silent(services: Services) -> str:
    silence = encode_pcm16(Audio(np.zeros(16_000, np.float32), 16_000))
    request = TurnRequest(conversation_id="c", user_id="anna")
    return start_turn(services, request, wrap_wav(silence, 16_000), is_provisional=True)


def until(is_so: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s, "it never was"
        time.sleep(0.01)


def end(services: Services, turn_id: str, timeout_s: float = 20.0) -> TurnEvent:
    """Wait for the turn's last event."""
    *_, last = services.bus.follow(turn_id, timeout_s=timeout_s, ping_s=1.0)
    assert last is not None, "the turn has not ended"
    return last.event


def said(services: Services) -> list[tuple[str, str]]:
    return [(item.question, item.answer) for item in services.conversations.exchanges("c")]


def state(services: Services, turn_id: str) -> TurnState:
    return load_state(services.bus, turn_id)


def model(services: Services) -> ScriptedModel:
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return link.model


# On suspicion


def test_a_provisional_turn_is_only_heard(plain: Build, work: Work) -> None:
    services = plain(["Never."])
    with work(services):
        spoken = begin_silent(services)
        until(lambda: state(services, spoken).transcript)
        typed = begin(services)
        time.sleep(0.3)
    assert model(services).prompts == []
    assert state(services, typed).end is None
    assert isinstance(end(services, spoken), TurnFinished), "silence needs no reply"


def test_a_suspected_reply_is_made_and_leaves_nothing_before_it_is_confirmed(
    plain: Build, work: Work
) -> None:
    services = plain(["It is noon now in Paris."])
    with work(services):
        turn_id = begin(services)
        assert turn_control.begin_reply(services, turn_id)
        until(lambda: state(services, turn_id).audio)
        time.sleep(0.3)
        assert state(services, turn_id).reply is None
        assert said(services) == []
        assert turn_control.confirm(services, turn_id)
        assert isinstance(end(services, turn_id), TurnFinished)
    assert said(services) == [("What?", "It is noon now in Paris.")]
    assert len(model(services).prompts) == 1


def test_a_turn_that_was_not_meant_leaves_nothing_and_holds_nobody_up(
    plain: Build, work: Work
) -> None:
    services = plain(SLOWLY, ["It is noon now in Paris."])
    with work(services):
        first, second = begin(services, "What is"), begin(services, "What is the time?")
        turn_control.begin_reply(services, first)
        until(lambda: state(services, first).written)
        turn_control.confirm(services, second)
        assert turn_control.cancel(services, first, "superseded")
        cancelled_s = time.monotonic()
        assert isinstance(end(services, second), TurnFinished)
        assert time.monotonic() - cancelled_s < 3, "it was sent, and did not come by itself"
        assert not turn_control.confirm(services, first)
        assert not turn_control.cancel(services, first, "cancelled")
    last = end(services, first)
    assert last == TurnCancelled(turn_id=first, reason="superseded", heard=None)
    assert said(services) == [("What is the time?", "It is noon now in Paris.")]
    assert services.order.first("c") is None
    assert not services.foreground.is_busy()
    assert model(services).closed == 1


def test_a_confirmed_turn_may_wait_for_its_reply(plain: Build, work: Work) -> None:
    services = plain(["One."], ["Two."])
    with work(services):
        silent = begin(services, "First?")
        assert turn_control.confirm(services, silent, replies=False)
        other = begin(services, "Second?")
        turn_control.confirm(services, other)
        assert isinstance(end(services, other), TurnFinished)
        assert state(services, silent).reply is None
        turn_control.begin_reply(services, silent)
        assert isinstance(end(services, silent), TurnFinished)
    assert said(services) == [("Second?", "One."), ("First?", "Two.")]


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_turn_whose_session_died_ends_by_itself(
    plain: Build, work: Work, monkeypatch: pytest.MonkeyPatch, has_begun: bool
) -> None:
    monkeypatch.setattr(turn_start, "PROVISIONAL_S", 1.0)
    services = plain(["It is noon now in Paris."])
    with work(services):
        turn_id = begin(services)
        if has_begun:
            turn_control.begin_reply(services, turn_id)
        last = end(services, turn_id)
    assert last == TurnCancelled(turn_id=turn_id, reason="superseded", heard=None)
    assert said(services) == []
    assert services.order.first("c") is None


def test_confirming_in_the_last_moment_either_holds_or_is_refused(
    plain: Build, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_start, "PROVISIONAL_S", 0.5)
    services = plain(*[["Yes, it is."]] * 8)
    with work(services):
        turns = {begin(services, conversation_id=f"c{n}"): n for n in range(8)}
        for turn_id in turns:
            turn_control.begin_reply(services, turn_id)
        time.sleep(0.45)
        confirmed = {}
        for turn_id in turns:
            confirmed[turn_id] = turn_control.confirm(services, turn_id)
            time.sleep(0.02)
        for turn_id, is_confirmed in confirmed.items():
            assert isinstance(end(services, turn_id), TurnFinished) == is_confirmed
            conversation = f"c{turns[turn_id]}"
            assert bool(services.conversations.exchanges(conversation)) == is_confirmed


# What would outlast the reply


def test_only_a_tool_that_computes_runs_on_suspicion(plain: Build, work: Work) -> None:
    services = plain(tools=True)
    assert services.dialogue.tools, "loaded before the turn's time begins to run"
    with work(services):
        turns = {
            question: begin(services, question, conversation_id=question[:4], timezone="UTC")
            for question in ("What is 17 times 3?", "Set a timer for 5 minutes.")
        }
        sums, timer = turns.values()
        for turn_id in turns.values():
            turn_control.begin_reply(services, turn_id)
        until(lambda: "51" in state(services, sums).written)
        time.sleep(0.3)
        assert state(services, timer).written == ""
        assert services.reminders.pending("anna") == []
        turn_control.confirm(services, timer)
        assert isinstance(end(services, timer), TurnFinished)
    assert len(services.reminders.pending("anna")) == 1


def test_a_timer_that_was_not_meant_is_never_set(plain: Build, work: Work) -> None:
    services = plain(tools=True)
    assert services.dialogue.tools, "loaded before the turn's time begins to run"
    with work(services):
        turn_id = begin(services, "Set a timer for 5 minutes.")
        turn_control.begin_reply(services, turn_id)
        time.sleep(0.3)
        turn_control.cancel(services, turn_id, "superseded")
        until(lambda: not services.redis.exists(f"lease:{turn_id}:reply"))
    assert services.reminders.pending("anna") == []


@pytest.mark.parametrize("question", ["Remember that I like tea.", "From now on, be concise."])
def test_nothing_is_remembered_of_the_user_on_suspicion(
    plain: Build, work: Work, question: str
) -> None:
    services = plain(["All right."])
    with work(services):
        turn_id = begin(services, question)
        turn_control.begin_reply(services, turn_id)
        time.sleep(0.5)
        assert services.profiles.get("anna") == Profile()
        turn_control.confirm(services, turn_id)
        end(services, turn_id)
    assert services.profiles.get("anna") != Profile()


# Held and released


def test_a_held_turn_stops_at_once_and_goes_on_where_it_was(plain: Build, work: Work) -> None:
    services = plain(SLOWLY, ["This is the rest of it all."])
    with work(services):
        turn_id = begin(services)
        turn_control.confirm(services, turn_id)
        until(lambda: state(services, turn_id).audio)
        assert turn_control.hold(services, turn_id)
        held_s = time.monotonic()
        until(lambda: not list(services.redis.scan_iter(f"lease:{turn_id}:*")))
        print(f"scripted model and pyttsx3 stopped {1000 * (time.monotonic() - held_s):.0f} ms")
        assert time.monotonic() - held_s < 1
        held = services.bus.events(turn_id)
        time.sleep(0.5)
        assert services.bus.events(turn_id) == held
        assert state(services, turn_id).end is None
        assert turn_control.release(services, turn_id)
        assert isinstance(end(services, turn_id), TurnFinished)
    written = state(services, turn_id).written
    assert written.startswith(SENTENCES[0]) and written.endswith("This is the rest of it all.")
    assert said(services) == [("What?", written)]
    types = [stored.event.type for stored in services.bus.events(turn_id)]
    assert "turn_restarted" not in types


def test_a_turn_survives_many_false_alarms(plain: Build, work: Work) -> None:
    services = plain(*[[f"Sentence number {n} is here. ", 0.3] for n in range(12)])
    with work(services):
        turn_id = begin(services)
        turn_control.confirm(services, turn_id)
        for pause_s in (0.0, 0.2, 0.01, 0.06, 0.1, 0.03, 0.15, 0.05):
            time.sleep(0.1)
            turn_control.hold(services, turn_id)
            time.sleep(pause_s)
            turn_control.release(services, turn_id)
        began_s = time.monotonic()
        assert isinstance(end(services, turn_id), TurnFinished)
        assert time.monotonic() - began_s < 5, "no task waits for another's lease"


def test_a_turn_that_is_held_while_it_is_heard_replies_when_it_is_released(
    plain: Build, work: Work
) -> None:
    services = plain(["It is noon now in Paris."])
    with work(services):
        turn_id = begin(services)
        turn_control.hold(services, turn_id)
        turn_control.confirm(services, turn_id)
        time.sleep(0.3)
        assert model(services).prompts == []
        turn_control.release(services, turn_id)
        assert isinstance(end(services, turn_id), TurnFinished)


def test_a_held_turn_can_be_cancelled(plain: Build, work: Work) -> None:
    services = plain(SLOWLY)
    with work(services):
        turn_id = begin(services)
        turn_control.confirm(services, turn_id)
        until(lambda: state(services, turn_id).written)
        turn_control.hold(services, turn_id)
        turn_control.cancel(services, turn_id, "cancelled")
        assert not turn_control.release(services, turn_id)
        assert not turn_control.hold(services, turn_id)
        assert isinstance(end(services, turn_id), TurnCancelled)
        time.sleep(0.2)
    assert said(services) == []


# Interrupted


def test_of_an_interrupted_reply_only_what_was_heard_is_kept(plain: Build, work: Work) -> None:
    services = plain(SLOWLY, ["Fine."], answer_cache="exact")
    with work(services):
        turn_id = begin(services, "What is a sentence?")
        turn_control.confirm(services, turn_id)
        until(lambda: len(state(services, turn_id).audio) >= 2)
        first_ms = 1000 * state(services, turn_id).audio[0].duration_s
        second_ms = 1000 * state(services, turn_id).audio[1].duration_s
        heard = turn_control.interrupt(services, turn_id, round(first_ms + second_ms / 2))
        assert end(services, turn_id) == TurnCancelled(
            turn_id=turn_id, reason="interrupted", heard=heard
        )
        assert heard.startswith("This is the sentence with number 0. This is the")
        assert heard.endswith("…") and "number 1" not in heard
        assert said(services) == [("What is a sentence?", heard)]
        following = begin(services, "And then?")
        turn_control.confirm(services, following)
        end(services, following)
        again = begin(services, "What is a sentence?", conversation_id="another")
        turn_control.confirm(services, again)
        assert isinstance(end(services, again), TurnFinished)
    assert [message.content for message in model(services).prompts[1]][1:] == [
        "What is a sentence?",
        heard.removesuffix("…"),
        "And then?",
    ]
    assert len(model(services).prompts) == 3, "half an answer is not in the cache"


def test_a_finished_turn_whose_sound_still_plays_is_amended(plain: Build, work: Work) -> None:
    services = plain(["It is noon now in Paris. ", "The sun is very high today."])
    with work(services):
        turn_id = begin(services)
        turn_control.confirm(services, turn_id)
        finished = end(services, turn_id)
        before = services.conversations.recall("c").preamble
        first_ms = round(1000 * state(services, turn_id).audio[0].duration_s)
        heard = turn_control.interrupt(services, turn_id, first_ms)
        assert heard == "It is noon now in Paris."
        assert end(services, turn_id) == finished
        assert said(services) == [("What?", heard)]
        assert services.conversations.recall("c").preamble == before
        assert turn_control.interrupt(services, turn_id, 60_000).endswith("high today.")


def test_a_question_whose_answer_was_not_heard_is_asked_with_the_next(
    plain: Build, work: Work
) -> None:
    services = plain(SLOWLY, ["Fine."])
    with work(services):
        first = begin(services, "Tell me about Paris")
        turn_control.confirm(services, first)
        until(lambda: state(services, first).written)
        assert turn_control.interrupt(services, first, 0) == ""
        second = begin(services, "and make it short.")
        turn_control.confirm(services, second)
        end(services, second)
    assert said(services)[0] == ("Tell me about Paris", "")
    assert [message.content for message in model(services).prompts[1]][1:] == [
        "Tell me about Paris\nand make it short."
    ]


def test_a_reply_that_is_read_is_kept_as_far_as_it_was_written(plain: Build, work: Work) -> None:
    services = plain(["It is noon ", 5.0, "now."])
    with work(services):
        turn_id = begin(services, speak=False)
        turn_control.confirm(services, turn_id)
        until(lambda: state(services, turn_id).written)
        assert turn_control.interrupt(services, turn_id, None, "cancelled") == "It is noon…"
    assert said(services) == [("What?", "It is noon…")]


def test_an_interruption_and_the_end_of_the_reply_at_once_keep_one_exchange(
    plain: Build, work: Work
) -> None:
    services = plain(*[["It is noon now in Paris."]] * 10)
    with work(services):
        for n in range(10):
            turn_id = begin(services, f"Question {n}?", conversation_id=f"c{n}", speak=False)
            turn_control.confirm(services, turn_id)
            time.sleep(n * 0.01)
            turn_control.interrupt(services, turn_id, 0)
            until(lambda turn_id=turn_id: not services.redis.exists(f"lease:{turn_id}:reply"))
    for n in range(10):
        (kept,) = services.conversations.exchanges(f"c{n}")
        assert (kept.question, kept.answer) == (f"Question {n}?", "")


def test_what_a_check_objected_to_is_shown_to_no_model(plain: Build, work: Work) -> None:
    services = plain()
    turn_id = begin(services, "What?")
    services.bus.append(
        ContentChecked(turn_id=turn_id, where="question", action="mask", categories=("custom",))
    )
    services.bus.append(ReplyDelta(turn_id=turn_id, text="No."))
    turn_control.interrupt(services, turn_id, None)
    assert said(services) == [("What?", "No.")]
    assert services.conversations.recall("c").exchanges == ()
