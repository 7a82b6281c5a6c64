"""A real model server, and conversations that are kept in memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.history import Exchange

_SERVE = """
import sys, threading, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel = sys.argv[1], 2048, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
params.cache_ram_mib = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
threading.Event().wait()
"""


class MemoryConversations:
    """`ConversationStore` for tests that need no Redis."""

    def __init__(self) -> None:
        self.exchanges: dict[str, dict[str, Exchange]] = {}

    def recent(self, conversation_id: str, turns: int) -> list[Exchange]:
        kept = list(self.exchanges.get(conversation_id, {}).values())
        return kept[len(kept) - turns :] if turns < len(kept) else kept

    def add(self, conversation_id: str, turn_id: str, exchange: Exchange) -> None:
        self.exchanges.setdefault(conversation_id, {}).setdefault(turn_id, exchange)


@pytest.fixture
def conversations() -> MemoryConversations:
    return MemoryConversations()


@pytest.fixture(scope="session")
def llama_server(models: Path) -> Iterator[str]:
    """The base URL of llama.cpp's own server with the 0.5B model."""
    (model,) = (models / "qwen2.5-coder-0.5b-instruct").glob("*.gguf")
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(model)],
        # Compute threads that spin fall to a third of their speed beside a busy neighbour.
        env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            # The address is printed once the model is loaded.
            yield process.stdout.readline().strip() + "/v1"
        finally:
            process.kill()
