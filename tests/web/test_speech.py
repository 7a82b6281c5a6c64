"""A text that is only spoken."""

import httpx
import pytest

from tests.conftest import Server
from tests.web.client import TIMEOUT, follow, problem


def speak(server: Server, **payload: object) -> httpx.Response:
    return httpx.post(f"{server.url}/api/speech", json=payload, timeout=TIMEOUT)


def test_a_text_is_spoken_piece_by_piece_outside_every_conversation(server: Server) -> None:
    text = "Hello, this is how I sound today. I also speak a second sentence, as you can hear."
    response = speak(server, text=text)
    assert response.status_code == 202
    turn_id = response.json()["turn_id"]
    events = [event for _, event in follow(server.url + response.json()["events_url"])]
    assert events[0]["type"] == "turn_started" and events[0]["kind"] == "speech"
    pieces = [event for event in events if event["type"] == "audio_ready"]
    assert len(pieces) > 1
    assert "".join(p["text"] for p in sorted(pieces, key=lambda p: p["index"])) == text
    assert events[-1]["type"] == "turn_finished" and events[-1]["has_audio"]
    sound = httpx.get(f"{server.url}/api/audio/{turn_id}")
    assert sound.headers["Content-Type"] == "audio/wav" and len(sound.content) > 100_000
    described = httpx.get(f"{server.url}/api/turns/{turn_id}").json()
    assert described["answer"] == text and "conversation_id" not in described
    problem(
        httpx.put(f"{server.url}/api/turns/{turn_id}/rating", json={"rating": "up"}),
        404,
        "turn_unknown",
    )


def test_the_wanted_voice_speaks_its_language_at_the_wanted_speed(server: Server) -> None:
    lengths = {}
    for speed in (0.75, 1.5):
        started = speak(server, text="你好，很高兴认识你。", voice="kokoro:zf_xiaobei", speed=speed)
        events = [event for _, event in follow(server.url + started.json()["events_url"])]
        (piece,) = [event for event in events if event["type"] == "audio_ready"]
        assert piece["voice"] == "kokoro:zf_xiaobei"
        lengths[speed] = piece["duration_s"]
    assert lengths[0.75] > 1.5 * lengths[1.5]


def test_what_has_no_words_ends_without_sound(server: Server) -> None:
    started = speak(server, text="***")
    events = [event for _, event in follow(server.url + started.json()["events_url"])]
    assert events[-1]["type"] == "turn_finished" and not events[-1]["has_audio"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "request_invalid"),
        ({"text": "  "}, "request_invalid"),
        ({"text": "x" * 10_001}, "request_invalid"),
        ({"text": "Hi", "speed": 3}, "request_invalid"),
        ({"text": "Hi", "voice": "kokoro:nobody"}, "unknown_voice"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    server: Server, payload: dict[str, object], code: str
) -> None:
    problem(speak(server, **payload), 400, code)
