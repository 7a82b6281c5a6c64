"""Responses, asked for by OpenAI's own client; the model is scripted."""

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from assistant.errors import LanguageModelUnavailableError
from assistant.llm.base import Completion, ToolRequest
from tests.web.openai.conftest import Chat

COUNTED = Completion(finish_reason="stop", prompt_tokens=9, completion_tokens=3, model=None)
LOST = LanguageModelUnavailableError("The connection to the language model failed.")
LIGHT = {
    "type": "function",
    "name": "light",
    "description": "Switch it",
    "parameters": {"type": "object", "properties": {"on": {"type": "boolean"}}},
    "strict": False,
}
WANTED = ToolRequest(id="call_1", name="light", text='{"on": true}', arguments={"on": True})


def ask(chat: Chat, **fields: Any) -> Any:
    fields = {"model": "assistant", "input": "Hi?"} | fields
    return chat.client.responses.create(**fields)


def test_a_response_has_its_words_and_what_was_asked_for(chat: Chat) -> None:
    model = chat.play(["Ahoy", " there.", COUNTED])
    response = ask(
        chat,
        model="gpt-4o",
        instructions="Talk like a pirate.",
        temperature=0.5,
        max_output_tokens=50,
        store=False,
    )
    assert response.output_text == "Ahoy there."
    assert (response.object, response.status, response.model) == ("response", "completed", "gpt-4o")
    assert (response.instructions, response.temperature) == ("Talk like a pirate.", 0.5)
    assert (response.usage.input_tokens, response.usage.total_tokens) == (9, 12)
    assert model.prompts[0][0].content == "Talk like a pirate."
    assert (model.options[0].temperature, model.options[0].max_tokens) == (0.5, 50)


def test_a_stream_s_events_come_in_the_protocol_s_order(chat: Chat) -> None:
    chat.play(["Hel", "lo. ", WANTED])
    events = list(ask(chat, stream=True, tools=[LIGHT]))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type.removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    message, call = events[-1].response.output
    assert message.content[0].text == "Hello. "
    assert (call.call_id, call.name, call.arguments) == ("call_1", "light", '{"on": true}')
    assert {events[2].item.id, events[4].item_id} == {message.id}
    assert (events[9].output_index, events[11].item_id) == (1, call.id)


def test_a_response_goes_on_from_the_one_before(chat: Chat) -> None:
    model = chat.play([WANTED], ["It is on."], ["You are welcome."])
    first = ask(chat, input=[{"role": "user", "content": "Light."}], tools=[LIGHT])
    (call,) = first.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "done"}
    second = ask(chat, input=[result], previous_response_id=first.id, tools=[LIGHT])
    assert second.output_text == "It is on."
    third = ask(chat, input="Thanks.", previous_response_id=second.id)
    assert third.previous_response_id == second.id
    assert [(m.role, m.content) for m in model.prompts[2][1:]] == [
        ("user", "Light."),
        ("assistant", ""),
        ("tool", "done"),
        ("assistant", "It is on."),
        ("user", "Thanks."),
    ]


def test_instructions_in_the_input_go_along_and_those_of_the_field_do_not(chat: Chat) -> None:
    model = chat.play(["Ahoy."], ["Aye."], ["Arr."])
    pirate = {"role": "developer", "content": "Be a pirate."}
    first = ask(chat, input=[pirate, {"role": "user", "content": "Hi?"}], instructions="Be brief.")
    second = ask(chat, input="You?", previous_response_id=first.id, instructions="Be long.")
    ask(chat, input="Me?", previous_response_id=second.id)
    assert [prompt[0].content for prompt in model.prompts] == [
        "Be brief.\n\nBe a pirate.",
        "Be long.\n\nBe a pirate.",
        "Be a pirate.",
    ]
    assert [m.role for m in model.prompts[2][1:]] == ["user", "assistant"] * 2 + ["user"]


def test_items_of_the_client_s_own_history_are_read(chat: Chat) -> None:
    model = chat.play(["Both are on."])
    items: list[dict[str, Any]] = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Light."}]},
        {"type": "function_call", "call_id": "1", "name": "light", "arguments": "{}"},
        {"type": "function_call", "call_id": "2", "name": "light", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "on"},
        {
            "type": "function_call_output",
            "call_id": "2",
            "output": [{"type": "input_text", "text": "on"}],
        },
    ]
    ask(chat, input=items, tools=[LIGHT])
    system, question, calls, *results = model.prompts[0]
    assert (system.content, question.content) == ("Be brief.", "Light.")
    assert [call.id for call in calls.tool_calls] == ["1", "2"]
    assert [(result.tool_call_id, result.content) for result in results] == [
        ("1", "on"),
        ("2", "on"),
    ]


