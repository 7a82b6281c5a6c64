"""Clients that do not wait for what is heard in their recordings: the running web server, and no
worker, so that nothing else ends a turn."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.events import TranscriptProgress, TranscriptSegment, TurnCancelled
from speech.audio import wrap_wav
from tests.web.openai.scripted_voice import sound
from tests.web.realtime.conftest import Web, run_web
from tests.web.scripted_realtime import wait_until
from workers.services import Services
from workers.settings import Settings
from workers.turn_state import load_state

LEFT_S = 5.0
"""Two seconds, and three more on a busy machine."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def web(data_dir: Path) -> Iterator[Web]:
    with run_web(data_dir, "web.app:create_app()") as running:
        yield running


@pytest.fixture
def services(web: Web, data_dir: Path) -> Iterator[Services]:
    services = Services(Settings(data_dir=data_dir))
    services.redis.flushall()
    yield services
    services.redis.close()


def post(web: Web, timeout_s: float = 30.0, **fields: str) -> Any:
    return httpx.stream(
        "POST",
        f"{web.url}/v1/audio/transcriptions",
        files={"file": ("speech.wav", wrap_wav(sound(2.0), 24_000))},
        data={"model": "whisper-1"} | fields,
        timeout=timeout_s,
    )


def turn_of(services: Services) -> str:
    keys = services.redis.keys("turn:*:events")
    return str(keys[0].split(b"{")[1].split(b"}")[0].decode()) if keys else ""


def end_of(services: Services, turn_id: str) -> Any:
    for _ in services.bus.follow(turn_id, timeout_s=LEFT_S, ping_s=0.2):
        pass
    return load_state(services.bus, turn_id).end


def hear_one_window(services: Services) -> str:
    wait_until(lambda: turn_of(services) != "", "the turn")
    turn_id = turn_of(services)
    services.bus.append(
        TranscriptProgress(
            turn_id=turn_id,
            done_s=1.0,
            duration_s=2.0,
            segments=(TranscriptSegment(start_s=0.0, end_s=1.0, text="One window."),),
            language="en",
            language_probability=1.0,
        )
    )
    return turn_id


@pytest.mark.parametrize("stream", ["true", "false"])
def test_leaving_before_anything_is_heard_stops_the_turn(
    web: Web, services: Services, stream: str
) -> None:
    with pytest.raises(httpx.ReadTimeout), post(web, 1.0, stream=stream):
        pass
    wait_until(lambda: turn_of(services) != "", "the turn")
    assert isinstance(end_of(services, turn_of(services)), TurnCancelled)


def test_leaving_a_stream_stops_the_turn(web: Web, services: Services) -> None:
    with ThreadPoolExecutor(1) as beside:
        heard = beside.submit(hear_one_window, services)
        with post(web, stream="true") as response:
            assert "One window." in next(response.iter_lines())
        assert isinstance(end_of(services, heard.result()), TurnCancelled)
