"""Responses to what a client brings itself, in the conversation or apart from it."""

import base64
import json
from typing import Any

import pytest

from tests.web.realtime.conftest import Client, Web

SAID = (
    ["ReplyText", {"turn_id": "TURN", "text": "Fine."}],
    ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": "Fine."}],
)
SLOW = (SAID[0], ["sleep", 30], SAID[1])
SOUND = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 300}]


def asks(*script: list[Any]) -> dict[str, Any]:
    return user(json.dumps(script))


def user(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


def ask_apart(client: Client, *script: list[Any], **response: Any) -> None:
    response = {"conversation": "none", "input": [asks(*script)], **response}
    client.send("response.create", response=response)


def test_a_response_apart_is_told_by_its_own_events_alone(web: Web, client: Client) -> None:
    ask_apart(
        client,
        SAID[0],
        ["ReplyDone", SAID[1][1] | {"calls": [{"id": "c", "name": "f", "arguments": "{}"}]}],
        metadata={"topic": "mood"},
        output_modalities=["text"],
        instructions="Say how the user feels.",
        tools=[{"type": "function", "name": "f"}],
    )
    events = client.until("response.done")
    assert {event["type"].partition(".")[0] for event in events} == {"response"}
    response = events[-1]["response"]
    assert (response["conversation_id"], response["metadata"]) == (None, {"topic": "mood"})
    said, call = response["output"]
    assert (said["content"][0]["text"], call["name"]) == ("Fine.", "f")
    (replied,) = web.sessions()[-1]["replied_with"]
    assert replied["instructions"] == "Say how the user feels."
    assert [tool["name"] for tool in replied["functions"]] == ["f"]
    for item_id in (said["id"], call["id"]):
        client.send("conversation.item.retrieve", item_id=item_id)
        assert client.error()["code"] == "item_retrieve_invalid_item_id"


def test_responses_apart_are_made_beside_one_of_the_conversation(client: Client) -> None:
    client.play(*SLOW)
    own = client.until("response.output_audio_transcript.delta")[0]["response"]["id"]
    ask_apart(client, *SAID, output_modalities=["text"])
    assert client.until("response.done")[-1]["response"]["conversation_id"] is None
    ask_apart(client, *SLOW)
    apart = client.until("response.created")[-1]["response"]["id"]
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["id"] == own
    client.send("response.cancel", event_id="mine")
    assert client.error()["event_id"] == "mine"
    client.send("response.cancel", response_id=apart)
    response = client.until("response.done")[-1]["response"]
    assert (response["id"], response["status"]) == (apart, "cancelled")
    client.send("response.cancel", response_id=apart)
    assert client.error()["code"] == "response_cancel_not_active"


def test_a_response_apart_is_spoken_as_any_is(client: Client) -> None:
    ask_apart(client, SAID[0], SOUND, SAID[1])
    events = client.until("response.done")
    sound = [e["delta"] for e in events if e["type"] == "response.output_audio.delta"]
    assert sum(len(base64.b64decode(delta)) for delta in sound) == 300 * 48
    assert not [event for event in events if event["type"].startswith("conversation.")]


def test_its_input_is_items_and_references_to_items(web: Web, client: Client) -> None:
    client.send("conversation.item.create", item=user("My cat is Tom.") | {"id": "item_cat"})
    client.until("conversation.item.done")
    call = {"type": "function_call", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "3"}
    system = user("Be brief.") | {"role": "system"}
    said = {"type": "output_text", "text": "Hello."}
    hello = {"type": "message", "role": "assistant", "content": [said]}
    given = [
        system,
        {"type": "item_reference", "id": "item_cat"},
        hello,
        user("And the dogs?"),
        call | {"call_id": "call_1"},
        call | {"call_id": "call_2"},
        output,
    ]
    client.send("response.create", response={"conversation": "none", "input": given})
    client.until("response.done")
    name, is_apart, question, messages = web.sessions()[-1]["calls"][-1]
    assert (name, is_apart, question) == ("respond_to", True, "And the dogs?")
    assert [(m["role"], m["content"]) for m in messages] == [
        ("system", "Be brief."),
        ("user", "My cat is Tom."),
        ("assistant", "Hello."),
        ("assistant", ""),
        ("tool", "3"),
    ]
    assert [call["id"] for call in messages[3]["tool_calls"]] == ["call_1", "call_2"]


def test_without_input_it_is_to_the_conversation_as_it_is(web: Web, client: Client) -> None:
    client.send("response.create", response={"conversation": "none"})
    client.until("response.done")
    assert web.sessions()[-1]["calls"][-1] == ["respond_to", True, None, []]


def test_an_input_can_be_answered_in_the_conversation(web: Web, client: Client) -> None:
    client.send("response.create", response={"input": [asks(*SAID)]})
    events = client.until("response.done")
    assert "conversation.item.done" in [event["type"] for event in events]
    assert events[-1]["response"]["conversation_id"]
    assert web.sessions()[-1]["calls"][-1][1] is False
    client.send("response.create", response={"input": []})
    response = client.until("response.done")[-1]["response"]
    assert response["output"][0]["content"][0]["transcript"] == "Hello!"


SPOKEN = {"type": "input_audio", "audio": base64.b64encode(bytes(4_800)).decode()}


@pytest.mark.parametrize(
    ("response", "code", "param"),
    [
        ({"conversation": "mine"}, "invalid_value", "response.conversation"),
        ({"input": "Hi"}, "invalid_value", "response.input"),
        ({"input": [user("")]}, "invalid_value", "response.input.0"),
        ({"input": [{"role": "user"}]}, "missing_required_parameter", "response.input.0.type"),
        (
            {"input": [user("Hi"), {"type": "item_reference", "id": "no"}]},
            "item_not_found",
            "response.input.1.id",
        ),
        (
            {"input": [user("Hi") | {"content": [SPOKEN]}, user("Hi")]},
            "unsupported_item",
            "response.input.1",
        ),
        ({"metadata": {"a": 1}}, "invalid_value", "response.metadata.a"),
        ({"metadata": {"a": "x" * 600}}, "invalid_value", "response.metadata.a"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "response.tools.0.name"),
    ],
)
def test_a_response_that_cannot_be_is_refused(
    client: Client, response: dict[str, Any], code: str, param: str
) -> None:
    client.send("response.create", response={"conversation": "none", **response})
    error = client.error()
    assert (error["code"], error["param"]) == (code, param)


def test_what_is_not_transcribed_yet_cannot_be_referred_to(client: Client) -> None:
    client.append(bytes(4_800))
    client.send("input_audio_buffer.commit")
    item_id = client.until("conversation.item.done")[-1]["item"]["id"]
    given = [{"type": "item_reference", "id": item_id}]
    client.send("response.create", response={"conversation": "none", "input": given})
    assert client.error()["code"] == "item_not_transcribed"
