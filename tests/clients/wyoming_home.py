"""Home Assistant's client, with the events that its Wyoming integration sends."""

import os
from importlib.metadata import version

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.handle import Handled, NotHandled
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.clients import sounds
from tests.clients.calls import Calls
from tests.clients.sounds import TEXTS, assert_says, recognise

PCM = {"rate": sounds.RATE_HZ, "width": 2, "channels": 1}
calls = Calls()


def _connect() -> AsyncClient:
    return AsyncClient.from_uri(os.environ["WYOMING_URI"])


async def _until(client: AsyncClient, *kinds: str) -> list[Event]:
    events: list[Event] = []
    while not events or events[-1].type not in kinds:
        event = await client.read_event()
        assert event is not None, "the connection ended"
        assert event.type != "error", event.data
        events.append(event)
    return events


def _recognised(events: list[Event], language: str) -> str:
    start = AudioStart.from_event(next(e for e in events if AudioStart.is_type(e.type)))
    chunks = [AudioChunk.from_event(e).audio for e in events if AudioChunk.is_type(e.type)]
    return recognise(sounds.wav(b"".join(chunks), start.rate), language=language)


@calls("Describe: what it recognises, speaks and answers")
async def _() -> None:
    async with _connect() as client:
        await client.write_event(Describe().event())
        info = Info.from_event((await _until(client, "info"))[-1])
    assert {"en", "zh"} <= set(info.asr[0].models[0].languages), info.asr
    assert {"en", "zh"} <= {each[:2] for voice in info.tts[0].voices for each in voice.languages}
    assert {"en", "zh"} <= set(info.handle[0].models[0].languages), info.handle


@calls("Transcribe, in English and Chinese")
async def _() -> None:
    for language in ("en", "zh"):
        name = f"statement.{language}"
        async with _connect() as client:
            await client.write_event(Transcribe(language=language).event())
            await client.write_event(AudioStart(**PCM).event())
            samples = sounds.pcm(name)
            for start in range(0, len(samples), 4096):
                chunk = AudioChunk(audio=samples[start : start + 4096], **PCM)
                await client.write_event(chunk.event())
            await client.write_event(AudioStop().event())
            events = await _until(client, "transcript")
        assert_says(Transcript.from_event(events[-1]).text, TEXTS[name])


@calls("Synthesize, in English and Chinese")
async def _() -> None:
    for language, words in (
        ("en", "The light in the kitchen is on."),
        ("zh", "厨房的灯已经打开了。"),
    ):
        async with _connect() as client:
            voice = SynthesizeVoice(language=language)
            await client.write_event(Synthesize(text=words, voice=voice).event())
            events = await _until(client, "audio-stop")
        assert_says(_recognised(events, language), words)


@calls("SynthesizeStart, SynthesizeChunk, SynthesizeStop: speaks while the text is written")
async def _() -> None:
    async with _connect() as client:
        voice = SynthesizeVoice(language="en")
        await client.write_event(SynthesizeStart(voice=voice).event())
        for words in ("The light in the kitchen ", "is on. ", "The door is ", "closed."):
            await client.write_event(SynthesizeChunk(text=words).event())
        await client.write_event(SynthesizeStop().event())
        events = await _until(client, "synthesize-stopped")
    assert_says(_recognised(events, "en"), "The light in the kitchen is on. The door is closed.")


@calls("Transcript to the conversation agent, in English and Chinese")
async def _() -> None:
    for language, question, answer in (
        ("en", "What is the capital of France?", "Paris"),
        ("zh", "中国的首都是哪里？", "北京"),
    ):
        async with _connect() as client:
            await client.write_event(Transcript(text=question, language=language).event())
            event = (await _until(client, "handled", "not-handled"))[-1]
        assert not NotHandled.is_type(event.type), event.data
        assert answer in Handled.from_event(event).text, event.data


if __name__ == "__main__":
    calls.run(f"wyoming {version('wyoming')}")
