"""The web server as it is run, with scripted live sessions behind it, and a client of it."""

import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai.types.beta.realtime import RealtimeServerEvent as BetaServerEvent
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.sync.client import ClientConnection, connect

_APPLICATION = "tests.web.realtime.scripted_app:create_app()"
ROOT = Path(__file__).parents[3]

_SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
_BETA_EVENT: TypeAdapter[Any] = TypeAdapter(BetaServerEvent)


@dataclass(frozen=True)
class Web:
    url: str
    process: subprocess.Popen[bytes]

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws") + "/v1/realtime"

    def sessions(self) -> list[dict[str, Any]]:
        """What each scripted session was given."""
        told: list[dict[str, Any]] = httpx.get(f"{self.url}/test/sessions").json()
        return told


@contextlib.contextmanager
def run_web(data_dir: Path, application: str = _APPLICATION, **variables: str) -> Iterator[Web]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DATA_DIR": str(data_dir), "PORT": str(port)} | variables
    redis = subprocess.Popen(
        [sys.executable, "-m", "workers.redis_server"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    web = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "python:web.gunicorn_conf", application],
        cwd=ROOT,
        env=environment,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{url}/healthz")
                break
            time.sleep(0.1)
        yield Web(url, web)
    finally:
        web.terminate()
        web.wait(15)
        redis.terminate()
        redis.wait(10)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    variables = {"LIVE_RESUME_S": "3", "CLIENT_MCP_SERVERS": '["http://allowed.invalid"]'}
    with run_web(tmp_path_factory.mktemp("web"), **variables) as running:
        yield running


class Client:
    """Checks every server event of OpenAI's against the types of OpenAI's own package."""

    def __init__(self, connection: ClientConnection, *, is_beta: bool = False) -> None:
        self.connection = connection
        self._kinds = _BETA_EVENT if is_beta else _SERVER_EVENT

    def send(self, kind: str, **fields: Any) -> None:
        self.connection.send(json.dumps({"type": kind, **fields}))

    def receive(self, timeout: float = 5.0) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.connection.recv(timeout))
        if not event["type"].startswith("x."):
            # OpenAI's types know no other rate.
            text = re.sub(r'"rate": \d+', '"rate": 24000', json.dumps(event))
            parsed = self._kinds.validate_json(text, strict=True)
            assert parsed.type == event["type"], "another member of the union was taken"
            assert not _unknown(parsed), "fields that OpenAI's events do not have"
        return event

    def until(self, kind: str, timeout: float = 5.0) -> list[dict[str, Any]]:
        """Return all events up to the next of that type."""
        events = []
        while not events or events[-1]["type"] != kind:
            events.append(self.receive(timeout))
        return events

    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.until("error")[-1]["error"]
        assert error["message"].endswith("."), error
        return error

    def append(self, pcm16: bytes) -> None:
        self.send("input_audio_buffer.append", audio=base64.b64encode(pcm16).decode())

    def type_text(self, text: str) -> None:
        self.send(
            "conversation.item.create",
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": text}],
            },
        )
        self.until("conversation.item.done")

    def play(self, *script: list[Any], **response: Any) -> None:
        """Have the session play these steps as its next reply."""
        self.type_text(json.dumps(script))
        self.send("response.create", response=response)


def _unknown(model: Any) -> dict[str, Any]:
    return dict(model.model_extra or {})


def is_alive(client: Client) -> bool:
    client.send("input_audio_buffer.clear")
    return client.until("input_audio_buffer.cleared")[-1]["type"] == "input_audio_buffer.cleared"


@contextlib.contextmanager
def talk(web: Web, query: str = "", **options: Any) -> Iterator[Client]:
    """Connect and take `session.created`; `query` begins with a question mark."""
    with connect(web.socket_url + query, **options) as connection:
        client = Client(connection)
        client.until("session.created")
        yield client


@pytest.fixture
def client(web: Web) -> Iterator[Client]:
    with talk(web) as client:
        yield client
