"""The stages of the dialogue in the running assistant, typed and spoken."""

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.latency import speak
from tests.conftest import Server, run_server, wait_until_ready
from tests.web.client import TIMEOUT, follow

VOICES = {"en": "kokoro:af_heart", "zh": "kokoro:zf_xiaobei"}


@pytest.fixture(scope="module")
def caching_server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("caching")
    with run_server(folder, models, TEMPERATURE="0") as running:
        wait_until_ready(running)
        yield running


def test_two_turns_at_once_in_one_conversation_are_answered_one_after_the_other(
    server: Server,
) -> None:
    conversation = uuid.uuid4().hex
    answers: dict[str, dict] = {}

    def ask(question: str) -> None:
        body = {"question": question, "conversation_id": conversation, "speak": False}
        response = httpx.post(f"{server.url}/api/chat", json=body, timeout=TIMEOUT)
        answers[question] = response.json()

    questions = ["Tell me two things about bees.", "Tell me two things about the moon."]
    threads = [threading.Thread(target=ask, args=(question,)) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    streams = [
        follow(f"{server.url}/api/turns/{answers[question]['turn_id']}/events")
        for question in questions
    ]
    # Both may begin in the same millisecond: who was answered first is what tells them apart.
    first, second = sorted(streams, key=lambda events: _time(events, "reply_ready"))
    assert _time(first, "reply_ready") <= _time(second, "history_recalled")
    assert next(e for _, e in second if e["type"] == "history_recalled")["turns"] == 1


def _time(events: list[tuple[str, dict]], kind: str) -> tuple[int, int]:
    event_id = next(event_id for event_id, event in events if event["type"] == kind)
    milliseconds, number = event_id.split("-")
    return int(milliseconds), int(number)


@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        # Kokoro says it the same way each time, Piper does not.
        ("en", "What is twelve times twelve?", "144"),
        ("zh", "十二乘以十二等于多少？", "144"),
    ],
)
def test_a_spoken_question_is_answered_by_a_tool(
    server: Server, language: str, question: str, answer: str
) -> None:
    response = httpx.post(
        f"{server.url}/api/voice?wait=true",
        files={"audio": ("question.wav", speak(language, question, VOICES[language]))},
        timeout=TIMEOUT,
    ).json()
    assert response["source"] == "tool", response
    assert answer in response["answer"]
    assert response["audio_url"]


def test_a_similar_question_is_answered_from_the_cache_in_writing_and_in_sound(
    caching_server: Server,
) -> None:
    def ask(question: str) -> dict:
        response = httpx.post(
            f"{caching_server.url}/api/chat", json={"question": question}, timeout=TIMEOUT
        )
        return response.json()

    first = ask("What is the capital of France?")
    again = ask("what's the capital of france")
    other = ask("What is the capital of Germany?")
    assert (first["source"], again["source"], other["source"]) == ("model", "cache", "model")
    assert again["answer"] == first["answer"]
    assert "Berlin" in other["answer"]
    sounds = [
        httpx.get(caching_server.url + answer["audio_url"]).content for answer in (first, again)
    ]
    assert sounds[0] == sounds[1], "Piper never says the same twice: this is the same sound"
    counters = httpx.get(f"{caching_server.url}/api/cache").json()
    assert counters["hits"] + counters["similar"] == 1
    assert counters["misses"] == 2
    assert counters["saved_s"] > 0
