"""What the clients say, and whether what comes back is what was said.

SOUNDS is a folder of WAV files, mono, 16 bits, 24 kHz, with their words in texts.json.
"""

import io
import json
import os
import re
import wave
from pathlib import Path

import httpx
import jiwer

RATE_HZ = 24_000
FOLDER = Path(os.environ["SOUNDS"])
TEXTS: dict[str, str] = json.loads((FOLDER / "texts.json").read_text())


def path(name: str) -> Path:
    return FOLDER / f"{name}.wav"


def pcm(name: str, silence_s: float = 0.0) -> bytes:
    """Return the samples of a sound, and silence after them."""
    with wave.open(str(path(name))) as file:
        return file.readframes(file.getnframes()) + bytes(2 * round(silence_s * RATE_HZ))


def wav(samples: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """Return 16 bit samples as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples)
    return buffer.getvalue()


def recognise(sound: bytes, name: str = "reply.wav", language: str = "en") -> str:
    """Return what the server hears in a file."""
    answer = httpx.post(
        f"{os.environ['OPENAI_BASE_URL']}/audio/transcriptions",
        headers={"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
        files={"file": (name, sound)},
        data={"model": "whisper-1", "response_format": "text", "language": language},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.text.strip()


def assert_says(text: str, words: str, most_wrong: float = 0.3) -> None:
    """Assert that text has these words; Mandarin is compared by its characters."""
    heard, said = _plain(text), _plain(words)
    rate = jiwer.cer if re.search("[一-鿿]", said) else jiwer.wer
    assert heard and rate(said, heard) <= most_wrong, f"{text!r} is not {words!r}"


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
