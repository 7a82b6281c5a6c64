"""How soon the sound of `/v1/audio/speech` comes: its first bytes and its whole, in every format.

    python -m bench.speech_endpoint [--url http://127.0.0.1:8000] [--rounds 3]

Without an address it starts an assistant of its own, which keeps no sound; elsewhere texts that
were spoken before come at once. Both are compared with the first piece's being spoken
(`audio_ready`), before which nothing could be sent.
"""

import argparse
import base64
import contextlib
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.latency import own_server
from bench.machine import describe_machine
from speech.encoding import CONTENT_TYPES
from tests.web.client import TIMEOUT, follow

TEXTS = {
    "en": [
        "The museum opens at nine in the morning. Tickets are sold at the gate, and children pay "
        "nothing. On Sundays there is a guided tour, which takes about an hour.",
        "Boil the water first, then add the salt. Cook the noodles for eight minutes. Drain them "
        "well, and stir in the sauce while they are still hot.",
        "The train to the coast is late today. Please wait on platform four, where the next one "
        "will arrive in twenty minutes. We are sorry for the delay.",
    ],
    "zh": [
        "博物馆早上九点开门。门口可以买票，孩子不用付钱。星期天有导游带大家参观，大约一个小时。",
        "先把水烧开，然后放一点盐。面条要煮八分钟。把水倒掉以后，趁热拌上酱汁就可以吃了。",
        "去海边的火车今天晚点了。请在四号站台等候，下一班车二十分钟以后到。给您带来不便，非常抱歉。",
    ],
}


@dataclass(frozen=True)
class Run:
    """Seconds after the request was sent."""

    audio_ready: float
    first_byte: float
    whole: float
    """Of the file."""
    spoken: float
    """When the last piece was spoken."""


def measure(url: str, text: str, format: str, stream_format: str = "audio") -> Run:
    body = {
        "model": "tts-1",
        "voice": "alloy",
        "input": text,
        "response_format": format,
        "stream_format": stream_format,
    }
    sent = time.time()
    first = 0.0
    with httpx.stream("POST", f"{url}/v1/audio/speech", json=body, timeout=TIMEOUT) as response:
        response.raise_for_status()
        chunks = response.iter_lines() if stream_format == "sse" else response.iter_raw()
        for chunk in chunks:
            if not first and _has_sound(chunk):
                first = time.time()
    whole = time.time()
    ready = [
        # The first half of an event's id is when it happened, in milliseconds since 1970.
        (event["index"], int(event_id.split("-")[0]) / 1000)
        for event_id, event in follow(f"{url}/api/turns/{response.headers['X-Request-Id']}/events")
        if event["type"] == "audio_ready"
    ]
    return Run(dict(ready)[0] - sent, first - sent, whole - sent, max(at for _, at in ready) - sent)


def _has_sound(chunk: Any) -> bool:
    if isinstance(chunk, bytes):
        return bool(chunk)
    if not chunk.startswith("data: "):
        return False
    return bool(base64.b64decode(json.loads(chunk.removeprefix("data: ")).get("audio", "")))


def row(name: str, runs: list[Run]) -> str:
    cells = [
        _cell([run.audio_ready for run in runs], " s"),
        _cell([run.first_byte for run in runs], " s"),
        _cell([run.first_byte / run.audio_ready for run in runs]),
        _cell([run.whole for run in runs], " s"),
        _cell([run.whole / run.spoken for run in runs]),
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _cell(values: list[float], unit: str = "") -> str:
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    return f"{statistics.median(values):.2f}{unit}, {p95:.2f}{unit}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="of a running assistant")
    parser.add_argument("--rounds", type=int, default=2, help="how often each text is spoken")
    parser.add_argument("--json", type=Path, help="write every single figure here")
    options = parser.parse_args()
    kinds = [(format, "audio") for format in CONTENT_TYPES] + [("pcm", "sse")]
    runs: dict[str, list[Run]] = {}
    kept = {"SPEECH_CACHE_BYTES": "0"}
    with contextlib.nullcontext(options.url) if options.url else own_server(**kept) as url:
        for language, texts in TEXTS.items():
            measure(url, texts[0], "mp3")  # Warm.
            for _ in range(options.rounds):
                for text in texts:
                    for format, stream_format in kinds:
                        name = format if stream_format == "audio" else f"{format}, events"
                        run = measure(url, text, format, stream_format)
                        runs.setdefault(f"{language}, {name}", []).append(run)
    print(describe_machine(), "", sep="\n")
    print(
        "| median, p95 | first piece spoken | first byte | ÷ | whole file | ÷ last piece spoken |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for name, measured in runs.items():
        print(row(name, measured))
    if options.json:
        figures = {name: [vars(run) for run in measured] for name, measured in runs.items()}
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
