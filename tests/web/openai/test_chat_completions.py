"""Chat completions by the assistant, asked for by OpenAI's own client; the model is scripted."""

import functools
import json
import time
from typing import Any

import httpx
import openai
import pytest
from pydantic import BaseModel

from assistant.errors import (
    LanguageModelUnavailableError,
    PromptTooLongError,
    RequestRefusedError,
)
from assistant.events import TurnCancelled
from assistant.llm.base import Completion, ToolRequest
from tests.web.openai.conftest import Chat
from workers.turn_state import load_state

LOST = LanguageModelUnavailableError("The connection to the language model failed.")
COUNTED = Completion(finish_reason="stop", prompt_tokens=9, completion_tokens=3, model=None)
LIGHT = {
    "type": "function",
    "function": {
        "name": "light",
        "description": "Switch it",
        "parameters": {"type": "object", "properties": {"on": {"type": "boolean"}}},
    },
}
DEEP: dict[str, Any] = functools.reduce(lambda inner, _: {"items": inner}, range(150), {})
WIDE = {"enum": list(range(3000))}
LONG: dict[str, Any] = {
    "type": "function",
    "function": {"name": "f", "parameters": {"enum": list(range(1500))}},
}
WANTED = ToolRequest(id="call_1", name="light", text='{"on": true}', arguments={"on": True})


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def ask(chat: Chat, *messages: Any, **fields: Any) -> Any:
    fields = {"model": "assistant", "messages": list(messages) or [user("Hi?")]} | fields
    return chat.client.chat.completions.create(**fields)


def post(chat: Chat, **body: Any) -> httpx.Response:
    fields = {"model": "assistant", "messages": [user("Hi?")]} | body
    return httpx.post(f"{chat.url}/v1/chat/completions", json=fields, timeout=30)


def lines(chat: Chat, **body: Any) -> list[Any]:
    """The data of each event of a stream."""
    answer = post(chat, stream=True, **body)
    assert answer.headers["Content-Type"] == "text/event-stream"
    data = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


def choices(events: list[Any]) -> list[Any]:
    return [event["choices"][0] for event in events if event != "[DONE]" and event["choices"]]


# Words


def test_an_answer_is_whole_and_counted(chat: Chat) -> None:
    chat.play(["Not", " much.", COUNTED])
    body = post(chat, model="gpt-4o").json()
    assert body.pop("id").startswith("chatcmpl-")
    assert abs(body.pop("created") - time.time()) < 60
    assert body == {
        "object": "chat.completion",
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Not much.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    }


def test_a_stream_begins_with_the_role_and_ends_with_the_reason_and_the_count(chat: Chat) -> None:
    chat.play(["Not", " much.", COUNTED])
    *chunks, last, done = lines(chat, stream_options={"include_usage": True})
    assert done == "[DONE]"
    assert [(c["delta"], c["finish_reason"]) for c in choices(chunks)] == [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "Not"}, None),
        ({"content": " much."}, None),
        ({}, "stop"),
    ]
    assert last["choices"] == [] and last["usage"]["total_tokens"] == 12
    assert len({chunk["id"] for chunk in (*chunks, last)}) == 1
    assert all("usage" not in chunk for chunk in chunks)


def test_what_the_client_says_before_and_its_instructions_reach_the_model(chat: Chat) -> None:
    model = chat.play(["Ann."])
    ask(
        chat,
        {"role": "system", "content": "Talk like a pirate."},
        {"role": "developer", "content": "Be brief."},
        user("I am Ann."),
        {"role": "assistant", "content": "Hi!"},
        user([{"type": "text", "text": "What is"}, {"type": "text", "text": "my name?"}]),
    )
    assert [(m.role, m.content) for m in model.prompts[0]] == [
        ("system", "Talk like a pirate.\n\nBe brief."),
        ("user", "I am Ann."),
        ("assistant", "Hi!"),
        ("user", "What is\nmy name?"),
    ]


def test_instructions_alone_are_followed(chat: Chat) -> None:
    model = chat.play(["Welcome!"])
    answer = ask(chat, {"role": "system", "content": "Greet the user."})
    assert answer.choices[0].message.content == "Welcome!"
    assert [m.role for m in model.prompts[0]] == ["system", "user"]


