"""A client of the live session that keeps time: a microphone in real time, and a listener.

The microphone delivers 40 ms when they are over, as a real one does, on a schedule that does not
drift. All times are seconds of `time.monotonic`.
"""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from bench.live_clips import SAMPLE_RATE_HZ, Clip
from bench.live_playback import Playback
from speech.audio import Audio, Samples, decode_pcm16, encode_pcm16

CHUNK_S = 0.04
CHUNK = round(CHUNK_S * SAMPLE_RATE_HZ)
ROOM_NOISE = 0.0006
"""Standard deviation, of full scale: -64 dB, a quiet room."""
EXTENSIONS = "captions,hold,timings"
"""What the page asks for, but for `resume`."""


def room_noise(duration_s: float, seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed).normal(0, ROOM_NOISE, round(duration_s * SAMPLE_RATE_HZ))
    return noise.astype(np.float32)


def address(url: str, extensions: str) -> str:
    """Return the socket's address for the server's `url`, as in `http://127.0.0.1:8000`."""
    query = {"model": "default"} | ({"extensions": extensions} if extensions else {})
    return f"{url.replace('http', 'ws', 1).rstrip('/')}/v1/realtime?{urlencode(query)}"


@dataclass(frozen=True)
class Received:
    at: float
    event: dict[str, Any]
    """Without its sound."""

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def response_id(self) -> str | None:
        response = self.event.get("response")
        return response["id"] if response else self.event.get("response_id")


class LiveClient:
    """Use `open_client`. For one event loop."""

    def __init__(self, connection: ClientConnection) -> None:
        self.log: list[Received] = []
        self.playback = Playback()
        self.latest_chunk_s = 0.0
        """How late the microphone's worst chunk was; a measurement is as good as this is small."""
        self._connection = connection
        self._noise = room_noise(1.0)
        self._pending: Samples = np.zeros(0, np.float32)
        self._next_chunk_at = time.monotonic()
        self._changed = asyncio.Event()
        self._item_id: str | None = None

    async def send(self, event: dict[str, Any]) -> None:
        await self._connection.send(json.dumps(event))

    def say(self, samples: Samples) -> float:
        """Begin to say it with the next chunk; return when its first sample is spoken."""
        self._pending = np.concatenate([self._pending, samples])
        begun = len(self._pending) - len(samples)
        return self._next_chunk_at - CHUNK_S + begun / SAMPLE_RATE_HZ

    async def wait_for(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Return whether it came to be so in time; asked after each event, and now and then."""
        until = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > until:
                return False
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.05)
        return True

    def since(self, begin: int, *types: str) -> list[Received]:
        """Return what was received from place `begin` of the log on."""
        return [each for each in self.log[begin:] if not types or each.type in types]

    async def run_microphone(self) -> None:
        self._next_chunk_at = time.monotonic() + CHUNK_S
        while True:
            await asyncio.sleep(self._next_chunk_at - time.monotonic())
            self.latest_chunk_s = max(self.latest_chunk_s, time.monotonic() - self._next_chunk_at)
            self._noise = np.roll(self._noise, -CHUNK)
            said, self._pending = self._pending[:CHUNK], self._pending[CHUNK:]
            chunk = self._noise[:CHUNK].copy()
            chunk[: len(said)] += said
            pcm16 = encode_pcm16(Audio(chunk, SAMPLE_RATE_HZ))
            self._next_chunk_at += CHUNK_S
            await self.send(
                {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm16).decode()}
            )

    async def run_listener(self) -> None:
        async for message in self._connection:
            now = time.monotonic()
            event = json.loads(message)
            delta = event.pop("delta", None)
            received = Received(now, event)
            match event["type"]:
                case "response.output_audio.delta":
                    sound = decode_pcm16(base64.b64decode(delta), SAMPLE_RATE_HZ)
                    self._item_id = event["item_id"]
                    self.playback.feed(now, event["response_id"], sound.samples)
                case "response.output_audio_transcript.delta":
                    event["text"] = delta
                case "x.playback.hold":
                    self.playback.hold(now)
                case "x.playback.resume":
                    self.playback.resume(now)
                case "input_audio_buffer.speech_started":
                    await self._stop_playing(now)
            self.log.append(received)
            self._changed.set()

    async def report_position(self, *, with_hold: bool) -> None:
        """Tell the server what is heard, as a client with `hold` does; watch for the end of it."""
        was_playing, told_at = False, 0.0
        while True:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            is_playing = self.playback.is_playing(now)
            if is_playing != was_playing or (is_playing and now - told_at >= 1.0):
                was_playing, told_at = is_playing, now
                if with_hold:
                    await self.send(
                        {
                            "type": "x.playback.position",
                            "item_id": self._item_id,
                            "audio_ms": round(self.playback.played_s(now) * 1000),
                            "is_playing": is_playing,
                        }
                    )

    async def _stop_playing(self, now: float) -> None:
        if self.playback.unplayed_s(now) > 0:
            played_ms = round(self.playback.played_s(now) * 1000)
            self.playback.stop(now)
            await self.send(
                {
                    "type": "conversation.item.truncate",
                    "item_id": self._item_id,
                    "content_index": 0,
                    "audio_end_ms": played_ms,
                }
            )


@contextlib.asynccontextmanager
async def open_client(
    url: str,
    *,
    extensions: str = EXTENSIONS,
    turn_detection: str = "semantic_vad",
    instructions: str | None = None,
) -> AsyncIterator[LiveClient]:
    """Open a session with a microphone in a quiet room.

    `instructions`: in place of the assistant's own system prompt.
    """
    # A server that is slow to answer a ping is measured, not left.
    async with connect(
        address(url, extensions), max_size=None, compression=None, ping_interval=None
    ) as connection:
        client = LiveClient(connection)
        tasks = [asyncio.create_task(client.run_listener())]
        try:
            audio_input = {
                "turn_detection": {"type": turn_detection},
                "transcription": {"model": "default"},
            }
            session: dict[str, Any] = {"type": "realtime", "audio": {"input": audio_input}}
            if instructions is not None:
                session["instructions"] = instructions
            await client.send({"type": "session.update", "session": session})
            if not await client.wait_for(lambda: bool(client.since(0, "session.updated")), 20.0):
                raise SystemExit(f"No session: {[each.event for each in client.log]}")
            tasks += [
                asyncio.create_task(client.run_microphone()),
                asyncio.create_task(client.report_position(with_hold="hold" in extensions)),
            ]
            yield client
        finally:
            for task in tasks:
                task.cancel()
            failures = await asyncio.gather(*tasks, return_exceptions=True)
    for failure in failures:
        if isinstance(failure, Exception):
            raise failure


def speech_end(client: LiveClient, clip: Clip) -> float:
    """Say the clip; return when its last word ends."""
    return client.say(clip.samples) + clip.duration_s
