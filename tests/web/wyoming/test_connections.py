"""What goes wrong between a client and its server."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event, Eventable
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from assistant.events import TurnCancelled, TurnFinished
from tests.web.wyoming.conftest import Wyoming, run_wyoming
from tests.web.wyoming.home import connected, kinds, problem, read_until, send
from web.wyoming import connection
from web.wyoming.connection import MAX_CONNECTIONS
from web.wyoming.description import describe
from workers.services import Services
from workers.settings import Settings
from workers.turn_state import load_state

CHUNK = AudioChunk(16_000, 2, 1, bytes(3200))
LONG_TEXT = " ".join(f"This is number {number} of many sentences." for number in range(60))
LONG = "Tell me a long story about a lighthouse keeper and his dog, with many details."


PING = b'{"type": "ping"}\n'
TRANSCRIBE = b'{"type": "transcribe"}\n'


async def _say(port: int, data: bytes) -> tuple[list[str], bool]:
    """Return what answers raw bytes, and whether the connection then answers a ping."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data + PING)
    answers: list[str] = []
    with contextlib.suppress(ConnectionResetError):  # As it ends with bytes unread.
        while "pong" not in answers and (line := await asyncio.wait_for(reader.readline(), 10)):
            event = json.loads(line)
            await reader.readexactly(event.get("data_length", 0))
            answers.append(event["type"])
    writer.close()
    return answers, "pong" in answers


def say(wyoming: Wyoming, data: bytes) -> tuple[list[str], bool]:
    return asyncio.run(_say(wyoming.port, data))


@pytest.mark.parametrize(
    "line",
    [
        b"no JSON at all\n",
        b"\n",
        b"\xff\xfe\x00\n",
        b"[1, 2]\n",
        b'"describe"\n',
        b'{"data": {}}\n',
        b'{"type": 7}\n',
        b'{"type": "ping", "data": [1]}\n',
        b'{"type": "ping", "data_length": -5}\n',
        b'{"type": "ping", "payload_length": "many"}\n',
        b'{"type": "ping", "data_length": 3}\n[1]',
        b'{"type": "ping", "data_length": 3}\n{{{',
        b'{"type": "ping", "data_length": 19}\n{"text": "\\ud800 "}',
        b'{"type": "ping", "data_length": 13}\n{"text": NaN}',
        b'{"type": "audio-start", "data": {}}\n',
        b'{"type": "transcript", "data": {}}\n',
        b'{"type": "transcript", "data": {"text": 5}}\n',
        b'{"type": "transcribe", "data": {"language": ["en"]}}\n',
        b'{"type": "synthesize", "data": {"text": "Hi", "voice": "af_heart"}}\n',
        b'{"type": "audio-start", "data": {"rate": "fast", "width": 2, "channels": 1}}\n',
        b"[" * 60_000 + b"\n",
    ],
)
def test_a_broken_event_is_an_error_and_the_connection_lives_on(
    wyoming: Wyoming, line: bytes
) -> None:
    # An event that is understood comes first, and is not answered.
    assert say(wyoming, TRANSCRIBE + line) == (["error", "pong"], True)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
        b'{"type": "describe", "data_length": 4000000000}\n',
        b'{"type": "ping", "data": {"text": "' + b"a" * 200_000 + b'"}}\n',
    ],
)
def test_what_would_take_all_memory_ends_the_connection(wyoming: Wyoming, line: bytes) -> None:
    assert say(wyoming, TRANSCRIBE + line) == (["error"], False)


def test_a_web_page_cannot_have_its_browser_ask(wyoming: Wyoming) -> None:
    post = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n"
    assert say(wyoming, post) == (["error"], False)


def test_a_client_that_does_not_read_loses_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_REST_S", 0.3)
    settings = Settings(data_dir=tmp_path)
    services, info = Services(settings), describe(settings)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connection.Connection(reader, writer, services, info, set()).run()

    async def ask_on() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        ping = json.dumps({"type": "ping", "data": {"text": "a" * 60_000}}).encode()
        try:
            while True:
                writer.write(ping + b"\n")
                await writer.drain()
        finally:
            writer.close()
            server.close()

    with pytest.raises(ConnectionError):
        asyncio.run(asyncio.wait_for(ask_on(), 10))


def test_an_event_of_another_kind_is_left_alone(wyoming: Wyoming) -> None:
    line = b'{"type": "detect", "data": {"names": ["hey"]}, "payload_length": 4}\nabcd'
    assert say(wyoming, line) == (["pong"], True)


@pytest.mark.parametrize(
    "events",
    [
        [AudioStop()],
        [CHUNK],
        [SynthesizeChunk("Hi.")],
        [SynthesizeStop()],
    ],
)
def test_what_has_no_beginning_is_an_error_and_no_request(
    uri: str, events: list[Eventable]
) -> None:
    async def talk() -> list[Event]:
        async with connected(uri) as client:
            await send(client, *events, Ping())
            return await read_until(client, "pong")

    answer = asyncio.run(talk())
    assert kinds(answer) == ["error", "pong"]
    assert problem(answer) == "request_invalid"


def test_sound_after_its_end_changes_nothing(uri: str) -> None:
    async def talk() -> tuple[list[Event], list[Event]]:
        async with connected(uri) as client:
            await send(client, AudioStart(16_000, 2, 1), CHUNK, AudioStop(), CHUNK)
            return await read_until(client, "error"), await read_until(client, "transcript-stop")

    early, rest = asyncio.run(talk())
    assert problem(early) == "request_invalid"
    assert kinds(rest)[-2:] == ["transcript", "transcript-stop"]


