import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

MODEL = "qwen2.5-coder-0.5b-instruct"
KEY = "a key of this test"


@pytest.fixture(scope="module")
def llm(models: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"MODEL_DIR": str(models), "LLM_MODEL": "another", "LLM_API_KEY": KEY}
    server = subprocess.Popen(
        [sys.executable, "-m", "workers.llm_server", "--model", MODEL, "--port", str(port)],
        env=os.environ | variables | {"LLM_SLOTS": "1", "LLM_CONTEXT_TOKENS": "1024"},
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                break
        except httpx.TransportError:
            pass
        assert server.poll() is None
        time.sleep(0.1)
    yield server, url
    server.kill()
    server.wait()


def complete(url: str, *messages: dict[str, str], key: str = KEY) -> httpx.Response:
    body: dict[str, Any] = {
        "model": MODEL,
        "messages": messages,
        "max_tokens": 12,
        "temperature": 0,
    }
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, timeout=60)


def test_it_answers_in_the_openai_chat_protocol(llm: tuple[subprocess.Popen[bytes], str]) -> None:
    question = {"role": "user", "content": "What is the capital of France? One word."}
    response = complete(llm[1], question)
    assert "Paris" in response.json()["choices"][0]["message"]["content"]
    assert response.json()["model"] == MODEL


def test_an_unfinished_reply_is_continued(llm: tuple[subprocess.Popen[bytes], str]) -> None:
    question = {"role": "user", "content": "Count from one to ten in words."}
    begun = {"role": "assistant", "content": "One, two, three, four,"}
    text = complete(llm[1], question, begun).json()["choices"][0]["message"]["content"]
    assert "five" in text.removeprefix(begun["content"]).lower()[:8]


def test_who_has_no_key_is_refused(llm: tuple[subprocess.Popen[bytes], str]) -> None:
    assert complete(llm[1], {"role": "user", "content": "Hi"}, key="wrong").status_code == 401


def test_it_ends_quickly_when_told_to(llm: tuple[subprocess.Popen[bytes], str]) -> None:
    server, _ = llm
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 0
    assert time.monotonic() - began < 3
