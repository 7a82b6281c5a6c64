"""The beta dialect: what its clients send is understood, and they meet nothing of the GA's."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.web.realtime.conftest import Client, Web, is_alive
from tests.web.realtime.test_responses import SPOKEN
from web.realtime import beta

HEADER = {"OpenAI-Beta": "realtime=v1"}


@contextlib.contextmanager
def talk(web: Web, **options: Any) -> Iterator[tuple[Client, dict[str, Any]]]:
    options = options or {"additional_headers": HEADER}
    # The only names that the types of the beta know.
    with connect(web.socket_url + "?model=gpt-realtime", **options) as connection:
        client = Client(connection, is_beta=True)
        yield client, client.until("session.created")[-1]["session"]


@pytest.fixture
def client(web: Web) -> Iterator[Client]:
    with talk(web) as (client, _):
        yield client


def write(client: Client, *script: list[Any]) -> None:
    """Have the session play these steps as its next reply."""
    content = [{"type": "input_text", "text": json.dumps(script)}]
    client.send(
        "conversation.item.create", item={"type": "message", "role": "user", "content": content}
    )
    client.until("conversation.item.created")


@pytest.mark.parametrize(
    "options",
    [
        {"additional_headers": HEADER},
        {"additional_headers": {"OpenAI-Beta": "assistants=v2, realtime=v1"}},
        {"subprotocols": ["realtime", "openai-insecure-api-key.none", "openai-beta.realtime-v1"]},
        {"subprotocols": ["openai-beta.realtime-v1"]},
    ],
)
def test_it_is_chosen_by_its_header_or_its_subprotocol(web: Web, options: dict[str, Any]) -> None:
    with talk(web, **options) as (client, session):
        assert client.connection.subprotocol == (options.get("subprotocols") or [None])[0]
        assert session["object"] == "realtime.session"
        assert session["modalities"] == ["text", "audio"]
        assert (session["input_audio_format"], session["output_audio_format"]) == ("pcm16", "pcm16")
        assert session["max_response_output_tokens"] == "inf"
        assert "audio" not in session


def test_all_settings_reach_the_session_and_are_told_back(web: Web, client: Client) -> None:
    detection = {
        "type": "server_vad",
        "threshold": 0.6,
        "prefix_padding_ms": 200,
        "silence_duration_ms": 700,
        "create_response": False,
        "interrupt_response": False,
    }
    sent = {
        "modalities": ["text", "audio"],
        "instructions": "Answer in rhymes.",
        "voice": "kokoro:zf_xiaobei",
        "speed": 1.25,
        "input_audio_format": "g711_ulaw",
        "output_audio_format": "g711_alaw",
        "input_audio_transcription": {"model": "whisper-1", "language": "zh", "prompt": "茶"},
        "turn_detection": detection,
        "tool_choice": "auto",
        "temperature": 0.7,
        "max_response_output_tokens": 120,
        "input_audio_noise_reduction": None,
    }
    client.send("session.update", session=sent)
    told = client.until("session.updated")[-1]["session"]
    assert told["turn_detection"].pop("idle_timeout_ms") is None
    heard = told["input_audio_transcription"]
    assert heard.items() >= sent.pop("input_audio_transcription").items()  # type: ignore[attr-defined]
    assert told.items() >= sent.items()
    settings = web.sessions()[-1]["settings"]
    assert settings["turn_taking"]["silence_duration_ms"] == 700
    assert (settings["voice"], settings["speed"]) == ("kokoro:zf_xiaobei", 1.25)
    assert (settings["language"], settings["recognition_prompt"]) == ("zh", "茶")
    assert (settings["max_reply_tokens"], settings["temperature"]) == (120, 0.7)
    # There once was only one.
    client.send("session.update", session={"turn_detection": {"silence_duration_ms": 700}})
    told = client.until("session.updated")[-1]["session"]["turn_detection"]
    assert (told["type"], told["silence_duration_ms"]) == ("server_vad", 700)
    client.send("session.update", session={"turn_detection": None, "modalities": ["text"]})
    told = client.until("session.updated")[-1]["session"]
    assert (told["turn_detection"], told["modalities"]) == (None, ["text"])


def test_a_spoken_reply_comes_in_the_order_of_the_beta(client: Client) -> None:
    write(client, *SPOKEN)
    client.send("response.create")
    events = client.until("response.done")
    assert [event["type"] for event in events] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio_transcript.delta",
        "response.audio_transcript.delta",
        "response.audio.delta",
        "response.audio.delta",
        "response.audio.delta",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    response = events[-1]["response"]
    assert response["output"][0]["content"] == [{"type": "audio", "transcript": "Hello there."}]
    assert (response["modalities"], response["voice"]) == (["text", "audio"], "alloy")
    assert response["output_audio_format"] == "pcm16"
    numbers = [int(event["event_id"].removeprefix("event_")) for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    client.send("conversation.item.retrieve", item_id=events[-2]["item"]["id"])
    item = client.until("conversation.item.retrieved")[-1]["item"]
    assert item["content"][0]["type"] == "audio"


def test_a_response_may_be_written_alone(client: Client) -> None:
    write(client, *SPOKEN)
    client.send(
        "response.create",
        response={"modalities": ["text"], "temperature": 0.6, "max_response_output_tokens": 50},
    )
    events = client.until("response.done")
    assert [event["type"] for event in events if "text" in event["type"]] == [
        "response.text.delta",
        "response.text.delta",
        "response.text.done",
    ]
    response = events[-1]["response"]
    assert response["output"][0]["content"] == [{"type": "text", "text": "Hello there."}]
    assert (response["modalities"], response["max_output_tokens"]) == (["text"], 50)


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"voice": "nobody"}, "unknown_voice", "session.voice"),
        ({"input_audio_format": "mp3"}, "unsupported_format", "session.input_audio_format"),
        (
            {"turn_detection": {"type": "server_vad", "threshold": 2}},
            "invalid_value",
            "session.turn_detection.threshold",
        ),
        ({"modalities": ["smell"]}, "invalid_value", "session.modalities"),
        ({"max_response_output_tokens": 0}, "invalid_value", "session.max_response_output_tokens"),
        ({"temperature": 9}, "invalid_value", "session.temperature"),
        ({"colour": "red"}, "unknown_parameter", "session.colour"),
        ({"audio": {}}, "unknown_parameter", "session.audio"),
    ],
)
def test_what_is_wrong_is_named_as_the_client_sent_it(
    client: Client, session: dict[str, Any], code: str, param: str
) -> None:
    client.send("session.update", session=session, event_id="mine")
    error = client.error()
    assert (error["code"], error["event_id"]) == (code, "mine")
    assert error["param"].startswith(param)
    assert "audio." not in error["message"]
    assert is_alive(client)


def test_a_session_that_was_told_can_be_sent_back(web: Web) -> None:
    with talk(web) as (client, session):
        client.send("session.update", session=session)
        again = client.until("session.updated")[-1]["session"]
        assert again == session


def test_items_of_either_side_are_named_in_both_dialects() -> None:
    parts = [{"type": "text", "text": "Hello."}, {"type": "audio", "transcript": "Hello."}]
    item = {"type": "message", "role": "assistant", "content": parts}
    ga = beta.client_event({"type": "conversation.item.create", "item": item})["item"]
    assert [part["type"] for part in ga["content"]] == ["output_text", "output_audio"]
    told = beta.server_event({"type": "conversation.item.added", "item": ga})
    assert told == {"type": "conversation.item.created", "item": item}
    asked = {"type": "response.create", "response": {"input": [item]}}
    assert beta.client_event(asked)["response"]["input"] == [ga]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "session.update", "session": 7},
        {"type": "session.update"},
        {"type": "conversation.item.create", "item": None},
        {"type": "conversation.item.create", "item": {"content": [None, 7, {"type": []}]}},
        {"type": "response.create", "response": {"input": {}, "modalities": {}}},
        {"type": "response.create", "response": None},
        {"type": "session.update", "session": {"tool_choice": {"function": 7}}},
        {"type": "transcription_session.update"},
        {"type": ["session.update"]},
    ],
)
def test_whatever_a_client_sends_the_session_lives_on(
    client: Client, event: dict[str, Any]
) -> None:
    client.connection.send(json.dumps(event))
    client.send("input_audio_buffer.clear")
    for told in client.until("input_audio_buffer.cleared"):
        assert told.get("error", {}).get("type") != "server_error", told