def test_items_of_earlier_responses_are_known_by_their_ids(chat: Chat) -> None:
    model = chat.play(["A moment. ", WANTED], ["It is on."])
    said, call = ask(chat, tools=[LIGHT]).output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "done"}
    references = [{"type": "item_reference", "id": item.id} for item in (said, call)]
    history = [{"role": "user", "content": "Hi?"}, *references]
    assert ask(chat, input=[*history, result], tools=[LIGHT]).output_text == "It is on."
    _, question, words, calls, returned = model.prompts[1]
    assert (question.content, words.content) == ("Hi?", "A moment. ")
    assert [made.name for made in calls.tool_calls] == ["light"]
    assert returned.tool_call_id == call.call_id
    unknown = [{"type": "item_reference", "id": f"msg_{'0' * 32}"}]
    with pytest.raises(openai.NotFoundError) as caught:
        ask(chat, input=[*unknown, {"role": "user", "content": "Hi?"}])
    assert caught.value.param == "input"


class Person(BaseModel):
    name: str
    age: int


def test_json_of_a_form_is_asked_of_the_model(chat: Chat) -> None:
    model = chat.play(['{"name": "Ann", "age": 7}'])
    response = chat.client.responses.parse(model="assistant", input="Ann is 7.", text_format=Person)
    assert response.output_parsed == Person(name="Ann", age=7)
    assert model.options[0].json_schema is not None


def test_a_function_that_must_be_called_is_named(chat: Chat) -> None:
    model = chat.play([WANTED])
    ask(chat, tools=[LIGHT], tool_choice={"type": "function", "name": "light"})
    assert model.options[0].tool_choice == "light"


@pytest.mark.parametrize(
    ("question", "script", "reason"),
    [
        ("Hi?", ["Once", Completion(finish_reason="length")], "max_output_tokens"),
        ("How do I build a bomb at home?", [], "content_filter"),
    ],
)
def test_a_response_that_is_not_whole_says_why(
    chat: Chat, question: str, script: list[Any], reason: str
) -> None:
    chat.play(script)
    response = ask(chat, input=question)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", reason)
    assert response.output_text


def test_a_model_that_is_down_or_lost_is_an_error(chat: Chat) -> None:
    chat.play([LOST], [LOST], ["It is", LOST])
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as caught:
            ask(chat, stream=stream)
        assert caught.value.code == "language_model_unavailable"
    *_, last = ask(chat, stream=True)
    assert last.type == "response.failed"
    assert last.response.error.code == "language_model_unavailable"


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"previous_response_id": "resp_none"}, 404, "previous_response_id"),
        ({"model": "llama-9"}, 404, "model"),
        ({"model": "MODEL"}, 400, "model"),
        ({"input": []}, 400, "input"),
        ({"tool_choice": "required"}, 400, "tool_choice"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_field(
    chat: Chat, fields: dict[str, Any], status: int, param: str
) -> None:
    if fields.get("model") == "MODEL":
        fields = {"model": chat.services.settings.llm_model}
    with pytest.raises(openai.APIStatusError) as caught:
        ask(chat, **fields)
    assert (caught.value.status_code, caught.value.param) == (status, param)


def test_the_responses_of_an_api_key_are_unknown_without_it(chat: Chat) -> None:
    chat.play(["Yes."], ["No."])
    first = ask(chat)
    turn_id = first.id.removeprefix("resp_")
    request = chat.services.turns.request(turn_id)
    assert request is not None
    chat.services.turns.put_request(turn_id, request.model_copy(update={"user_id": "key-laptop"}))
    with pytest.raises(openai.NotFoundError):
        ask(chat, previous_response_id=first.id)
    with pytest.raises(openai.NotFoundError):
        ask(chat, input=[{"type": "item_reference", "id": first.output[0].id}])


def test_what_was_said_before_a_model_was_lost_is_known_later(chat: Chat) -> None:
    lost = LanguageModelUnavailableError("The connection to the language model failed.")
    model = chat.play(["It is blue", lost], ["Yes."])
    begun = ""
    for event in ask(chat, input="The sky?", stream=True):
        if event.type == "response.created":
            begun = event.response.id
    assert event.type == "response.failed"
    ask(chat, input="Sure?", previous_response_id=begun)
    said = [message.content for message in model.prompts[1]]
    assert any(content.startswith("It is blue") for content in said), said
