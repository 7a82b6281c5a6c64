"""Transcripts of recordings over HTTP, as JSON and as files."""

import re

import httpx
import numpy as np
import pytest

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say, silence
from tests.web.client import TIMEOUT, follow, problem
from tests.web.test_conversations import browser

SENTENCES = ("The museum opens at nine in the morning.", "We walked along the river.")


@pytest.fixture(scope="module")
def recording(models) -> bytes:
    """A minute and a half, of which most is silence."""
    parts = [part for text in SENTENCES * 2 for part in (say(models, text), silence(20))]
    return wrap_wav(encode_pcm16(Audio(np.concatenate(parts), RATE_HZ)), RATE_HZ)


def send(client: httpx.Client, data: bytes, **form: str) -> str:
    response = client.post("/api/voice", files={"audio": ("talk.wav", data)}, data=form)
    assert response.status_code == 202, response.text
    return str(response.json()["turn_id"])


def test_a_long_recording_is_told_as_it_is_heard_and_its_transcript_can_be_read_and_saved(
    server: Server, recording: bytes
) -> None:
    with browser(server) as anna, browser(server) as bob:
        turn_id = send(anna, recording)
        address = f"/api/turns/{turn_id}/transcript"
        events = [event for _, event in follow(f"{server.url}/api/turns/{turn_id}/events")]
        assert [event["type"] for event in events] == [
            "turn_started",
            "audio_decoded",
            *["transcript_progress"] * 4,
            "transcript_ready",
            "turn_finished",
        ]
        assert (events[1]["is_answered"], events[-1]["source"]) == (False, "none")
        told = [segment for event in events[2:-2] for segment in event["segments"]]

        found = anna.get(address).json()
        assert found["segments"] == told
        assert (found["language"], found["text"]) == ("en", events[-2]["text"])
        assert found["duration_s"] == pytest.approx(events[1]["duration_s"])
        for kind, content_type, beginning in (
            ("txt", "text/plain; charset=utf-8", "The museum opens at"),
            ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,"),
            ("vtt", "text/vtt; charset=utf-8", "WEBVTT\nLanguage: en\n\n00:00:00."),
        ):
            file = anna.get(address, params={"format": kind})
            assert file.headers["Content-Type"] == content_type
            assert file.headers["Content-Disposition"] == (
                f'attachment; filename="transcript-{turn_id}.{kind}"'
            )
            assert file.content.decode().startswith(beginning)
            assert kind == "txt" or len(re.findall(" --> ", file.text)) == len(told)

        problem(anna.get(address, params={"format": "pdf"}), 400, "request_invalid")
        problem(bob.get(address), 404, "conversation_unknown")
        problem(httpx.get(server.url + address), 404, "conversation_unknown")

        (conversation,) = anna.get("/api/conversations").json()["conversations"]
        assert conversation["title"].startswith("The museum opens at")
        (turn,) = anna.get(f"/api/conversations/{conversation['conversation_id']}").json()["turns"]
        assert (turn["turn_id"], turn["source"]) == (turn_id, "transcript")
        assert turn["question"] == found["text"]
        anna.delete(f"/api/conversations/{conversation['conversation_id']}")
        assert anna.get(address).status_code == 404


def test_a_spoken_question_has_a_transcript_too_and_a_typed_one_has_none(
    server: Server, models
) -> None:
    question = Audio(say(models, "What is the capital of France?"), RATE_HZ)
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as program:
        turn_id = send(program, wrap_wav(encode_pcm16(question), RATE_HZ), speak="false")
        assert follow(f"{server.url}/api/turns/{turn_id}/events")[-1][1]["source"] != "none"
        found = program.get(f"/api/turns/{turn_id}/transcript").json()
        assert "capital of France" in found["text"]
        (segment,) = found["segments"]
        assert 0 <= segment["start_s"] < segment["end_s"] <= found["duration_s"]

        typed = program.post("/api/chat", json={"question": "What is 2 plus 3?", "speak": False})
        address = f"/api/turns/{typed.json()['turn_id']}/transcript"
        problem(program.get(address), 404, "transcript_unknown")
        problem(program.get("/api/turns/nobody/transcript"), 404, "transcript_unknown")


def test_a_transcript_that_is_still_being_made_is_not_ready(
    server: Server, recording: bytes
) -> None:
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as program:
        turn_id = send(program, recording)
        problem(program.get(f"/api/turns/{turn_id}/transcript"), 409, "transcript_not_ready")
        assert program.post(f"/api/turns/{turn_id}/stop").json()["status"] == "cancelled"
        problem(program.get(f"/api/turns/{turn_id}/transcript"), 404, "transcript_unknown")


def test_an_answer_can_be_asked_for_or_declined(server: Server, models) -> None:
    short = wrap_wav(encode_pcm16(Audio(say(models, SENTENCES[0]), RATE_HZ)), RATE_HZ)
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as program:
        turn_id = send(program, short, answer="never")
        finished = follow(f"{server.url}/api/turns/{turn_id}/events")[-1][1]
        assert (finished["type"], finished["source"]) == ("turn_finished", "none")
        assert "museum" in program.get(f"/api/turns/{turn_id}/transcript").json()["text"]
        refused = program.post(
            "/api/voice", files={"audio": ("a.wav", short)}, data={"answer": "perhaps"}
        )
        problem(refused, 400, "request_invalid")
