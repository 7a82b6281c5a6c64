"""Calls of functions on their way to a model's server and back."""

import json

import pytest
from pydantic import BaseModel

from assistant.errors import LanguageModelError
from assistant.generation import FunctionTool
from assistant.llm.base import Completion, GenerationOptions, ToolRequest
from assistant.llm.openai_chat import OpenAIChat
from assistant.messages import FunctionCall, Message
from tests.assistant.llm.misbehaving import DONE, USAGE, Answer, MisbehavingServer, chunk

QUESTION = [Message(role="user", content="Hi")]
WEATHER = FunctionTool(
    name="weather",
    description="The weather in a city",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)
TOOLS = GenerationOptions(tools=(WEATHER,))
STOP = [chunk(None, "stop"), DONE]


def answered(steps, options=TOOLS, messages=QUESTION):
    """Return what the client yields for this answer, and the body of its request."""
    with MisbehavingServer(Answer(steps)) as server:
        pieces = list(server.model().stream(messages, options))
    ((_, _, body),) = server.requests
    return pieces, body


def part(index, name=None, arguments=None, **part):
    function = {"name": name, "arguments": arguments}
    return chunk(tool_calls=[{"index": index, "function": function, **part}])


def test_calls_that_arrive_in_parts_are_put_together():
    script = [
        part(0, "weather", "", id="a", type="function"),
        part(0, arguments='{"ci'),
        part(0, arguments='ty": "上海"}'),
        part(1, "clock", None, id="b"),
        part(1, id="b"),
        chunk(None, "tool_calls"),
        USAGE,
        DONE,
    ]
    pieces, body = answered(script)
    assert pieces == [
        ToolRequest(id="a", name="weather", text='{"city": "上海"}', arguments={"city": "上海"}),
        ToolRequest(id="b", name="clock", text="{}", arguments={}),
        Completion(finish_reason="stop", prompt_tokens=7, completion_tokens=2, model="m"),
    ]
    assert pieces[0].call == FunctionCall(id="a", name="weather", arguments='{"city": "上海"}')
    (tool,) = body["tools"]
    assert tool["type"] == "function"
    assert tool["function"] == {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": WEATHER.parameters,
    }
    assert "tool_choice" not in body and "parallel_tool_calls" not in body


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ('{"city": "上海"}', '{"city": "上海"}'),
        ("", "{}"),
        ('{"city": "Par', '{"arguments": "{\\"city\\": \\"Par"}'),
        ("[1]", '{"arguments": "[1]"}'),
        ('{"x": NaN}', '{"arguments": "{\\"x\\": NaN}"}'),
        ('{"a":' * 30_000, json.dumps({"arguments": '{"a":' * 30_000})),
    ],
    ids=["good", "empty", "cut off", "no object", "no JSON", "deep"],
)
def test_a_server_is_told_of_earlier_calls_with_arguments_that_it_can_read(arguments, sent):
    call = FunctionCall(id="a", name="weather", arguments=arguments)
    messages = [
        *QUESTION,
        Message(role="assistant", content="", tool_calls=(call,)),
        Message(role="tool", content="rain", tool_call_id="a"),
    ]
    _, body = answered(STOP, messages=messages)
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == sent


def test_a_call_without_an_id_gets_one_of_its_own():
    script = [part(0, "clock"), part(1, "clock"), chunk(None, "tool_calls"), DONE]
    (first, second, _), _ = answered(script)
    assert first.id.startswith("call_") and second.id.startswith("call_")
    assert first.id != second.id


@pytest.mark.parametrize("arguments", ['{"city": "Par', "[]", '"Paris"'])
def test_a_call_that_cannot_be_read_is_the_models_fault_and_not_the_servers(arguments):
    script = [part(0, "weather", arguments), chunk(None, "tool_calls"), DONE]
    with (
        MisbehavingServer(Answer(script)) as server,
        pytest.raises(LanguageModelError, match="tool") as caught,
    ):
        list(server.model().stream(QUESTION, TOOLS))
    assert not caught.value.is_retryable


