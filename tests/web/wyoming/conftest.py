"""Wyoming as it is run, beside the assistant that all tests share."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Server
from workers.services import Services
from workers.settings import Settings


@dataclass(frozen=True)
class Wyoming:
    uri: str
    port: int
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def run_wyoming(data_dir: Path, **variables: str) -> Iterator[Wyoming]:
    """Its process for that data folder, as soon as it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DATA_DIR": str(data_dir), "WYOMING_PORT": str(port)} | variables
    with subprocess.Popen([sys.executable, "-m", "web.wyoming"], env=environment) as process:
        try:
            for _ in range(300):
                assert process.poll() is None, "the process ended"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            else:
                pytest.fail("it does not listen")
            yield Wyoming(f"tcp://127.0.0.1:{port}", port, process)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def wyoming(server: Server) -> Iterator[Wyoming]:
    with run_wyoming(server.data_dir) as running:
        yield running


@pytest.fixture
def uri(wyoming: Wyoming) -> str:
    return wyoming.uri


@pytest.fixture
def services(server: Server) -> Iterator[Services]:
    """What the assistant keeps."""
    services = Services(Settings(data_dir=server.data_dir))
    yield services
    services.redis.close()
