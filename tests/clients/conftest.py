"""What other people's clients are given: something to say, and somebody who listens."""

import json
import os
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from speech.audio import Samples
from speech.decoding import decode
from tests.conftest import SHARED_AUDIO, Server
from tests.speech.spoken import LIMITS

RATE_HZ = 24_000  # OpenAI's for live conversation.

QUESTIONS = {
    "question.en": "What is the capital of France?",
    "question.zh": "中国的首都是哪里？",
}
# Read by people: the clips have CC BY 4.0 (LibriSpeech) and Apache-2.0 (AISHELL-1).
STATEMENTS = {
    "statement.en": (
        "en_libri_61-70968-0000.flac",
        "He began a confused complaint against the wizard, "
        "who had vanished behind the curtain on the left.",
    ),
    "statement.zh": ("zh_aishell_a0.wav", "我国的经济处在爬坡过坎的重要关口"),
}


@pytest.fixture(scope="module")
def sounds(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of WAV files, mono, 16 bits, 24 kHz, and texts.json with their words.

    The statements are recordings where those are on this machine; else the server says them, as it
    does the questions.
    """
    folder = tmp_path_factory.mktemp("sounds")
    texts = dict(QUESTIONS)
    for name, words in QUESTIONS.items():
        _write(folder / f"{name}.wav", _say(server, words))
    for name, (clip, words) in STATEMENTS.items():
        recording = SHARED_AUDIO / "dev" / clip
        sound = recording.read_bytes() if recording.exists() else _say(server, words)
        _write(folder / f"{name}.wav", sound)
        texts[name] = words
    (folder / "texts.json").write_text(json.dumps(texts))
    return folder


@pytest.fixture(scope="module")
def wyoming(server: Server, models: Path) -> Iterator[str]:
    """The address of the process that serves Home Assistant."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {
        "DATA_DIR": str(server.data_dir),
        "MODEL_DIR": str(models),
        "WYOMING_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "web.wyoming"], env=os.environ | variables)
    try:
        _wait_until_open(port, process)
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert process.poll() is None, "the process ended"
            time.sleep(0.1)
    pytest.fail("nobody listens within 30 seconds")


def _say(server: Server, words: str) -> bytes:
    body = {"model": "tts-1", "voice": "alloy", "input": words, "response_format": "wav"}
    answer = httpx.post(f"{server.url}/v1/audio/speech", json=body, timeout=60)
    answer.raise_for_status()
    return answer.content


def _write(path: Path, sound: bytes) -> None:
    samples: Samples = decode(sound, LIMITS, RATE_HZ).samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
