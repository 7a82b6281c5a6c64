"""Replies that call the client's functions, and go on with what these returned."""

import json
import time
from pathlib import Path

import pytest

from assistant.generation import FunctionTool
from assistant.llm.base import ToolRequest
from assistant.llm.scripted import ScriptedModel
from assistant.messages import FunctionCall, Message
from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import say
from tests.workers.conftest import Build, Work
from tests.workers.live.room import QUESTION, Room, plain, prompts, room
from workers.live.answering import TurnInProgressError
from workers.live.calls import NO_RESULT, UnknownCallError
from workers.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    UserCommitted,
    UserTranscribed,
)
from workers.services import Services

LIGHT = FunctionTool(name="light", description="Switch it.", parameters={"type": "object"})
MANUAL = TurnTaking(mode="manual")
QUIET = {"is_silent": True, "turn_taking": MANUAL, "speaks": False, "functions": (LIGHT,)}


def call(id: str, text: str = "{}") -> ToolRequest:
    return ToolRequest(id=id, name="light", text=text, arguments=json.loads(text))


def ask(it: Room, text: str | None = None, count: int = 1) -> ReplyDone:
    """Return the end of the reply to that, or to what is there already."""
    if text is not None:
        it.session.say(text)
    it.session.respond()
    it.until(lambda: len(it.of(ReplyDone)) == count)
    return it.of(ReplyDone)[-1]


def shown(services: Services) -> list[Message]:
    """What the model was given last, without the system prompt."""
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return link.model.prompts[-1][1:]


def test_a_reply_goes_on_with_what_its_functions_returned(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["One moment. ", call("1"), call("2", '{"on": 1}')], ["It is on."])
    with work(services), room(services, **QUIET | {"speaks": True}) as it:
        it.session.hear(say(models, QUESTION))
        it.session.commit()
        first = ask(it)
        assert (first.status, first.text) == ("completed", "One moment. ")
        assert [(each.id, each.arguments) for each in first.calls] == [
            ("1", "{}"),
            ("2", '{"on": 1}'),
        ]
        assert it.names().index("ReplyAudio") < it.names().index("ReplyDone")
        assert it.kept() == []
        it.session.give_result("2", "on")
        it.session.give_result("1", "off")
        second = ask(it, count=2)
        assert (second.text, second.calls) == ("It is on.", ())
        # It is to what was said then, and is spoken.
        assert [each.item_id for each in it.of(ReplyStarted)] == 2 * [
            it.of(UserCommitted)[0].item_id
        ]
        assert [each.text for each in it.of(ReplyAudio)] == ["One moment.", "It is on."]
        assert it.kept() == [(QUESTION, "It is on.")]
    question, asked, *returned = shown_at(services, 1)
    assert (question.content, asked.content) == (QUESTION, "One moment. ")
    assert [each.id for each in asked.tool_calls] == ["1", "2"]
    assert [(each.tool_call_id, each.content) for each in returned] == [("1", "off"), ("2", "on")]


def shown_at(services: Services, number: int) -> list[Message]:
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return link.model.prompts[number][1:]


def test_a_question_can_need_several_rounds_of_calls(build: Build, work: Work) -> None:
    services = plain(build, [call("1")], [call("2", '{"lamp": 2}')], ["Both are on."])
    with work(services), room(services, **QUIET) as it:
        assert ask(it, "Lights, please.").text == ""
        it.session.give_result("1", "on")
        assert [each.id for each in ask(it, count=2).calls] == ["2"]
        it.session.give_result("2", "on, too")
        assert ask(it, count=3).text == "Both are on."
    roles = [message.role for message in shown(services)]
    assert roles == ["user", "assistant", "tool", "assistant", "tool"]
    assert it.kept() == [("Lights, please.", "Both are on.")]


def test_a_result_of_no_call_is_refused(build: Build, work: Work) -> None:
    services = plain(build, [call("1")])
    with work(services), room(services, **QUIET) as it:
        ask(it, "Lights, please.")
        with pytest.raises(UnknownCallError):
            it.session.give_result("7", "on")
        with pytest.raises(UnknownCallError):
            it.session.bring_call(FunctionCall(id="1", name="light", arguments="{}"))


def test_a_reply_can_be_wanted_before_all_results_are_there(build: Build, work: Work) -> None:
    services = plain(build, [call("1"), call("2")], ["The first is on."], ["Both are."])
    with work(services), room(services, **QUIET) as it:
        ask(it, "Lights, please.")
        it.session.give_result("1", "on")
        ask(it, count=2)
        assert [message.content for message in shown(services)[2:]] == ["on", NO_RESULT]
        it.session.give_result("2", "on")
        ask(it, count=3)
    assert [message.content for message in shown(services)[-2:]] == ["on", "on"]


def test_a_question_whose_calls_nobody_answers_is_seen_with_the_next(
    build: Build, work: Work
) -> None:
    services = plain(build, ["Let me see. ", call("1")], ["Seven."], ["It was on all along."])
    with work(services), room(services, **QUIET) as it:
        ask(it, "Lights, please.")
        ask(it, QUESTION, 2)
        assert prompts(services)[1] == ["Lights, please.", "Let me see. ", QUESTION]
        assert it.kept() == [("Lights, please.", "Let me see. "), (QUESTION, "Seven.")]
        # And its results may still come.
        it.session.give_result("1", "on")
        ask(it, count=3)
    contents = [message.content for message in shown(services)]
    assert contents == [QUESTION, "Seven.", "Lights, please.", "Let me see. ", "on"]
    assert it.kept()[-1] == ("Lights, please.", "It was on all along.")