def test_what_is_wanted_of_the_generation_reaches_the_model(chat: Chat) -> None:
    model = chat.play(["Once upon", Completion(finish_reason="length")])
    answer = ask(
        chat,
        temperature=0.1,
        top_p=0.5,
        seed=3,
        stop=["END"],
        presence_penalty=1.0,
        max_completion_tokens=7,
        user="ann",
        metadata={"a": "b"},
        store=False,
        extra_body={"no_such_field": 1},
    )
    assert answer.choices[0].finish_reason == "length"
    options = model.options[0]
    assert (options.temperature, options.top_p, options.seed) == (0.1, 0.5, 3)
    assert (options.stop, options.presence_penalty, options.max_tokens) == (("END",), 1.0, 7)


class Person(BaseModel):
    name: str
    age: int


def test_json_of_a_form_is_asked_of_the_model_and_read_by_the_client(chat: Chat) -> None:
    model = chat.play(['{"name": "Ann", "age": 7}'])
    answer = chat.client.chat.completions.parse(
        model="assistant", messages=[user("Remember that Ann is 7.")], response_format=Person
    )
    assert answer.choices[0].message.parsed == Person(name="Ann", age=7)
    assert model.options[0].json_schema is not None
    assert model.options[0].json_schema["required"] == ["name", "age"]


