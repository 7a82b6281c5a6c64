"""Turns that users stop, and turns that replace others: real Redis, real Celery tasks."""

import time
from collections.abc import Sequence

import pytest

from assistant.events import CacheChecked, TurnCancelled, TurnEvent, TurnFinished
from assistant.llm.scripted import ScriptedModel, Step
from tests.workers.conftest import Build, Work
from tests.workers.live.room import plain as live
from tests.workers.live.room import room
from workers import turn, turn_control
from workers.background import learn
from workers.live.events import ReplyAudio, ReplyDone
from workers.services import Services
from workers.turn_order import failed, running
from workers.turn_start import start_turn
from workers.turn_state import load_state
from workers.turn_store import TurnRequest

SLOWLY = [step for number in range(12) for step in (f"Sentence {number}. ", 0.1)]
"""About 1.2 s of writing."""


@pytest.fixture
def plain(build: Build) -> Build:
    """Services whose model is asked for replies only: with a server elsewhere nothing is read
    ahead."""

    def plain(*scripts: Sequence[Step], **settings: object) -> Services:
        elsewhere = {"content_checks": False, "llm_base_url": "http://model.invalid/v1"}
        return build(*scripts, **elsewhere | settings)

    return plain


def ask(services: Services, question: str, **fields: object) -> str:
    request = TurnRequest(
        conversation_id="c", user_id="anna", question=question, speak=False, **fields
    )
    return start_turn(services, request)


def end(services: Services, turn_id: str) -> TurnEvent:
    *_, last = services.bus.follow(turn_id, timeout_s=20, ping_s=1.0)
    assert last is not None, "the turn has not ended"
    return last.event


def until_written(services: Services, turn_id: str) -> None:
    deadline_s = time.monotonic() + 20
    while not load_state(services.bus, turn_id).written:
        assert time.monotonic() < deadline_s, "nothing was written"
        time.sleep(0.01)


def kept(services: Services) -> dict[str, tuple[str, str]]:
    exchanges = services.conversations.exchanges("c")
    return {item.turn_id: (item.question, item.answer) for item in exchanges}


def seen(services: Services) -> list[str]:
    """The questions that a model is shown."""
    return [item.question for item in services.conversations.recall("c").exchanges]


def superseded(services: Services) -> dict[str, str]:
    return services.conversations.succession.superseded("c")


def prompts(services: Services) -> list[list[str]]:
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return [[message.content for message in prompt] for prompt in link.model.prompts]


# Stop


def test_a_stopped_reply_keeps_what_is_written_and_the_next_turn_goes_on(
    plain: Build, work: Work
) -> None:
    services = plain(SLOWLY, ["Two."])
    with work(services):
        first, second = ask(services, "First?"), ask(services, "Second?")
        until_written(services, first)
        assert running(services, "c") == [first, second]
        turn_control.stop(services, first)
        assert isinstance(end(services, second), TurnFinished)
    last = end(services, first)
    assert isinstance(last, TurnCancelled) and last.reason == "interrupted"
    question, answer = kept(services)[first]
    assert (question, answer) == ("First?", last.heard)
    assert answer.startswith("Sentence 0.") and "Sentence 11" not in answer
    assert seen(services) == ["First?", "Second?"]
    assert running(services, "c") == []


def test_a_question_that_was_stopped_before_any_reply_is_kept_for_its_user_only(
    plain: Build, work: Work
) -> None:
    services = plain(SLOWLY, ["Never."])
    with work(services):
        first, second = ask(services, "First?"), ask(services, "Second?")
        until_written(services, first)
        turn_control.stop(services, second)
        assert end(services, second) == TurnCancelled(
            turn_id=second, reason="cancelled", heard=""
        ), "which stands in line behind another"
        assert isinstance(end(services, first), TurnFinished), "the other does not notice"
    assert kept(services)[second] == ("Second?", "")
    assert seen(services) == ["First?"]
    assert len(prompts(services)) == 1


def test_a_stop_that_comes_too_late_changes_nothing(plain: Build, work: Work) -> None:
    services = plain(["All of it."])
    with work(services):
        turn_id = ask(services, "What?")
        before = end(services, turn_id)
        turn_control.stop(services, turn_id)
        assert end(services, turn_id) == before
    assert kept(services)[turn_id] == ("What?", "All of it.")
    assert seen(services) == ["What?"]


def test_stops_in_every_moment_leave_the_conversation_as_the_turn_ended(
    plain: Build, work: Work
) -> None:
    script = ["One. ", 0.02, "Two. ", 0.02, "Three."]
    services = plain(*[script] * 10)
    with work(services):
        for moment in range(10):
            turn_id = ask(services, f"Question {moment}?")
            time.sleep(moment * 0.015)
            turn_control.stop(services, turn_id)
            last = end(services, turn_id)
            answer = kept(services)[turn_id][1]
            assert answer == (last.heard if isinstance(last, TurnCancelled) else "One. Two. Three.")
    assert services.order.first("c") is None


