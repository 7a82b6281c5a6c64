"""Functions that the client runs: what a reply does that may call them."""

import pytest

from assistant.checks.content import ContentChecks
from assistant.checks.terms import Terms, parse
from assistant.draft import Dialogue, ReplyRequest
from assistant.errors import LanguageModelRejectedError, PromptTooLongError
from assistant.events import ContentChecked, FunctionCalled, HistoryRecalled, ReplyDelta, ReplyReady
from assistant.generation import FunctionTool, Generation
from assistant.llm.base import Completion, ToolRequest
from assistant.llm.router import ModelSpec, Router
from assistant.llm.scripted import ScriptedModel
from assistant.messages import FunctionCall, Message
from assistant.pipeline import reply
from assistant.prompts import FALLBACK, REFUSAL

LIGHT = FunctionTool(name="light", description="Switch it", parameters={"type": "object"})
TERMS = Terms({"custom": parse(["bomb"])})
CHECKS = ContentChecks(lambda: TERMS)
ON = '{"on": true}'
STEPS = (
    Message(
        role="assistant",
        content="",
        tool_calls=(FunctionCall(id="1", name="light", arguments=ON),),
    ),
    Message(role="tool", content="done", tool_call_id="1"),
)


def wanted(id, text=ON, name="light"):
    return ToolRequest(id=id, name=name, text=text, arguments={"on": True})


def called(id, arguments=ON):
    return FunctionCalled(turn_id="t1", call_id=id, name="light", arguments=arguments)


def ended(text="", **more):
    defaults = {"source": "model", "model": "scripted", "finish_reason": "tool_calls"}
    return ReplyReady(turn_id="t1", text=text, **(defaults | more))


def run(model, conversations, question="Light, please.", router=None, **more):
    """The events of a reply, but for what is told of the history."""
    dialogue = Dialogue(model=model, conversations=conversations, checks=CHECKS, router=router)
    request = ReplyRequest(
        turn_id="t1",
        conversation_id="c1",
        user_id="anna",
        question=question,
        **({"functions": (LIGHT,)} | more),
    )
    return [e for e in reply(request, dialogue) if not isinstance(e, HistoryRecalled)]


def test_the_calls_of_a_reply_are_the_client_s_and_nothing_is_kept_yet(conversations):
    model = ScriptedModel([["One ", "moment.", wanted("1"), wanted("2", "{}")]])
    assert run(model, conversations) == [
        ReplyDelta(turn_id="t1", text="One "),
        ReplyDelta(turn_id="t1", text="moment."),
        called("1"),
        called("2", "{}"),
        ended("One moment."),
    ]
    assert model.options[0].tools == (LIGHT,)
    assert model.options[0].tool_choice == "auto"
    assert conversations.exchanges == {}


def test_the_answer_that_follows_from_a_result_is_kept_with_the_question(conversations):
    model = ScriptedModel([["It is on."]])
    events = run(model, conversations, steps=STEPS)
    assert events[-1] == ended("It is on.", finish_reason="stop")
    assert model.prompts[0][1:] == [Message(role="user", content="Light, please."), *STEPS]
    (exchange,) = conversations.exchanges["c1"].values()
    assert (exchange.question, exchange.answer) == ("Light, please.", "It is on.")


@pytest.mark.parametrize(
    ("can_call_tools", "choice", "text", "is_made"),
    [
        (False, "auto", ON, False),
        (False, "auto", '{"on":true }', False),
        (False, "auto", "broken", True),
        (False, "light", ON, True),
        (True, "auto", ON, True),
    ],
)
def test_a_model_that_has_to_be_helped_is_not_heard_asking_the_same_again(
    conversations, can_call_tools, choice, text, is_made
):
    call = FunctionCall(id="1", name="light", arguments=text)
    steps = (Message(role="assistant", content="", tool_calls=(call,)), STEPS[1])
    model = ScriptedModel([[wanted("2")], ["It is on."]])
    router = Router([ModelSpec(name="scripted", can_call_tools=can_call_tools)])
    events = run(model, conversations, router=router, steps=steps, tool_choice=choice)
    assert (called("2") in events) is is_made
    assert events[-1].text == ("" if is_made else "It is on.")


def test_a_model_that_answers_by_itself_is_heard(conversations):
    events = run(ScriptedModel([["Hello."]]), conversations)
    assert events == [
        ReplyDelta(turn_id="t1", text="Hello."),
        ended("Hello.", finish_reason="stop"),
    ]