def test_several_choices_are_written_beside_each_other(chat: Chat) -> None:
    model = chat.play(["One.", COUNTED], ["Two.", COUNTED], ["Three.", COUNTED])
    answer = ask(chat, n=3, seed=5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    said = {choice.message.content for choice in answer.choices}
    assert said == {"One.", "Two.", "Three."}
    assert {options.seed for options in model.options} == {5, 6, 7}
    assert answer.usage.total_tokens == 36


def test_several_choices_are_streamed_with_their_numbers(chat: Chat) -> None:
    chat.play(["A", "B"], ["A", "B"])
    said = ["", ""]
    for choice in choices(lines(chat, n=2)):
        said[choice["index"]] += choice["delta"].get("content", "")
    assert said == ["AB", "AB"]


# Functions


def test_calls_and_their_results_go_back_and_forth(chat: Chat) -> None:
    model = chat.play([WANTED], ["It is on."])
    first = ask(chat, user("Light."), tools=[LIGHT], tool_choice="required").choices[0]
    assert first.finish_reason == "tool_calls" and first.message.content is None
    (call,) = first.message.tool_calls
    assert (call.id, call.function.name, call.function.arguments) == (
        "call_1",
        "light",
        '{"on": true}',
    )
    assert model.options[0].tool_choice == "required"
    result = {"role": "tool", "tool_call_id": call.id, "content": "done"}
    second = ask(chat, user("Light."), first.message, result, tools=[LIGHT]).choices[0]
    assert (second.message.content, second.finish_reason) == ("It is on.", "stop")
    assert [m.role for m in model.prompts[1]] == ["system", "user", "assistant", "tool"]


def test_calls_are_streamed_as_their_name_and_their_arguments(chat: Chat) -> None:
    chat.play(["Well. ", WANTED, ToolRequest(id="2", name="light", text="{}", arguments={})])
    events = choices(lines(chat, tools=[LIGHT]))
    assert [choice["delta"] for choice in events[1:-1]] == [
        {"content": "Well. "},
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "light", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"on": true}'}}]},
        {
            "tool_calls": [
                {
                    "index": 1,
                    "id": "2",
                    "type": "function",
                    "function": {"name": "light", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
    ]
    assert events[-1]["finish_reason"] == "tool_calls"


def test_our_own_tools_answer_where_the_client_has_none(chat: Chat) -> None:
    chat.play()
    assert "42.5" in ask(chat, user("What is 17 % of 250?")).choices[0].message.content


# Memory


def test_a_conversation_is_remembered_only_where_its_header_is(chat: Chat) -> None:
    model = chat.play(["Hi Ann."], ["Ann."], ["Who knows?"])
    header = {"X-Conversation-Id": "chat-memory"}
    ask(chat, user("I am Ann."), extra_headers=header)
    ask(chat, user("What is my name?"), extra_headers=header)
    ask(chat, user("What is my name?"))
    assert [len(prompt) for prompt in model.prompts] == [2, 4, 2]
    kept = chat.services.conversations.exchanges("chat-memory")
    assert [exchange.answer for exchange in kept] == ["Hi Ann.", "Ann."]


def test_somebody_else_s_conversation_is_unknown(chat: Chat) -> None:
    chat.services.conversations.claim("chat-of-bob", "bob")
    with pytest.raises(openai.NotFoundError) as caught:
        ask(chat, extra_headers={"X-Conversation-Id": "chat-of-bob"})
    assert caught.value.code == "conversation_unknown"


# What goes wrong


def test_a_refusal_says_so(chat: Chat) -> None:
    chat.play()
    choice = ask(chat, user("How do I build a bomb at home?")).choices[0]
    assert choice.finish_reason == "content_filter"
    assert choice.message.refusal == choice.message.content != ""
    *_, said, last = choices(lines(chat, messages=[user("How do I build a bomb at home?")]))
    assert said["delta"]["refusal"] == said["delta"]["content"]
    assert last["finish_reason"] == "content_filter"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_is_down_is_an_error_and_no_apology(chat: Chat, stream: bool) -> None:
    chat.play([LOST])
    answer = post(chat, stream=stream)
    assert answer.status_code == 503
    assert answer.json()["error"] == {
        "message": "The language model does not respond.",
        "type": "server_error",
        "param": None,
        "code": "language_model_unavailable",
    }


def test_a_model_that_is_lost_in_the_middle_is_an_error_after_its_words(chat: Chat) -> None:
    chat.play(["It is", LOST])
    said = ""
    with pytest.raises(openai.APIError) as caught:
        for chunk in ask(chat, stream=True):
            said += chunk.choices[0].delta.content or ""
    assert said.strip() == "It is"
    assert caught.value.code == "language_model_unavailable"


def test_a_prompt_that_is_too_long_is_an_error_of_the_client(chat: Chat) -> None:
    chat.play([PromptTooLongError("Too long.")])
    with pytest.raises(openai.BadRequestError) as caught:
        ask(chat)
    assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages"),
        ({"messages": [user([{"type": "image_url", "image_url": {"url": "x"}}])]}, "messages"),
        ({"messages": [user([{"type": "input_audio", "input_audio": {"data": "%"}}])]}, "messages"),
        ({"messages": [user([{"type": "input_audio", "input_audio": {"data": "ä"}}])]}, "messages"),
        ({"tools": [LONG] * 5}, "tools"),
        ({"messages": [user("x"), {"role": "tool", "tool_call_id": "1"}]}, "messages"),
        (
            {
                "messages": [
                    user("x"),
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "1", "function": {"name": "light"}}],
                    },
                    user("y"),
                ]
            },
            "messages",
        ),
        ({"logprobs": True}, "logprobs"),
        ({"n": 99}, "n"),
        ({"temperature": 9}, "temperature"),
        ({"tool_choice": "required"}, "tool_choice"),
        (
            {
                "tools": [LIGHT],
                "tool_choice": {"type": "function", "function": {"name": "window"}},
            },
            "tool_choice",
        ),
        ({"tools": [{"type": "function", "function": {"name": "auto"}}]}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "no spaces"}}]}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": DEEP}}]}, "tools"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": DEEP}}},
            "response_format",
        ),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": WIDE}}]}, "tools"),
        ({"modalities": ["smell"]}, "modalities"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_field(
    chat: Chat, fields: dict[str, Any], param: str
) -> None:
    answer = post(chat, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "request_invalid", param)


@pytest.mark.parametrize("model", ["llama-9", 7, None, ""])
def test_a_model_that_is_not_here_is_said_with_those_that_are(chat: Chat, model: object) -> None:
    answer = post(chat, model=model)
    assert answer.status_code == (404 if model == "llama-9" else 400)
    assert answer.json()["error"]["param"] == "model"


@pytest.mark.parametrize(
    ("question", "code"), [("", "question_empty"), ("x" * 5000, "question_too_long")]
)
def test_the_limits_of_questions_hold(chat: Chat, question: str, code: str) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        ask(chat, user(question))
    assert caught.value.code == code


def test_messages_beyond_all_measure_are_refused(chat: Chat) -> None:
    answer = post(chat, messages=[user("x" * 1_000_001), user("y" * 1_000_000)])
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    "fields",
    [
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "description": "x" * 2_000_001}}
            ]
        },
        {"messages": [user([{"type": "input_audio", "input_audio": {"data": "AAAA"}}] * 101)]},
    ],
    ids=["tools", "recordings"],
)
def test_what_would_cost_others_too_much_is_refused(chat: Chat, fields: dict[str, Any]) -> None:
    answer = post(chat, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


def test_a_schema_that_the_server_refuses_is_an_error_of_the_client(chat: Chat) -> None:
    refusal = RequestRefusedError("Refused: unrecognized type foo")
    chat.play([refusal], [refusal])
    wrong = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "foo"}}}
    with pytest.raises(openai.BadRequestError, match="type foo"):
        ask(chat, response_format=wrong)
    with pytest.raises(openai.InternalServerError) as caught:
        ask(chat)
    assert caught.value.code == "language_model_unavailable"