# Replace


def test_a_turn_supersedes_the_one_that_it_replaces_and_all_later_ones(
    plain: Build, work: Work
) -> None:
    services = plain(["One."], ["Two."], ["Three."], ["Other."])
    with work(services):
        turns = []
        for question in ("First?", "Second?", "Third?"):
            turns.append(ask(services, question))
            end(services, turns[-1])
        new = ask(services, "Corrected?", replaces=turns[1])
        assert isinstance(end(services, new), TurnFinished)
    assert superseded(services) == {turns[1]: new, turns[2]: new}
    assert seen(services) == ["First?", "Corrected?"]
    assert [text for text in prompts(services)[-1] if text in ("Second?", "Two.", "Third?")] == []
    assert list(kept(services)) == [*turns, new], "the user still has all of it"
    found = services.conversations.get("c")
    assert found and (found.turns, found.title) == (2, "First?")


def test_a_reply_that_is_being_written_is_stopped_before_it_is_replaced(
    plain: Build, work: Work
) -> None:
    services = plain(SLOWLY, ["Better."])
    with work(services):
        old, queued = ask(services, "First?"), ask(services, "Second?")
        until_written(services, old)
        new = ask(services, "First, please?", replaces=old)
        assert isinstance(end(services, new), TurnFinished)
        assert isinstance(end(services, old), TurnCancelled)
        assert isinstance(end(services, queued), TurnCancelled)
        time.sleep(0.2)
    assert superseded(services) == {old: new, queued: new}
    assert seen(services) == ["First, please?"]
    assert kept(services)[old][1].startswith("Sentence 0."), "which the user has read"
    assert kept(services)[queued] == ("Second?", "")
    assert len(prompts(services)) == 2
    found = services.conversations.get("c")
    assert found and found.title == "First, please?", "a title nobody gave follows the correction"


def test_of_two_turns_that_replace_the_same_one_the_later_counts(plain: Build, work: Work) -> None:
    services = plain(["Old."], SLOWLY, ["Newest."])
    with work(services):
        old = ask(services, "What?")
        end(services, old)
        first = ask(services, "What?", replaces=old, fresh=True)
        until_written(services, first)
        second = ask(services, "What?", replaces=old, fresh=True)
        assert isinstance(end(services, second), TurnFinished)
        assert isinstance(end(services, first), TurnCancelled)
    assert superseded(services) == {old: first, first: second}
    assert [item.answer for item in services.conversations.recall("c").exchanges] == ["Newest."]


def test_what_a_turn_was_to_replace_stands_again_where_it_is_stopped_before_its_reply(
    plain: Build, work: Work
) -> None:
    services = plain(["Old."], ["Later."], [1.0, "Never."], [1.0, "Never."])
    with work(services):
        old, later = ask(services, "What?"), ""
        end(services, old)
        later = ask(services, "And?")
        end(services, later)
        again = ask(services, "What?", replaces=old, fresh=True)
        assert superseded(services) == {old: again, later: again}
        turn_control.stop(services, again)
        assert superseded(services) == {}
        assert again not in kept(services), "the same question is there already"
        other = ask(services, "What else?", replaces=old)
        turn_control.stop(services, other)
    assert superseded(services) == {}
    assert seen(services) == ["What?", "And?"]
    assert kept(services)[other] == ("What else?", ""), "what the user wrote is not lost"


def test_a_replacement_that_is_stopped_by_the_next_one_leaves_the_old_turn_to_it(
    plain: Build, work: Work
) -> None:
    services = plain(["Old."], [1.0, "Never."], ["New."])
    with work(services):
        old = ask(services, "What?")
        end(services, old)
        ask(services, "What?", replaces=old, fresh=True)
        second = ask(services, "What?", replaces=old, fresh=True)
        end(services, second)
    assert superseded(services)[old] == second
    assert list(kept(services)) == [old, second]


def test_what_a_turn_was_to_replace_stands_again_where_it_fails(plain: Build, work: Work) -> None:
    services = plain(["Old."])
    with work(services):
        old = ask(services, "What?")
        end(services, old)
    request = TurnRequest(conversation_id="c", user_id="anna", question="New?", replaces=old)
    new = start_turn(services, request)
    assert superseded(services) == {old: new}
    turn.fail(services, new, "internal", "It broke.")
    assert superseded(services) == {} and seen(services) == ["What?"]


