"""Real processes killed in the middle of real turns."""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.events import TurnFinished
from tests.conftest import Server, wait_until_ready
from tests.web.client import TIMEOUT, follow, sse
from tests.workers.conftest import queues_in
from workers import turn_control
from workers.services import Services
from workers.settings import Settings
from workers.turn_start import start_turn
from workers.turn_state import load_state
from workers.turn_store import TurnRequest

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


@pytest.fixture
def services(server: Server, models: Path) -> Iterator[Services]:
    """Of this process, with the Redis and the queues of the server."""
    with queues_in(server.data_dir / "redis.sock"):
        yield Services(Settings(data_dir=server.data_dir, model_dir=models))


LONG = "Tell me about the rivers, the lakes and the deserts, in twelve long sentences."


def at_work(services: Services, turn_id: str) -> set[str]:
    """Return the stages that a worker is busy with."""
    leases = services.redis.scan_iter(f"lease:{turn_id}:*")
    return {lease.decode().split(":")[2] for lease in leases}


def begin_and_wait_for_sound(services: Services) -> str:
    """Begin a turn, and return its id while it is both written and spoken."""
    request = TurnRequest(conversation_id=uuid.uuid4().hex, user_id="anna", question=LONG)
    turn_id = start_turn(services, request)
    for _ in range(3000):
        is_heard = bool(load_state(services.bus, turn_id).audio)
        if is_heard and at_work(services, turn_id) == {"reply", "speak"}:
            return turn_id
        time.sleep(0.01)
    pytest.fail("the reply was never written and spoken at once")


def test_a_held_turn_stops_writing_and_speaking_and_outlives_its_workers(
    server: Server, services: Services
) -> None:
    turn_id = begin_and_wait_for_sound(services)
    turn_control.hold(services, turn_id)
    held_s = time.monotonic()
    while at_work(services, turn_id):
        time.sleep(0.005)
    took_s = time.monotonic() - held_s
    print(f"llama.cpp and Piper stopped {1000 * took_s:.0f} ms after the turn was held")
    assert took_s < 1
    held = services.bus.events(turn_id)
    kill(server, "-Q chat")
    kill(server, "-Q tts")
    time.sleep(1)
    assert services.bus.events(turn_id) == held
    assert turn_control.release(services, turn_id)
    for _ in services.bus.follow(turn_id, timeout_s=120):
        pass
    state = load_state(services.bus, turn_id)
    assert isinstance(state.end, TurnFinished)
    assert state.end.answer == state.written
    assert state.queued.keys() == state.audio.keys()
    wait_until_ready(server)


def test_a_held_turn_that_was_being_made_when_its_workers_died_waits_for_its_release(
    server: Server, services: Services
) -> None:
    turn_id = begin_and_wait_for_sound(services)
    kill(server, "-Q chat")
    kill(server, "-Q tts")
    turn_control.hold(services, turn_id)
    # Its tasks are handed out again after 20 s, and must find that it is held.
    time.sleep(25)
    state = load_state(services.bus, turn_id)
    assert state.end is None and state.reply is None
    turn_control.release(services, turn_id)
    for _ in services.bus.follow(turn_id, timeout_s=120):
        pass
    state = load_state(services.bus, turn_id)
    assert isinstance(state.end, TurnFinished)
    assert state.end.answer == state.written
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
