"""A model server of a benchmark's own, started as the assistant starts it."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from assistant.llm.openai_chat import OpenAIChat

_PATIENCE_S = 120.0


@dataclass(frozen=True)
class ModelServer:
    model: OpenAIChat
    pid: int

    @property
    def memory_gib(self) -> float:
        """Resident, weights included."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 2**20
        return float("nan")


@contextlib.contextmanager
def serve(model: str, **settings: str) -> Iterator[ModelServer]:
    """Serve `model` with the settings of this machine and those named here, as `LLM_SLOTS="4"`."""
    key = secrets.token_urlsafe()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "workers.llm_server", "--model", model, "--port", str(port)],
        env=os.environ | {"LLM_API_KEY": key} | settings,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(server, f"http://127.0.0.1:{port}/health")
        url = f"http://127.0.0.1:{port}/v1"
        chat = OpenAIChat(
            base_url=url,
            model=model,
            api_key=key,
            first_token_timeout_s=_PATIENCE_S,
            token_timeout_s=_PATIENCE_S,
        )
        yield ModelServer(chat, server.pid)
    finally:
        server.terminate()
        server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    is_late_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < is_late_at and server.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit("The model server did not start.")
