"""The live benchmark against a scripted session: known delays come out as they are."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench.live_client import CHUNK_S, open_client
from bench.live_clips import SAMPLE_RATE_HZ, Clip
from bench.live_idle import crowd
from bench.live_interruptions import interrupt
from bench.live_turn import ask
from speech.audio import Audio, encode_pcm16
from tests.speech.spoken import silence, tone

TOLERANCE_S = 0.06
"""Timers and a busy machine; a chunk of the microphone is 0.04 s."""
Send = Callable[..., Coroutine[Any, Any, None]]


def clip(duration_s: float, words: str = "Hello?") -> Clip:
    time_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    samples = (0.3 * np.sin(2 * np.pi * 300 * time_s)).astype(np.float32)
    return Clip("en", words, False, samples)


def pcm16(*pieces: np.ndarray) -> str:
    """Sound at 16 kHz counts as 24 kHz here: only its loud and silent samples matter."""
    return base64.b64encode(encode_pcm16(Audio(np.concatenate(pieces), SAMPLE_RATE_HZ))).decode()


def quiet_s(duration_s: float) -> np.ndarray:
    return silence(duration_s * SAMPLE_RATE_HZ / 16_000)


def loud_s(duration_s: float) -> np.ndarray:
    return tone(duration_s * SAMPLE_RATE_HZ / 16_000)


class ScriptedSession:
    """Hears loud and quiet by the level of each chunk, and does what its script says then."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.received: list[dict[str, Any]] = []
        self.loud = asyncio.Event()
        self.quiet = asyncio.Event()

    async def send(self, type_: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": type_} | fields))

    async def hear(self) -> None:
        async for message in self.connection:
            event = json.loads(message)
            self.received.append(event)
            if event["type"] == "session.update":
                await self.send("session.updated")
            if event["type"] == "input_audio_buffer.append":
                sound = np.frombuffer(base64.b64decode(event["audio"]), "<i2")
                is_loud = bool(np.abs(sound).max() > 3000)
                (self.loud if is_loud else self.quiet).set()
                (self.quiet if is_loud else self.loud).clear()

    async def reply(self, name: str, *deltas: str) -> None:
        await self.send("response.created", response={"id": name})
        for delta in deltas:
            await self.send(
                "response.output_audio.delta", response_id=name, item_id=f"i{name}", delta=delta
            )


@contextlib.asynccontextmanager
async def scripted(
    script: Callable[[ScriptedSession], Coroutine[Any, Any, None]],
) -> AsyncIterator[tuple[str, list[ScriptedSession]]]:
    sessions: list[ScriptedSession] = []

    async def handle(connection: ServerConnection) -> None:
        session = ScriptedSession(connection)
        sessions.append(session)
        await session.send("session.created")
        playing = asyncio.create_task(script(session))
        await session.hear()
        playing.cancel()

    async with serve(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", sessions


def test_the_first_audible_sample_counts_from_the_users_last_word():
    async def script(session: ScriptedSession) -> None:
        await session.loud.wait()
        await session.quiet.wait()
        await session.send("input_audio_buffer.committed", item_id="u1")
        await asyncio.sleep(0.5)
        # 0.1 s of silence leads the sound.
        await session.reply("r1", pcm16(quiet_s(0.1), loud_s(0.2)))
        await session.send("x.turn.timings", response_id="r1", stages={"pause": 100.0})
        await session.send("response.done", response={"id": "r1", "status": "completed"})

    async def run() -> None:
        async with scripted(script) as (url, _), open_client(url) as client:
            # 0.4 s are ten chunks: the first quiet one is complete 0.04 s after the last word.
            turn = await ask(client, clip(0.4), patience_s=5.0)
        assert turn.ended_s == pytest.approx(0.04, abs=TOLERANCE_S)
        assert turn.first_sound_s == pytest.approx(0.04 + 0.5 + 0.1, abs=TOLERANCE_S)
        assert not turn.is_cut_off
        assert turn.stages_ms == {"pause": 100.0}

    asyncio.run(run())


def test_a_turn_that_is_answered_before_its_last_word_was_cut_off():
    async def script(session: ScriptedSession) -> None:
        await session.loud.wait()
        await asyncio.sleep(0.1)
        await session.send("input_audio_buffer.committed", item_id="u1")
        await session.reply("r1", pcm16(loud_s(0.1)))
        await session.send("response.done", response={"id": "r1", "status": "cancelled"})
        await session.quiet.wait()
        await session.send("input_audio_buffer.committed", item_id="u2")
        await asyncio.sleep(0.3)
        await session.reply("r2", pcm16(loud_s(0.1)))
        await session.send("response.done", response={"id": "r2", "status": "completed"})

    async def run() -> None:
        async with scripted(script) as (url, _), open_client(url) as client:
            turn = await ask(client, clip(0.6), patience_s=5.0)
        assert turn.is_cut_off
        assert turn.response_id == "r2"
        assert turn.first_sound_s == pytest.approx(0.04 + 0.3, abs=TOLERANCE_S)

    asyncio.run(run())


def test_a_turn_without_an_answer_has_no_first_sound():
    async def script(session: ScriptedSession) -> None:
        await session.loud.wait()

    async def run() -> None:
        async with scripted(script) as (url, _), open_client(url) as client:
            turn = await ask(client, clip(0.2), patience_s=0.5)
        assert (turn.first_sound_s, turn.ended_s) == (None, None)

    asyncio.run(run())


def test_an_interruption_counts_from_the_users_voice_and_silences_the_client():
    async def script(session: ScriptedSession) -> None:
        await session.loud.wait()
        await session.quiet.wait()
        await session.reply("r1", pcm16(loud_s(5.0)))
        await session.loud.wait()
        await session.send("x.playback.hold", item_id="ir1")
        await asyncio.sleep(0.2)
        await session.send("input_audio_buffer.speech_started", item_id="u2")
        await session.send("response.done", response={"id": "r1", "status": "cancelled"})

    async def run() -> None:
        async with scripted(script) as (url, sessions), open_client(url) as client:
            voice = clip(0.8)
            found = await interrupt(client, clip(0.2), voice, 0.3)
            told = [
                event
                for event in sessions[0].received
                if event["type"] in ("x.playback.position", "conversation.item.truncate")
            ]
        assert found is not None
        assert found.hold_s == found.silence_s == pytest.approx(0.04, abs=TOLERANCE_S)
        assert found.certain_s == pytest.approx(0.24, abs=TOLERANCE_S)
        assert found.cancelled_s == pytest.approx(0.24, abs=TOLERANCE_S)
        cut = next(event for event in told if event["type"] == "conversation.item.truncate")
        assert cut["item_id"] == "ir1"
        assert cut["audio_end_ms"] == pytest.approx(350, abs=120)
        assert [event["is_playing"] for event in told if "is_playing" in event][:2] == [True, False]

    asyncio.run(run())


def test_a_crowd_opens_its_sessions_and_sends_a_quiet_room_in_real_time():
    async def script(session: ScriptedSession) -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        async with scripted(script) as (url, sessions):
            async with crowd(url, 5, "room noise") as process:
                began = time.monotonic()
                before = [len(session.received) for session in sessions]
                await asyncio.sleep(2.0)
                after = [len(session.received) for session in sessions]
                chunks = (time.monotonic() - began) / CHUNK_S
                assert process.stdin is not None and process.stdout is not None
                process.stdin.close()
                assert await process.stdout.readline() == b"lost 0\n"
            assert len(sessions) == 5
            for was, now in zip(before, after, strict=True):
                assert now - was == pytest.approx(chunks, rel=0.25)
            assert not any(session.loud.is_set() for session in sessions)

    asyncio.run(run())
