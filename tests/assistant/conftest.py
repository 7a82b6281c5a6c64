"""A real model server, and conversations that are kept in memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.history import Exchange, Recollection
from assistant.llm.base import LanguageModel
from assistant.llm.registry import create_model

_SERVE = """
import sys, threading, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel = sys.argv[1], 2048, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
params.n_batch = 64
params.cache_ram_mib = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
threading.Event().wait()
"""


class MemoryConversations:
    """`ConversationStore` for tests that need no Redis."""

    def __init__(self) -> None:
        self.exchanges: dict[str, dict[str, Exchange]] = {}
        self.preambles: dict[str, str] = {}
        self.summary = ""

    def recall(self, conversation_id: str) -> Recollection:
        return Recollection(
            preamble=self.preambles.get(conversation_id),
            summary=self.summary,
            exchanges=tuple(self.exchanges.get(conversation_id, {}).values()),
        )

    def set_preamble(self, conversation_id: str, preamble: str) -> None:
        self.preambles.setdefault(conversation_id, preamble)

    def add(self, conversation_id: str, user_id: str, exchange: Exchange) -> None:
        kept = self.exchanges.setdefault(conversation_id, {})
        kept.setdefault(exchange.turn_id, replace(exchange, at=0.0))


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


@pytest.fixture(scope="session")
def real_model(llama_server: str) -> LanguageModel:
    """One for all tests: its pooled connections are not left to the garbage collector, which would
    blame whatever test runs just then."""
    return create_model(
        "openai_chat",
        base_url=llama_server,
        model="qwen",
        api_key="none",
        first_token_timeout_s=60.0,
        token_timeout_s=60.0,
    )
