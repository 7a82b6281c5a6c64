from pathlib import Path

import httpx
import numpy as np
import pytest

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say
from tests.web.client import TIMEOUT, follow, problem


@pytest.fixture(scope="module")
def question(models: Path) -> bytes:
    """`What is the capital of France?`, spoken."""
    samples = say(models, "What is the capital of France?")
    return wrap_wav(encode_pcm16(Audio(samples, RATE_HZ)), RATE_HZ)


def post(server: Server, data: bytes, wait: bool = True, **form: str) -> httpx.Response:
    return httpx.post(
        f"{server.url}/api/voice" + ("?wait=true" if wait else ""),
        files={"audio": ("clip.wav", data)},
        data=form,
        timeout=TIMEOUT,
    )


def test_a_spoken_question_is_heard_and_answered(server: Server, question: bytes) -> None:
    answer = post(server, question).json()
    assert "capital of France" in answer["transcript"]
    assert answer["language"] == "en"
    assert "Paris" in answer["answer"]
    assert httpx.get(server.url + answer["audio_url"]).content.startswith(b"RIFF")


def test_the_events_of_a_spoken_turn_come_in_order_and_can_be_resumed(
    server: Server, question: bytes
) -> None:
    accepted = post(server, question, wait=False)
    assert accepted.status_code == 202
    url = server.url + accepted.json()["events_url"]
    events = follow(url)
    types = [event["type"] for _, event in events]
    assert types[:3] == ["turn_started", "audio_decoded", "transcript_ready"]
    assert types[-1] == "turn_finished"
    assert {event["turn_id"] for _, event in events} == {accepted.json()["turn_id"]}
    assert follow(url, last_event_id=events[2][0]) == events[3:]
    state = httpx.get(url.removesuffix("/events")).json()
    assert state["status"] == "finished"
    assert [piece["index"] for piece in state["audio"]] == list(range(types.count("audio_ready")))


def test_silence_is_no_speech(server: Server) -> None:
    silence = Audio(np.zeros(3 * 16_000, np.float32), 16_000)
    answer = post(server, wrap_wav(encode_pcm16(silence), 16_000)).json()
    assert (answer["no_speech"], answer["transcript"], answer["answer"]) == (True, "", "")


def test_a_bad_upload_is_refused_with_and_without_waiting(server: Server) -> None:
    for wait in (True, False):
        problem(post(server, b"", wait), 400, "audio_empty")
        problem(post(server, b"just some text, not sound", wait), 415, "audio_unreadable")
    url = f"{server.url}/api/voice"
    problem(httpx.post(url, data={"speak": "true"}), 400, "audio_missing")
    two = [("audio", ("a.wav", b"x")), ("audio", ("b.wav", b"y"))]
    problem(httpx.post(url, files=two), 400, "audio_missing")
    problem(post(server, b"x", voice="nobody"), 400, "unknown_voice")
    problem(post(server, b"x" * (65 * 2**20)), 413, "audio_too_large")


def test_odd_file_names_do_no_harm(server: Server, question: bytes) -> None:
    for name in ("../../evil.wav", "x" * 300, "語音 檔案.MP3", "a\nb.wav"):
        response = httpx.post(
            f"{server.url}/api/voice",
            files={"audio": (name, question)},
            data={"speak": "false"},
            timeout=TIMEOUT,
        )
        assert response.status_code == 202, name


def test_every_bad_file_gets_its_answer_and_the_next_turn_works(
    server: Server, shared_audio: Path, question: bytes
) -> None:
    for path in sorted((shared_audio / "bad").iterdir()):
        if path.suffix in {".md", ".py"}:
            continue
        response = post(server, path.read_bytes(), speak="false")
        assert response.status_code in {200, 400, 413, 415}, (path.name, response.text)
        if response.status_code == 200:
            assert "NaN" not in response.text
        else:
            problem(response, response.status_code, response.json()["code"])
    assert "Paris" in post(server, question).json()["answer"]
