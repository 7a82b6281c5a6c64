"""Fixtures that every test may use."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from workers.settings import Settings

SHARED_AUDIO = Path(__file__).parents[2] / "shared" / "audio"


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder with the verified model files; `make test` fetched what is missing."""
    return Settings().models


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """Recorded clips beside the checkout; tests that want them are skipped elsewhere."""
    if not SHARED_AUDIO.is_dir():
        pytest.skip("the recorded clips of ../shared/audio are not on this machine")
    return SHARED_AUDIO


@dataclass(frozen=True)
class Server:
    """All processes of the assistant, started as a user starts them."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def run_server(data_dir: Path, models: Path, **variables: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(data_dir),
        "MODEL_DIR": str(models),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.launch"], env=environment | variables
    )
    try:
        yield Server(f"http://127.0.0.1:{port}", data_dir, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def wait_until_ready(server: Server, still_missing: tuple[str, ...] = ()) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/readyz").json()["waiting_for"] == [*still_missing]:
                return
        assert server.process.poll() is None, "the launcher ended"
        time.sleep(0.2)
    pytest.fail("the server did not become ready within two minutes")


@pytest.fixture(scope="session")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The whole assistant with its real models, shared by the tests of a run.

    At temperature 0 the model answers a question the same way each time. Without the cache it is
    asked each time, whatever an earlier test has asked.
    """
    variables = {"TEMPERATURE": "0", "ANSWER_CACHE": "off"}
    with run_server(tmp_path_factory.mktemp("server"), models, **variables) as running:
        wait_until_ready(running)
        yield running
