"""A turn whose reply may call the client's functions, and one outside every conversation."""

import pytest

from assistant.events import CacheChecked, FunctionCalled, TurnFinished
from assistant.generation import FunctionTool, Generation
from assistant.llm.base import ToolRequest
from assistant.llm.scripted import ScriptedModel
from assistant.messages import FunctionCall, Message
from tests.workers.conftest import Build, Work
from workers.services import Services
from workers.turn_start import start_turn
from workers.turn_state import TurnState, load_state
from workers.turn_store import TurnRequest

LIGHT = FunctionTool(name="light", description="Switch it")
CALL = FunctionCall(id="1", name="light", arguments='{"on": true}')
WANTED = ToolRequest(id="1", name="light", text='{"on": true}', arguments={"on": True})
STEPS = (
    Message(role="assistant", content="", tool_calls=(CALL,)),
    Message(role="tool", content="done", tool_call_id="1"),
)


def ask(services: Services, question: str, conversation: str = "", **more: object) -> TurnState:
    request = TurnRequest(
        conversation_id=conversation, user_id="anna", question=question, speak=False, **more
    )
    turn_id = start_turn(services, request)
    for _ in services.bus.follow(turn_id, timeout_s=20):
        pass
    state = load_state(services.bus, turn_id)
    assert isinstance(state.end, TurnFinished), state.end
    return state


def scripted(services: Services) -> ScriptedModel:
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return link.model


def test_a_call_goes_to_the_client_and_its_result_comes_back(build: Build, work: Work) -> None:
    services = build([WANTED], ["It is on."])
    with work(services):
        called = ask(services, "Light, please.", "c", functions=(LIGHT,))
        assert called.calls == [CALL]
        assert called.reply and called.reply.finish_reason == "tool_calls"
        assert services.conversations.exchanges("c") == []
        answered = ask(services, "Light, please.", "c", functions=(LIGHT,), steps=STEPS)
    assert answered.written == "It is on."
    (exchange,) = services.conversations.exchanges("c")
    assert (exchange.question, exchange.answer) == ("Light, please.", "It is on.")
    assert scripted(services).prompts[1][-2:] == list(STEPS)


@pytest.mark.parametrize(
    ("question", "conversation"), [("What is 17 % of 250?", ""), ("Remember that I sing.", "c")]
)
@pytest.mark.parametrize(
    "wish",
    [
        {"functions": (LIGHT,), "tool_choice": "required"},
        {"steps": STEPS},
        {"generation": Generation(json_schema={"type": "object"})},
    ],
    ids=["a call", "what follows a result", "JSON"],
)
def test_what_only_a_model_can_give_is_given_by_no_one_else(
    build: Build, work: Work, question: str, conversation: str, wish: dict[str, object]
) -> None:
    services = build(["{}"], tools=True, answer_cache="exact")
    with work(services):
        state = ask(services, question, conversation, **wish)
    assert (state.written, state.written_source, state.cache) == ("{}", "model", None)
    assert not services.profiles.get("anna").facts


def test_a_function_stands_before_our_own_tools_but_not_before_the_user_s_memory(
    build: Build, work: Work
) -> None:
    services = build([WANTED], tools=True)
    with work(services):
        state = ask(services, "What is 17 % of 250?", functions=(LIGHT,))
        assert state.calls == [CALL]
        state = ask(services, "What is 17 % of 250?", functions=(LIGHT,), tool_choice="none")
        assert "42.5" in state.written
        state = ask(services, "Remember that I sing.", "c", functions=(LIGHT,))
        assert state.written_source == "memory"


def test_another_temperature_is_no_remembered_answer(build: Build, work: Work) -> None:
    services = build(["Paris."], ["Paris!"], answer_cache="exact")
    with work(services):
        ask(services, "What is the capital of France?")
        warm = Generation(temperature=1.5)
        state = ask(services, "What is the capital of France?", generation=warm)
    assert state.written == "Paris!"
    assert isinstance(state.cache, CacheChecked) and state.cache.reason == "generation"


def test_outside_every_conversation_nothing_is_recalled_and_nothing_kept(
    build: Build, work: Work
) -> None:
    services = build(["Hello Ann."], ["I don't know."], ["Fine."], tools=True)
    with work(services):
        ask(services, "My name is Ann and I live in Rome.")
        ask(services, "What is my name?")
        state = ask(services, "Remind me in 5 minutes to call Tom.")
        assert "can't keep anything" in state.written
        ask(services, "Remember that I sing.")
    assert [len(prompt) for prompt in scripted(services).prompts] == [2, 2, 2]
    assert not services.profiles.get("anna").facts
    assert not services.reminders.pending("anna")
    assert list(services.redis.scan_iter("conversation:*")) == []


def test_calls_are_told_of_once_when_a_worker_is_lost(build: Build, work: Work) -> None:
    services = build([WANTED])
    with work(services):
        request = TurnRequest(
            conversation_id="", user_id="", question="Light.", speak=False, functions=(LIGHT,)
        )
        turn_id = start_turn(services, request)
        for _ in services.bus.follow(turn_id, timeout_s=20):
            pass
    events = [stored.event for stored in services.bus.events(turn_id)]
    assert [e.name for e in events if isinstance(e, FunctionCalled)] == ["light"]