def test_a_call_that_the_length_cut_off_is_no_call():
    script = [part(0, "weather", '{"city": "Par'), chunk(None, "length"), DONE]
    assert answered(script)[0] == [Completion(finish_reason="length", model="m")]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("none", "none"),
        ("required", "required"),
        ("weather", {"type": "function", "function": {"name": "weather"}}),
    ],
)
def test_a_choice_other_than_the_model_s_own_is_sent(choice, sent):
    options = GenerationOptions(tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=False)
    _, body = answered([chunk("Hi"), *STOP], options)
    assert body["tool_choice"] == sent
    assert body["parallel_tool_calls"] is False


def test_calls_and_their_results_are_sent_as_the_protocol_has_them():
    call = FunctionCall(id="a", name="weather", arguments='{"city": "Paris"}')
    messages = [
        *QUESTION,
        Message(role="assistant", content="", tool_calls=(call,)),
        Message(role="tool", content="sunny", tool_call_id="a"),
    ]
    _, body = answered([chunk("Sun."), *STOP], messages=messages)
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
                }
            ],
        },
        {"role": "tool", "content": "sunny", "tool_call_id": "a"},
    ]


def test_what_is_set_of_the_generation_is_sent_and_nothing_else_is():
    options = GenerationOptions(
        temperature=0.0,
        max_tokens=9,
        stop=("\n", "END"),
        top_p=0.5,
        seed=7,
        frequency_penalty=-1.0,
    )
    _, body = answered([chunk("Hi"), *STOP], options)
    del body["messages"], body["stream_options"]
    assert body == {
        "model": "m",
        "temperature": 0.0,
        "max_tokens": 9,
        "stream": True,
        "stop": ["\n", "END"],
        "top_p": 0.5,
        "seed": 7,
        "frequency_penalty": -1.0,
    }


def test_json_of_any_form_can_be_asked_for():
    _, body = answered([chunk("{}"), *STOP], GenerationOptions(json_schema={}))
    assert body["response_format"] == {"type": "json_object"}


def ask(model, question, **options):
    messages = [Message(role="user", content=question)]
    options = {"temperature": 0.0, "max_tokens": 60} | options
    *pieces, completion = model.stream(messages, GenerationOptions(**options))
    return pieces, completion


@pytest.fixture(scope="session")
def small_model(llama_server):
    """One that cannot call functions by itself."""
    return OpenAIChat(
        base_url=llama_server,
        model="m",
        api_key="",
        first_token_timeout_s=60.0,
        token_timeout_s=30.0,
        can_call_tools=False,
    )


class City(BaseModel):
    name: str


class Trip(BaseModel):
    start: City
    stops: list[City]


TRIP = FunctionTool(name="trip", description="Plan a trip", parameters=Trip.model_json_schema())


@pytest.mark.parametrize(
    ("question", "city"),
    [("What's the weather in Paris?", "Paris"), ("上海今天天气怎么样？", "上海")],
)
@pytest.mark.parametrize("choice", ["required", "weather"])
def test_the_real_server_makes_the_model_call_a_function(small_model, question, city, choice):
    pieces, _ = ask(small_model, question, tools=(WEATHER,), tool_choice=choice)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == ""
    assert (pieces[-1].name, pieces[-1].arguments) == ("weather", {"city": city})


def test_the_real_server_holds_a_call_to_a_schema_with_references(small_model):
    pieces, _ = ask(small_model, "From Oslo to Rome.", tools=(WEATHER, TRIP), tool_choice="trip")
    assert Trip.model_validate(pieces[-1].arguments).start.name


def test_the_real_server_ends_a_reply_at_a_text(real_model):
    pieces, completion = ask(
        real_model, "Count: one, two, three, four, five.", stop=("three", "Three", "3")
    )
    assert "".join(pieces) and "three" not in "".join(pieces).lower()
    assert completion.finish_reason == "stop"
