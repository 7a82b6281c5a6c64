"""OpenAI's own client of the Realtime API, unchanged, against the whole assistant."""

import base64
import re
import threading
import time
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

SOUND_HZ = 24_000
FRAME_BYTES = SOUND_HZ // 25 * 2
# The client opens its socket in a way that `websockets` 17 no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")

QUESTION = "How many days are there in a week?"


@pytest.fixture
def connection(server: Server) -> Iterator[RealtimeConnection]:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none")
    with client.realtime.connect(model="gpt-realtime") as connection:
        detection = {"type": "server_vad", "silence_duration_ms": 500}
        transcription = {"model": "whisper-1", "language": "en"}
        connection.session.update(
            session={
                "type": "realtime",
                "audio": {
                    "input": {"turn_detection": detection, "transcription": transcription},
                    "output": {"voice": "marin"},
                },
            }
        )
        until(connection, "session.updated")
        yield connection


def until(connection: RealtimeConnection, kind: str) -> list[Any]:
    """Return all events up to the next of that type."""
    events = []
    for event in connection:
        assert event.type != "error", event
        events.append(event)
        if event.type == kind:
            return events
    raise AssertionError("the server has left")


def ask(connection: RealtimeConnection, text: str) -> None:
    content: Any = [{"type": "input_text", "text": text}]
    connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": content}
    )


def sound_s(events: list[Any]) -> float:
    deltas = [event.delta for event in events if event.type == "response.output_audio.delta"]
    return sum(len(base64.b64decode(delta)) for delta in deltas) / 2 / SOUND_HZ


def test_a_typed_question_is_answered_aloud_and_in_writing(
    connection: RealtimeConnection,
) -> None:
    ask(connection, QUESTION)
    connection.response.create()
    events = until(connection, "response.done")
    (item,) = events[-1].response.output
    assert re.search("seven|7", item.content[0].transcript)
    assert sound_s(events) > 0.5
    ask(connection, "And in two weeks?")
    connection.response.create(response={"output_modalities": ["text"]})
    written = until(connection, "response.done")
    assert sound_s(written) == 0
    assert written[-1].response.output[0].content[0].text


def test_a_spoken_question_is_answered_when_it_is_over(
    connection: RealtimeConnection, models: Path
) -> None:
    samples = resample(Audio(say(models, QUESTION), RATE_HZ), SOUND_HZ)
    pcm16 = encode_pcm16(samples) + bytes(2 * 2 * SOUND_HZ)

    def speak() -> None:
        for begin in range(0, len(pcm16), FRAME_BYTES):
            sound = base64.b64encode(pcm16[begin : begin + FRAME_BYTES]).decode()
            connection.input_audio_buffer.append(audio=sound)
            time.sleep(0.04)

    speaking = threading.Thread(target=speak)
    speaking.start()
    events = until(connection, "response.done")
    speaking.join()
    kinds = [event.type for event in events]
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index(
        "input_audio_buffer.speech_stopped"
    )
    heard = "conversation.item.input_audio_transcription.completed"
    assert events[kinds.index(heard)].transcript == QUESTION
    assert events[-1].response.status == "completed"
    assert sound_s(events) > 0.5
