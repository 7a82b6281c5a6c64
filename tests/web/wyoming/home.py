"""What Home Assistant does with a Wyoming server: one connection a request, by the same client."""

import asyncio
import io
import re
import wave
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import zhconv
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop, wav_to_chunks
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event, Eventable

from speech.audio import wrap_wav

PATIENCE_S = 120.0


@asynccontextmanager
async def connected(uri: str) -> AsyncIterator[AsyncClient]:
    client = AsyncClient.from_uri(uri, connect_timeout=10, read_timeout=PATIENCE_S)
    async with client:
        yield client


async def send(client: AsyncClient, *events: Eventable) -> None:
    for event in events:
        await client.write_event(event.event())


async def read_until(client: AsyncClient, kind: str) -> list[Event]:
    """Return what comes, up to and with the first event of this kind."""
    events: list[Event] = []
    while not events or events[-1].type != kind:
        event = await client.read_event()
        assert event is not None, f"the connection ended after {events}"
        events.append(event)
    return events


async def ask_async(uri: str, *events: Eventable, until: str) -> list[Event]:
    async with connected(uri) as client:
        await send(client, *events)
        return await read_until(client, until)


def ask(uri: str, *events: Eventable, until: str) -> list[Event]:
    return asyncio.run(ask_async(uri, *events, until=until))


def recording(wav: bytes, language: str | None = None) -> list[Eventable]:
    """Return the events of a spoken request."""
    with wave.open(io.BytesIO(wav)) as file:
        sound = list(wav_to_chunks(file, 1024, start_event=True, stop_event=True))
    return [Transcribe(language=language), *sound]


def kinds(events: Iterable[Event]) -> list[str]:
    """Return the events' types, those that repeat once."""
    named = [event.type for event in events]
    return [kind for at, kind in enumerate(named) if at == 0 or named[at - 1] != kind]


def sound_of(events: Iterable[Event]) -> bytes:
    """Return a spoken reply as a WAV file."""
    events = list(events)
    [start] = [AudioStart.from_event(event) for event in events if event.type == "audio-start"]
    assert AudioStop.is_type(events[-1].type) or events[-1].type == "synthesize-stopped"
    chunks = [AudioChunk.from_event(event) for event in events if event.type == "audio-chunk"]
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} <= {
        (start.rate, start.width, start.channels)
    }
    assert (start.width, start.channels) == (2, 1)
    return wrap_wav(b"".join(chunk.audio for chunk in chunks), start.rate)


def problem(events: Iterable[Event]) -> str | None:
    """Return the code of the first error."""
    errors = [Error.from_event(event) for event in events if event.type == "error"]
    assert all(error.text for error in errors)
    return errors[0].code if errors else None


def words(text: str) -> str:
    """Return what an error rate counts: words, or of Chinese the characters."""
    text = zhconv.convert(text.lower(), "zh-cn")
    return " ".join(re.findall(r"[一-鿿]|[^\W一-鿿]+", text))