def test_a_replaced_turn_of_a_summary_has_it_made_anew(plain: Build, work: Work) -> None:
    services = plain(["One."], ["Two."], ["New."], ["Newer."], summary=False)
    with work(services):
        first = ask(services, "First?")
        end(services, first)
        second = ask(services, "Second?")
        end(services, second)
        known = services.conversations.unsummarised("c")
        assert known
        services.conversations.summarise("c", known.version, "About the first.", 1, "p")
        newer = ask(services, "Second, please?", replaces=second)
        end(services, newer)
        assert services.conversations.recall("c").summary == "About the first."
        assert not services.conversations.summarise("c", known.version, "Of both.", 2, "p")
        end(services, ask(services, "First, please?", replaces=first))
    recollection = services.conversations.recall("c")
    assert recollection.summary == ""
    assert [item.question for item in recollection.exchanges] == ["First, please?"]


def test_replacing_the_same_turn_often_does_not_push_the_past_out_of_sight(
    plain: Build, work: Work
) -> None:
    services = plain(*[[f"Answer {number}."] for number in range(8)], summary=False)
    with work(services):
        end(services, ask(services, "My name is Bo."))
        last = ask(services, "What?")
        end(services, last)
        for _ in range(6):
            last = ask(services, "What?", replaces=last)
            end(services, last)
    assert seen(services) == ["My name is Bo.", "What?"]


def test_what_is_being_said_just_now_is_not_superseded(plain: Build, work: Work) -> None:
    services = plain(["Old."], ["Guess."], ["New."])
    with work(services):
        old = ask(services, "What?")
        end(services, old)
        request = TurnRequest(conversation_id="c", user_id="anna", question="And", speak=False)
        guess = start_turn(services, request, is_provisional=True)
        turn_control.begin_reply(services, guess)
        new = ask(services, "What else?", replaces=old)
        assert superseded(services) == {old: new}
        turn_control.confirm(services, guess)
        assert isinstance(end(services, guess), TurnFinished)
        assert isinstance(end(services, new), TurnFinished)
    assert sorted(seen(services)) == ["And", "What else?"]


def test_what_was_kept_before_turns_were_counted_can_be_replaced(plain: Build, work: Work) -> None:
    services = plain(["One."], ["Two."], ["New."])
    with work(services):
        first, second = (ask(services, question) for question in ("First?", "Second?"))
        end(services, second)
        services.redis.delete("conversation:{c}:begun")
        new = ask(services, "Second, please?", replaces=second)
        end(services, new)
    assert superseded(services) == {second: new}
    assert seen(services) == ["First?", "Second, please?"] and first in kept(services)


def test_nothing_is_learned_about_the_user_from_what_they_corrected(
    plain: Build, work: Work
) -> None:
    services = plain(["Hello Rob."], ["Hello Bo."], profile=False)
    with work(services):
        old = ask(services, "My name is Rob.")
        end(services, old)
        end(services, ask(services, "My name is Bo.", replaces=old))
    learn(services, old)
    assert len(prompts(services)) == 2, "for the replies only"
    assert services.profiles.get("anna").facts == ()


# Fresh


def test_a_fresh_answer_is_written_by_the_model_and_replaces_the_remembered_one(
    plain: Build, work: Work
) -> None:
    services = plain(["Old answer."], ["New answer."], answer_cache="exact")
    question = "What is the capital of France?"
    with work(services):
        old = ask(services, question)
        end(services, old)
        fresh = ask(services, question, replaces=old, fresh=True)
        end(services, fresh)
        request = TurnRequest(conversation_id="d", user_id="bob", question=question, speak=False)
        other = start_turn(services, request)
        end(services, other)
    checked = [
        stored.event
        for stored in services.bus.events(fresh)
        if isinstance(stored.event, CacheChecked)
    ]
    assert checked == [CacheChecked(turn_id=fresh, outcome="bypassed", reason="fresh")]
    assert kept(services)[fresh][1] == "New answer."
    reply = load_state(services.bus, other).reply
    assert reply and (reply.text, reply.source) == ("New answer.", "cache")


# In a live conversation


def test_a_live_session_hears_that_its_reply_was_replaced(build: Build, work: Work) -> None:
    story: list[Step] = [step for number in range(9) for step in (f"This is part {number}. ", 0.7)]
    services = live(build, story, ["Better."])
    with work(services), room(services, is_silent=True) as it:
        it.session.say("A story!")
        old = it.session.respond()
        assert old is not None
        it.until(lambda: it.of(ReplyAudio))
        new = ask(services, "A short story!", replaces=old)
        it.until(lambda: it.of(ReplyDone))
        assert isinstance(end(services, new), TurnFinished)
    assert it.of(ReplyDone)[0].status == "cancelled"
    assert superseded(services) == {old: new}
    assert seen(services) == ["A short story!"]


def test_a_failed_question_is_known_until_it_is_asked_again(work: Work, plain: Build) -> None:
    services = plain()
    turn_id = ask(services, "Anybody there?")
    turn.fail(services, turn_id, "language_model_unavailable", "Not now.")
    assert [(begun.id, state.question) for begun, state in failed(services, "c")] == [
        (turn_id, "Anybody there?")
    ]
    ask(services, "Anybody there?", replaces=turn_id)
    assert failed(services, "c") == []
