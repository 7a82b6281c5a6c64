"""What leaves the server while a text is being spoken, and what a client learns of failures."""

import base64
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import pytest

from assistant.events import TurnCancelled, TurnFinished
from speech.encoding import CONTENT_TYPES
from tests.web.client import TIMEOUT
from tests.web.openai.scripted_voice import ScriptedVoice, sound
from tests.web.realtime.conftest import Web, run_web
from workers.services import Services
from workers.settings import Settings

TEXT = "The first sentence is here. The second sentence follows it. The third one is the last."
ANSWER_S = 5.0


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def web(data_dir: Path) -> Iterator[Web]:
    with run_web(data_dir, "web.app:create_app()") as running:
        yield running


@pytest.fixture
def voice(web: Web, data_dir: Path) -> Iterator[ScriptedVoice]:
    services = Services(Settings(data_dir=data_dir))
    yield ScriptedVoice(services)
    services.redis.close()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def ask(web: Web, **fields: Any) -> httpx.Response:
    body = {"model": "tts-1", "input": TEXT, "voice": "alloy"} | fields
    return httpx.post(f"{web.url}/v1/audio/speech", json=body, timeout=TIMEOUT)


def stream(web: Web, **fields: Any) -> Any:
    body = {"model": "tts-1", "input": TEXT, "voice": "alloy"} | fields
    return httpx.stream("POST", f"{web.url}/v1/audio/speech", json=body, timeout=TIMEOUT)


def heard_s(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_each_piece_is_sent_as_soon_as_it_is_spoken(
    web: Web, voice: ScriptedVoice, beside: ThreadPoolExecutor, format: str
) -> None:
    may_go_on = threading.Event()

    def speak() -> None:
        voice.wait_for_turn(3)
        voice.say(0, sound(1.5))
        assert may_go_on.wait(20), "the first piece did not arrive"
        for index in (2, 1):  # As workers do: whoever is ready first.
            voice.say(index, sound(1.0, index))
        voice.finish()

    speaking = beside.submit(speak)
    with stream(web, response_format=format) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == CONTENT_TYPES[format]  # type: ignore[index]
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Encoding" not in response.headers
        chunks = response.iter_raw()
        data = next(chunks)
        may_go_on.set()
        data += b"".join(chunks)
    speaking.result()
    if format == "pcm":
        assert data == sound(1.5) + sound(1.0, 1) + sound(1.0, 2), "in the order of the text"
    else:
        assert heard_s(data) == pytest.approx(3.5, abs=0.1)


def test_as_events_the_file_comes_in_base64_with_an_estimate_of_tokens(
    web: Web, voice: ScriptedVoice, beside: ThreadPoolExecutor
) -> None:
    may_go_on = threading.Event()

    def speak() -> None:
        voice.wait_for_turn(3)
        voice.say(0, sound(1.0))
        assert may_go_on.wait(20), "the first event did not arrive"
        for index in (1, 2):
            voice.say(index, sound(1.0, index))
        voice.finish()

    speaking = beside.submit(speak)
    with stream(web, response_format="pcm", stream_format="sse") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        events = []
        for line in response.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
                may_go_on.set()
    speaking.result()
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    pcm16 = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert pcm16 == b"".join(sound(1.0, seed) for seed in range(3))
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["output_tokens"] == 60
    assert done["usage"]["total_tokens"] == 60 + done["usage"]["input_tokens"]


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
def test_a_failure_before_the_first_sound_has_a_status(
    web: Web, voice: ScriptedVoice, beside: ThreadPoolExecutor, stream_format: str
) -> None:
    def speak() -> None:
        voice.wait_for_turn(3)
        voice.say(1, sound(1.0))
        voice.fail(0)

    beside.submit(speak)
    response = ask(web, stream_format=stream_format)
    assert response.status_code == 503
    assert response.json()["error"] == {
        "message": "No voice.",
        "type": "server_error",
        "param": None,
        "code": "engine_unavailable",
    }
    assert isinstance(voice.end(), TurnCancelled), "nothing more is spoken for nobody"


def test_a_failure_in_the_middle_breaks_the_file_off(
    web: Web, voice: ScriptedVoice, beside: ThreadPoolExecutor
) -> None:
    def speak() -> None:
        voice.wait_for_turn(3)
        voice.say(0, sound(1.0))
        voice.fail(1)

    beside.submit(speak)
    with stream(web) as response, pytest.raises(httpx.RemoteProtocolError):
        assert response.status_code == 200
        for _ in response.iter_raw():
            pass
    assert isinstance(voice.end(), TurnCancelled)


def test_a_failure_in_the_middle_is_an_event_among_events(
    web: Web, voice: ScriptedVoice, beside: ThreadPoolExecutor
) -> None:
    def speak() -> None:
        voice.wait_for_turn(3)
        voice.say(0, sound(1.0))
        voice.fail(1)

    beside.submit(speak)
    events = [line for line in ask(web, stream_format="sse").text.split("\n\n") if line]
    assert json.loads(events[-1].removeprefix("data: "))["error"]["code"] == "engine_unavailable"
    assert "speech.audio.done" not in "".join(events)


def test_a_client_that_leaves_before_the_first_sound_stops_the_turn(
    web: Web, voice: ScriptedVoice
) -> None:
    address = urlsplit(web.url)
    body = json.dumps({"model": "tts-1", "input": TEXT, "voice": "alloy"})
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as client:
        head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: {address.netloc}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall((head + body).encode())
        voice.wait_for_turn(3)
    left_s = time.monotonic()
    assert isinstance(voice.end(), TurnCancelled)
    assert time.monotonic() - left_s < ANSWER_S


def test_a_client_that_leaves_in_the_middle_stops_the_turn(
    web: Web, voice: ScriptedVoice, beside: ThreadPoolExecutor
) -> None:
    def speak() -> None:
        voice.wait_for_turn(3)
        voice.say(0, sound(1.0))

    beside.submit(speak)
    with stream(web) as response:
        next(response.iter_raw())
    for index in (1, 2):
        voice.say(index, sound(1.0))
        time.sleep(0.3)
    assert isinstance(voice.end(), TurnCancelled)


def test_a_text_without_words_is_a_short_silence(web: Web, voice: ScriptedVoice) -> None:
    response = ask(web, input="🎉", response_format="pcm")
    assert response.status_code == 200
    assert response.content == bytes(4800)
    voice.wait_for_turn(0)
    assert isinstance(voice.end(), TurnFinished)
