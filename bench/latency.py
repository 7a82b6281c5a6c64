"""How long one spoken turn takes, over HTTP, as a person's browser sees it.

    python -m bench.latency [--url http://127.0.0.1:8000] [--rounds 3]

Without an address it starts an assistant of its own. Each question is spoken by the default
voices, uploaded, and its events are followed; the clock starts when the upload begins, which on
this machine is when it ends.
"""

import argparse
import contextlib
import io
import json
import statistics
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np

from bench.machine import describe_machine
from speech.audio import encode_pcm16, wrap_wav
from tests.conftest import run_server, wait_until_ready
from tests.web.client import TIMEOUT, sse
from workers.services import load_services

QUESTIONS = {
    "en": [
        "How old is the Brooklyn Bridge?",
        "What is the capital of France?",
        "How do I boil an egg?",
        "Why is the sky blue?",
        "Who wrote Romeo and Juliet?",
        "What should I wear when it rains?",
        "How many legs does a spider have?",
        "Can you recommend a good breakfast?",
    ],
    "zh": [
        "法国的首都是哪里？",
        "为什么天空是蓝色的？",
        "怎样煮鸡蛋？",
        "一年有多少天？",
        "你能推荐一顿健康的早餐吗？",
        "中国最长的河是哪一条？",
        "下雨天应该穿什么？",
        "蜘蛛有几条腿？",
    ],
}
STAGES = ["transcript", "first word", "first sound", "last word", "last sound"]
AUDIBLE = 0.01
"""Of full scale: the first sample above it is what a listener hears first."""


def speak(language: str, text: str, wanted: str | None = None) -> bytes:
    """Return `text` as a WAV file, by the wanted voice or the default one."""
    services = load_services()
    voice = services.voice(language, wanted)
    audio = services.synthesizer(voice.engine).synthesize(text, voice, language, 1.0)
    return wrap_wav(encode_pcm16(audio), audio.sample_rate_hz)


def leading_silence_s(wav_data: bytes) -> float:
    with wave.open(io.BytesIO(wav_data)) as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2") / 32768
        return float(np.argmax(np.abs(samples) > AUDIBLE)) / wav.getframerate()


def measure(url: str, clip: bytes) -> dict[str, float]:
    """Return the seconds from the upload to each of `STAGES`."""
    with httpx.Client(base_url=url, timeout=TIMEOUT) as client:
        begin = time.perf_counter()
        accepted = client.post("/api/voice", files={"audio": ("clip.wav", clip)})
        accepted.raise_for_status()
        seconds: dict[str, float] = {}
        with client.stream("GET", accepted.json()["events_url"]) as response:
            for _, event in sse(response.iter_lines()):
                now = time.perf_counter() - begin
                match event["type"]:
                    case "transcript_ready":
                        seconds["transcript"] = now
                    case "reply_delta":
                        seconds.setdefault("first word", now)
                    case "audio_ready":
                        if event["index"] == 0:
                            sound = httpx.get(f"{url}/api/audio/{event['audio_id']}").content
                            fetched = time.perf_counter() - begin
                            seconds["first sound"] = fetched + leading_silence_s(sound)
                    case "reply_ready":
                        seconds["last word"] = now
                    case "turn_finished":
                        seconds["last sound"] = now
    return seconds


@contextlib.contextmanager
def own_server(**variables: str) -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder), load_services().settings.models, **variables) as server,
    ):
        wait_until_ready(server)
        yield server.url


def table(name: str, runs: list[dict[str, float]]) -> str:
    lines = [f"| {name}: after the upload | median | p95 |", "|---|---:|---:|"]
    for stage in STAGES:
        values = [run[stage] for run in runs if stage in run]
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        lines.append(f"| {stage} | {statistics.median(values):.2f} s | {p95:.2f} s |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="of a running assistant")
    parser.add_argument("--rounds", type=int, default=2, help="how often each question is asked")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two turns")
    parser.add_argument("--json", type=Path, help="write every single figure here")
    options = parser.parse_args()
    clips = {
        language: [speak(language, text) for text in texts] for language, texts in QUESTIONS.items()
    }
    runs: dict[str, list[dict[str, float]]] = {language: [] for language in QUESTIONS}
    # What is asked twice would come from the cache.
    uncached = {"ANSWER_CACHE": "off"}
    with contextlib.nullcontext(options.url) if options.url else own_server(**uncached) as url:
        for language in QUESTIONS:
            measure(url, clips[language][0])  # Warm.
        for _ in range(options.rounds):
            for pair in zip(*clips.values(), strict=True):
                for language, clip in zip(QUESTIONS, pair, strict=True):
                    # As a person who has just heard the answer does. Background work is done then.
                    time.sleep(options.pause)
                    runs[language].append(measure(url, clip))
    print(describe_machine(), "", sep="\n")
    for language in QUESTIONS:
        print(table(language, runs[language]), "", sep="\n")
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1))


if __name__ == "__main__":
    main()