def test_a_request_that_fails_leaves_the_next_alone(uri: str) -> None:
    async def talk() -> list[Event]:
        async with connected(uri) as client:
            await send(client, Synthesize("a" * 20_000), Synthesize("Hi."))
            return [
                *await read_until(client, "audio-stop"),
                *await read_until(client, "audio-stop"),
            ]

    assert kinds(asyncio.run(talk())) == [
        "error",
        "audio-stop",
        "audio-start",
        "audio-chunk",
        "audio-stop",
    ]


def turns(services: Services) -> set[str]:
    keys = services.redis.scan_iter("turn:*:events")
    return {key.decode().split("{")[1].split("}")[0] for key in keys}


@pytest.mark.parametrize(
    ("events", "sign"),
    [
        ([Transcript(LONG)], "handled-chunk"),
        ([Synthesize(LONG_TEXT)], "audio-chunk"),
        ([SynthesizeStart(), SynthesizeChunk(LONG_TEXT)], "audio-chunk"),
    ],
)
def test_a_client_that_goes_away_stops_its_turn(
    uri: str, services: Services, events: list[Eventable], sign: str
) -> None:
    before = turns(services)

    async def leave() -> None:
        async with connected(uri) as client:
            await send(client, *events)
            await read_until(client, sign)

    asyncio.run(leave())
    [turn_id] = turns(services) - before
    for _ in range(100):
        if end := load_state(services.bus, turn_id).end:
            break
        time.sleep(0.1)
    assert isinstance(end, TurnCancelled)


def test_a_reply_that_was_heard_to_its_end_is_not_stopped(uri: str, services: Services) -> None:
    before = turns(services)

    async def ask() -> None:
        async with connected(uri) as client:
            await send(client, Transcript("What is 2 plus 3?"))
            # Home Assistant leaves here.
            await read_until(client, "handled")

    asyncio.run(ask())
    [turn_id] = turns(services) - before
    assert isinstance(load_state(services.bus, turn_id).end, TurnFinished)


def test_more_clients_than_there_is_room_for_are_told_so(tmp_path: Path) -> None:
    async def crowd(uri: str) -> tuple[list[Event | None], list[Event]]:
        async with contextlib.AsyncExitStack() as stack:
            clients: list[AsyncClient] = []
            for _ in range(MAX_CONNECTIONS):
                clients.append(await stack.enter_async_context(connected(uri)))
                await send(clients[-1], Ping())
                await read_until(clients[-1], "pong")
            late = await stack.enter_async_context(connected(uri))
            refused = [await late.read_event(), await late.read_event()]
            await clients[0].disconnect()
            for _ in range(50):  # Until the server has noticed.
                follower = await stack.enter_async_context(connected(uri))
                await send(follower, Ping())
                event = await follower.read_event()
                if event is not None and event.type == "pong":
                    return refused, [event]
                await asyncio.sleep(0.1)
            return refused, []

    with run_wyoming(tmp_path) as running:
        (error, end), follower = asyncio.run(crowd(running.uri))
    assert error is not None and error.data["code"] == "sessions_full"
    assert end is None
    assert follower


@contextlib.contextmanager
def run_redis(data_dir: Path) -> Iterator[Services]:
    command = [sys.executable, "-m", "workers.redis_server"]
    environment = os.environ | {"DATA_DIR": str(data_dir)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        services = Services(Settings(data_dir=data_dir))
        for _ in range(100):
            with contextlib.suppress(RedisError):
                services.redis.ping()
                break
        try:
            yield services
        finally:
            services.redis.close()
            process.terminate()


def test_it_serves_without_redis_and_with_it_once_that_is_back(tmp_path: Path) -> None:
    asked = Transcript("Is anybody there?", context={"conversation_id": "a"})

    async def talk(uri: str) -> list[Event]:
        async with connected(uri) as client:
            await send(client, asked)
            refused = await read_until(client, "handled-stop")
            with run_redis(tmp_path) as services:
                await send(client, asked)
                for _ in range(100):
                    if turns(services):
                        return refused
                    await asyncio.sleep(0.1)
        raise AssertionError("no turn was begun")

    with run_wyoming(tmp_path) as running:
        refused = asyncio.run(talk(running.uri))
    assert kinds(refused) == ["error", "not-handled", "handled-stop"]
    assert problem(refused) == "store_unavailable"


def test_its_end_is_the_end_of_connections_and_of_their_turns(
    server: object, services: Services, tmp_path: Path
) -> None:
    before = turns(services)

    async def wait(running: Wyoming) -> Event | None:
        async with connected(running.uri) as client:
            await send(client, Transcript(LONG))
            await read_until(client, "handled-chunk")
            running.process.send_signal(signal.SIGTERM)
            while (event := await client.read_event()) is not None:
                assert event.type == "handled-chunk"
            return event

    with run_wyoming(services.settings.data_dir) as running:
        assert asyncio.run(wait(running)) is None
        assert running.process.wait(10) == 0
    [turn_id] = turns(services) - before
    assert isinstance(load_state(services.bus, turn_id).end, TurnCancelled)


def test_it_says_why_it_does_not_start(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), "WYOMING_PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "web.wyoming"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "WYOMING_PORT" in done.stderr