def test_what_a_function_returned_is_seen_with_a_question_that_came_in_between(
    build: Build, work: Work
) -> None:
    services = plain(build, [call("1")], ["Seven, and the light is on."])
    with work(services), room(services, **QUIET) as it:
        ask(it, "Lights, please.")
        it.session.give_result("1", "on")
        ask(it, QUESTION, 2)
    assert [message.content for message in shown(services)] == [
        "Lights, please.",
        "",
        "on",
        QUESTION,
    ]
    assert it.kept() == [("Lights, please.", ""), (QUESTION, "Seven, and the light is on.")]


def test_what_the_user_says_while_a_function_runs_is_answered_first(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, [call("1")], *3 * [["Seven."]])
    with work(services), room(services, functions=(LIGHT,)) as it:
        it.session.say("Lights, please.")
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        it.say(say(models, QUESTION))
        it.until(lambda: len(it.of(ReplyDone)) == 2)
        it.session.give_result("1", "on")
    assert it.kept() == [("Lights, please.", ""), (QUESTION, "Seven.")]


def test_a_reply_that_is_asked_for_in_the_middle_of_speech_gives_way_to_it(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, [call("1")], ["It is ", 20.0, "on."], *3 * [["Seven."]])
    with work(services), room(services, functions=(LIGHT,)) as it:
        it.session.say("Lights, please.")
        it.session.respond()
        it.until(lambda: it.of(ReplyDone))
        it.say(say(models, QUESTION))
        time.sleep(0.8)
        it.session.give_result("1", "on")
        it.session.respond()
        it.until(lambda: len(it.of(ReplyDone)) == 3)
    _, late, answer = it.of(ReplyDone)
    assert (late.status, late.reason) == ("cancelled", "turn_detected")
    assert (answer.status, answer.text) == ("completed", "Seven.")
    assert it.of(UserTranscribed)[-1].text == QUESTION


def test_a_reply_that_is_cancelled_calls_nothing(build: Build, work: Work) -> None:
    services = plain(build, ["One moment. ", 5.0, call("1")], ["Seven."])
    with work(services), room(services, **QUIET) as it:
        it.session.say("Lights, please.")
        it.session.respond()
        it.until(lambda: "ReplyText" in it.names())
        with pytest.raises(TurnInProgressError):
            it.session.respond()
        assert it.session.cancel()
        (done,) = it.of(ReplyDone)
        assert (done.status, done.calls) == ("cancelled", ())
        with pytest.raises(UnknownCallError):
            it.session.give_result("1", "on")
        ask(it, QUESTION, 2)
    assert it.kept() == [("Lights, please.", "One moment."), (QUESTION, "Seven.")]


def test_a_function_can_be_called_by_an_assistant_that_speaks_by_itself(
    build: Build, work: Work
) -> None:
    services = plain(build, [call("1")], ["Good evening."])
    with work(services), room(services, **QUIET) as it:
        assert [each.id for each in ask(it).calls] == ["1"]
        it.session.give_result("1", "It is evening.")
        assert ask(it, count=2).text == "Good evening."
    assert [message.content for message in shown(services)] == ["Hello!", "", "It is evening."]
    assert it.kept() == [("", "Good evening.")]


def test_what_is_deleted_is_not_gone_on_with(build: Build, work: Work) -> None:
    services = plain(build, [call("1")], ["Both are on."], [call("2")], ["Seven."])
    with work(services), room(services, **QUIET) as it:
        ask(it, "Lights, please.")
        it.session.give_result("1", "on")
        it.session.forget_result("1")
        ask(it, count=2)
        assert shown(services)[-1].content == NO_RESULT
        it.session.say("Once more.", item_id="item_more")
        assert ask(it, count=3).calls
        it.session.forget("item_more")
        with pytest.raises(UnknownCallError):
            it.session.give_result("2", "on")
        ask(it, QUESTION, 4)
    assert [message.content for message in shown(services)] == [
        "Lights, please.",
        "Both are on.",
        QUESTION,
    ]


def test_an_exchange_that_the_client_brings_is_history(build: Build, work: Work) -> None:
    services = plain(build, ["Tom."])
    with work(services), room(services, **QUIET) as it:
        it.session.bring_answer("Hello!")
        it.session.say("Is the light on?")
        it.session.bring_call(FunctionCall(id="1", name="light", arguments="{}"))
        it.session.give_result("1", "on")
        turn_id = it.session.bring_answer("It is.")
        it.session.say("My cat is Tom.")
        it.session.bring_answer("A fine name.")
        ask(it, "What is my cat called?")
        it.session.forget_reply(turn_id)
    said = ["(…)", "Hello!", "Is the light on?", "It is.", "My cat is Tom.", "A fine name."]
    assert prompts(services) == [[*said, "What is my cat called?"]]
    assert it.kept()[1:] == [
        ("Is the light on?", ""),
        ("My cat is Tom.", "A fine name."),
        ("What is my cat called?", "Tom."),
    ]


def test_calls_that_the_client_brings_are_gone_on_with(build: Build, work: Work) -> None:
    services = plain(build, ["Both are on."])
    with work(services), room(services, **QUIET) as it:
        it.session.say("Are the lights on?")
        for number in ("1", "2"):
            it.session.bring_call(FunctionCall(id=number, name="light", arguments="{}"))
        it.session.give_result("1", "on")
        it.session.give_result("2", "on")
        it.session.bring_call(FunctionCall(id="3", name="light", arguments="{}"))
        it.session.give_result("3", "on")
        ask(it)
    roles = [(message.role, len(message.tool_calls)) for message in shown(services)]
    assert roles == [
        ("user", 0),
        ("assistant", 2),
        ("tool", 0),
        ("tool", 0),
        ("assistant", 1),
        ("tool", 0),
    ]
    assert it.kept() == [("Are the lights on?", "Both are on.")]
