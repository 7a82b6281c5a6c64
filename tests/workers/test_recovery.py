"""Real processes killed in the middle of real turns."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Server, wait_until_ready
from tests.web.client import TIMEOUT, follow, sse

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="finds the processes to kill in /proc"
)


def kill(server: Server, program: str) -> None:
    """Send SIGKILL to the processes of this server whose command line has `program` in it."""
    killed = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue  # Gone, or not ours.
        if program in command and f"DATA_DIR={server.data_dir}\0" in environment:
            os.kill(int(process.name), signal.SIGKILL)
            killed += 1
    assert killed, f"no process runs {program}"


def test_a_turn_outlives_the_workers_that_write_and_speak_it(server: Server) -> None:
    question = "Tell me about the sea, the mountains and the forest, in ten short sentences."
    url, events = "", []
    with httpx.stream(
        "POST",
        f"{server.url}/api/chat",
        json={"question": question},
        headers={"Accept": "text/event-stream"},
        timeout=TIMEOUT,
    ) as response:
        for _, event in sse(response.iter_lines()):
            if event["type"] == "turn_started":
                url = f"{server.url}/api/turns/{event['turn_id']}/events"
            if event["type"] == "speech_queued" and event["index"] == 1:
                kill(server, "-Q chat")
                kill(server, "-Q tts")
                break
    events = [event for _, event in follow(url)]
    assert [event["type"] for event in events].count("turn_finished") == 1
    assert events[-1]["type"] == "turn_finished"
    assert "reply" in {event["stage"] for event in of_type(events, "turn_restarted")}
    written = "".join(event["text"] for event in of_type(events, "reply_delta"))
    assert written == events[-1]["answer"]
    queued = [event["index"] for event in of_type(events, "speech_queued")]
    spoken = [event["index"] for event in of_type(events, "audio_ready")]
    assert queued == list(range(len(queued)))
    assert sorted(spoken) == queued
    wait_until_ready(server)


def of_type(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == name]


def test_a_dead_model_server_gives_the_fallback_answer_and_comes_back(server: Server) -> None:
    def ask() -> dict[str, Any]:
        payload = {"question": "What is the capital of France?"}
        answer: dict[str, Any] = httpx.post(
            f"{server.url}/api/chat", json=payload, timeout=TIMEOUT
        ).json()
        return answer

    kill(server, "workers.llm_server")
    answer = ask()
    assert answer["source"] == "fallback"
    assert answer["audio_url"]
    for _ in range(60):
        if (answer := ask())["source"] == "model":
            break
        time.sleep(1)
    assert "Paris" in answer["answer"]