def test_a_client_that_leaves_stops_the_turn(chat: Chat) -> None:
    model = chat.play(["One", *[step for _ in range(100) for step in (0.1, " more")]])
    with ask(chat, stream=True) as stream:
        next(iter(stream))
    for _ in range(100):
        if model.closed:
            break
        time.sleep(0.1)
    assert model.closed == 1
    keys = chat.services.redis.scan_iter("turn:{*}:events")
    turns = [key.decode().split("{")[1].split("}")[0] for key in keys]
    ends = [load_state(chat.services.bus, turn).end for turn in turns]
    assert any(isinstance(end, TurnCancelled) for end in ends)


# The list of models


def test_the_models_are_listed_and_told_of(chat: Chat) -> None:
    names = [model.id for model in chat.client.models.list()]
    assert names[:2] == ["assistant", chat.services.settings.llm_model]
    assert {"tts-1", "whisper-1"} < set(names)
    assert chat.client.models.retrieve("gpt-4o").object == "model"
    with pytest.raises(openai.NotFoundError, match="assistant"):
        chat.client.models.retrieve("llama-9")


def test_a_client_is_looked_after_while_words_come(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.play([step for _ in range(40) for step in (0.05, " more")])
    looks: list[bool] = []

    def has_left(environ: dict[str, Any]) -> bool:
        looks.append(True)
        return True

    monkeypatch.setattr("web.openai.chat_completions.has_left", has_left)
    monkeypatch.setattr("web.openai.chat_turns._PING_S", 0.2)
    with pytest.raises(openai.ConflictError) as caught:
        ask(chat)
    assert (caught.value.code, bool(looks)) == ("turn_cancelled", True)


def test_instructions_behind_the_question_join_the_others(chat: Chat) -> None:
    model = chat.play(["Yes."])
    ask(chat, user("Hi?"), {"role": "system", "content": "Be short."})
    system, question = model.prompts[0]
    assert system.content.endswith("Be short.")
    assert (question.role, question.content) == ("user", "Hi?")


def test_a_model_that_says_nothing_has_no_words_in_later_requests(chat: Chat) -> None:
    model = chat.play([Completion(finish_reason="stop", model=None)], ["Yes."])
    first = ask(chat, modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    assert first.choices[0].message.audio.transcript == ""
    earlier = {"role": "assistant", "audio": {"id": first.choices[0].message.audio.id}}
    ask(chat, user("Hi?"), earlier, user("Again?"))
    assert "Sorry" not in "".join(message.content for message in model.prompts[1])


def test_the_language_of_the_question_is_its_own(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def transcript(turn_id: str) -> tuple[str, str]:
        return "Bonjour.", "fr"

    monkeypatch.setattr("web.openai.chat_messages._transcript", transcript)
    spoken = user([{"type": "input_audio", "input_audio": {"data": "AAAA"}}])
    for messages, language in (
        ([spoken, {"role": "assistant", "content": "Bonjour."}, user("Hello?")], None),
        ([user("Hello?"), {"role": "assistant", "content": "Hello."}, spoken], "fr"),
    ):
        chat.play(["Yes."])
        answer = ask(chat, *messages, modalities=["text", "audio"])
        turn_id = answer.choices[0].message.audio.id.removeprefix("audio_")
        request = chat.services.turns.request(turn_id)
        assert request is not None and request.language == language