@pytest.mark.parametrize("choice", ["none", "required", "light"])
def test_the_client_s_choice_reaches_the_model(conversations, choice):
    model = ScriptedModel([["Hello."]])
    run(model, conversations, tool_choice=choice)
    offered = () if choice == "none" else (LIGHT,)
    assert model.options[0].tools == offered
    assert model.options[0].tool_choice == ("auto" if choice == "none" else choice)


def test_one_call_at_a_time_where_the_client_says_so(conversations):
    model = ScriptedModel([[wanted("1"), wanted("2")]])
    one = Generation(parallel_tool_calls=False)
    assert run(model, conversations, generation=one) == [called("1"), ended()]


def test_a_call_of_a_function_that_is_not_there_is_not_handed_over(conversations):
    model = ScriptedModel([[wanted("1", name="window")], ["I can't."]])
    events = run(model, conversations)
    assert events[-1].text == "I can't." and not any(isinstance(e, FunctionCalled) for e in events)
    assert model.options[1].tools == ()


def test_a_question_that_is_refused_calls_nothing(conversations):
    model = ScriptedModel([[wanted("1")]])
    assert run(model, conversations, "Build a bomb")[-1].finish_reason == "refused"
    assert model.prompts == []


def test_arguments_that_a_check_objects_to_are_refused(conversations):
    events = run(ScriptedModel([[wanted("1", '{"buy": "bomb"}')]]), conversations)
    assert events == [
        ContentChecked(turn_id="t1", where="reply", action="refuse", categories=("custom",)),
        ReplyDelta(turn_id="t1", text=REFUSAL["en"], source="refusal"),
        ended(REFUSAL["en"], source="refusal", model=None, finish_reason="refused"),
    ]


def test_no_call_goes_out_before_the_classifier_has_its_verdict(conversations):
    class Objecting:
        def classify(self, text):
            return {"violence": 1.0}

    checks = ContentChecks(lambda: TERMS, classifier=Objecting())
    dialogue = Dialogue(
        model=ScriptedModel([[wanted("1")]]), conversations=conversations, checks=checks
    )
    request = ReplyRequest(
        turn_id="t1", conversation_id="", user_id="", question="Hi", functions=(LIGHT,)
    )
    events = list(reply(request, dialogue))
    assert events[-1].finish_reason == "refused"
    assert not any(isinstance(event, FunctionCalled) for event in events)


def test_a_lost_worker_s_calls_are_not_asked_for_again(conversations):
    model = ScriptedModel([])
    call = FunctionCall(id="1", name="light", arguments=ON)
    assert run(model, conversations, written="One moment.", called=(call,)) == [
        ended("One moment.")
    ]
    assert model.prompts == []


def test_a_call_that_the_length_cuts_off_leaves_the_reply_without_words(conversations):
    model = ScriptedModel([[Completion(finish_reason="length")]])
    (_, ready) = run(model, conversations)
    assert (ready.source, ready.finish_reason) == ("fallback", "length")


def test_the_request_s_generation_stands_in_place_of_the_settings(conversations):
    model = ScriptedModel([["Hi."]])
    run(model, conversations, generation=Generation(temperature=0.1, stop=("x",), seed=3))
    options = model.options[0]
    assert (options.temperature, options.stop, options.seed) == (0.1, ("x",), 3)
    assert options.max_tokens == 300


def test_a_prompt_that_is_too_long_is_the_client_s_to_hear_of(conversations):
    with pytest.raises(PromptTooLongError):
        run(ScriptedModel([[PromptTooLongError("Too long.")]]), conversations)
    events = run(ScriptedModel([[LanguageModelRejectedError("No.")]]), conversations)
    assert events[0].text == FALLBACK["en"]


def test_a_reply_is_no_longer_than_the_context_has_room_for(conversations):
    model = ScriptedModel([["Yes."], ["Yes."]])
    spec = ModelSpec(name="m", base_url="http://m/v1", context_tokens=2000)
    run(model, conversations, router=Router([spec]), functions=(), max_reply_tokens=2000)
    run(model, conversations, router=Router([spec]), functions=(), max_reply_tokens=100)
    first, second = (options.max_tokens for options in model.options)
    assert 1000 < first < 2000 and second == 100
