"""OpenAI's own client of the Realtime API, unchanged: functions, items, responses out of band."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.resources.realtime.realtime import RealtimeConnection

from speech.audio import Audio, encode_pcm16
from speech.decoding import resample
from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say
from tests.web.realtime.test_openai_client import ask, sound_s, until

# The client opens its socket in a way that `websockets` 17 no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")

STOCK = {
    "type": "function",
    "name": "get_stock",
    "description": "How many pieces of a product are in the warehouse.",
    "parameters": {
        "type": "object",
        "properties": {"product": {"type": "string"}},
        "required": ["product"],
    },
}
QUESTION = "How many umbrellas are in the warehouse?"


@pytest.fixture
def connection(server: Server) -> Iterator[RealtimeConnection]:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none")
    with client.realtime.connect(model="gpt-realtime") as connection:
        heard = {"turn_detection": None, "transcription": {"model": "whisper-1", "language": "en"}}
        connection.session.update(
            session={"type": "realtime", "audio": {"input": heard}, "tools": [STOCK]}
        )
        until(connection, "session.updated")
        yield connection


def spoken(models: Path, text: str) -> str:
    """Return base64 PCM16 at 24 kHz."""
    sound = encode_pcm16(resample(Audio(say(models, text), RATE_HZ), 24_000))
    return base64.b64encode(sound).decode()


def test_a_spoken_question_is_answered_with_what_a_function_returned(
    connection: RealtimeConnection, models: Path
) -> None:
    connection.input_audio_buffer.append(audio=spoken(models, QUESTION))
    connection.input_audio_buffer.commit()
    # Left to itself the 1.5B rather explains how the function could be called.
    connection.response.create(response={"tool_choice": "required"})
    events = until(connection, "response.done")
    called = [e for e in events if e.type == "response.function_call_arguments.done"]
    assert [event.name for event in called] == ["get_stock"]
    assert "umbrella" in json.loads(called[0].arguments)["product"].lower()
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert done[-1].call_id == called[0].call_id
    result = {"type": "function_call_output", "call_id": called[0].call_id}
    connection.conversation.item.create(item=result | {"output": '{"pieces": 42}'})  # type: ignore[arg-type]
    connection.response.create()
    events = until(connection, "response.done")
    (item,) = events[-1].response.output
    assert re.search("42|forty-two", item.content[0].transcript)
    assert sound_s(events) > 0.5


def test_history_that_a_client_brings_is_known_and_so_is_what_it_recorded(
    connection: RealtimeConnection, models: Path
) -> None:
    item: Any = {"type": "message", "role": "user"}
    name = {"type": "input_text", "text": "My name is Gertrude."}
    connection.conversation.item.create(item=item | {"content": [name]})
    answer = {"type": "output_text", "text": "Nice to meet you, Gertrude."}
    connection.conversation.item.create(item=item | {"role": "assistant", "content": [answer]})
    sound = {"type": "input_audio", "audio": spoken(models, "What is my name?")}
    connection.conversation.item.create(item=item | {"content": [sound]})
    connection.response.create(response={"tools": [], "output_modalities": ["text"]})
    events = until(connection, "response.done")
    heard = "conversation.item.input_audio_transcription.completed"
    assert [event.transcript for event in events if event.type == heard] == ["What is my name?"]
    assert "Gertrude" in events[-1].response.output[0].content[0].text


def test_a_response_out_of_band_is_told_beside_one_of_the_conversation(
    connection: RealtimeConnection,
) -> None:
    ask(connection, "Tell me what a week is.")
    connection.response.create(response={"tools": []})
    until(connection, "response.created")
    words = {"type": "input_text", "text": "Is a tomato red or blue? One word."}
    connection.response.create(
        response={
            "conversation": "none",
            "metadata": {"topic": "colour"},
            "output_modalities": ["text"],
            "input": [{"type": "message", "role": "user", "content": [words]}],
            "tools": [],
        }
    )
    done = {}
    while len(done) < 2:
        response = until(connection, "response.done")[-1].response
        done[response.conversation_id is None] = response
    assert done[True].metadata == {"topic": "colour"}
    assert "red" in done[True].output[0].content[0].text.lower()
    assert done[False].status == "completed"
