import asyncio
import io
import time
import wave

import jiwer
import pytest
from wyoming.asr import Transcript
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeTextFormat,
    SynthesizeVoice,
)

from tests.web.wyoming.home import (
    ask,
    connected,
    kinds,
    problem,
    read_until,
    recording,
    send,
    sound_of,
    words,
)

ENGLISH = "The kitchen light is on. The washing machine is ready in twenty minutes."
CHINESE = "厨房的灯已经打开了。今天天气很好，我们一起去公园散步吧。"


def heard(uri: str, events: list[Event], language: str) -> str:
    """Return what our own recognition makes of a spoken reply."""
    answer = ask(uri, *recording(sound_of(events), language), until="transcript")
    return words(Transcript.from_event(answer[-1]).text)


@pytest.mark.parametrize(
    ("text", "language", "voice"),
    [
        (ENGLISH, "en", None),
        (CHINESE, "zh", None),
        (ENGLISH, "en", SynthesizeVoice(name="kokoro:af_heart")),
        (CHINESE, "zh", SynthesizeVoice(language="zh-CN")),
    ],
)
def test_text_is_spoken_so_that_it_is_understood(
    uri: str, text: str, language: str, voice: SynthesizeVoice | None
) -> None:
    events = ask(uri, Synthesize(text, voice), until="audio-stop")
    assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop"]
    assert jiwer.wer(words(text), heard(uri, events, language)) <= 0.2


def test_every_chunk_says_when_it_is_heard(uri: str) -> None:
    events = ask(uri, Synthesize(ENGLISH), until="audio-stop")
    with wave.open(io.BytesIO(sound_of(events))) as file:
        duration_ms = 1000 * file.getnframes() / file.getframerate()
    times = [event.data["timestamp"] for event in events]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(duration_ms, abs=20)


def test_streamed_text_is_spoken_before_it_is_whole(uri: str) -> None:
    async def talk() -> tuple[list[Event], float, float]:
        async with connected(uri) as client:
            await send(client, SynthesizeStart())
            first, rest = ENGLISH.split(". ", 1)
            for word in f"{first}. ".split(" "):
                await send(client, SynthesizeChunk(f"{word} "))
            began = await read_until(client, "audio-chunk")
            sounded_at = time.monotonic()
            for word in rest.split(" "):
                await send(client, SynthesizeChunk(f"{word} "))
            # Home Assistant says it all once more, for servers that do not stream.
            await send(client, Synthesize(ENGLISH), SynthesizeStop())
            whole_at = time.monotonic()
            return began + await read_until(client, "synthesize-stopped"), sounded_at, whole_at

    events, sounded_at, whole_at = asyncio.run(talk())
    assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
    assert sounded_at < whole_at
    assert jiwer.wer(words(ENGLISH), heard(uri, events, "en")) <= 0.2


def test_streamed_chinese_is_spoken_in_the_wanted_voice(uri: str) -> None:
    voice = SynthesizeVoice(name="kokoro:zm_yunxi")
    bits = [SynthesizeChunk(CHINESE[at : at + 2]) for at in range(0, len(CHINESE), 2)]
    events = ask(uri, SynthesizeStart(voice), *bits, SynthesizeStop(), until="synthesize-stopped")
    assert jiwer.wer(words(CHINESE), heard(uri, events, "zh")) <= 0.2


@pytest.mark.parametrize("bits", [[], ["…"], ["  ", "\n"]])
def test_a_stream_without_words_ends_without_sound(uri: str, bits: list[str]) -> None:
    chunks = [SynthesizeChunk(bit) for bit in bits]
    events = ask(uri, SynthesizeStart(), *chunks, SynthesizeStop(), until="synthesize-stopped")
    assert kinds(events) == ["audio-start", "audio-stop", "synthesize-stopped"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Synthesize("Hi.", SynthesizeVoice(name="nobody")), "unknown_voice"),
        (Synthesize("Hi.", text_format=SynthesizeTextFormat.SSML), "request_invalid"),
        (Synthesize("a" * 10_001), "request_invalid"),
    ],
)
def test_what_cannot_be_spoken_is_an_error_and_an_end(
    uri: str, wish: Synthesize, code: str
) -> None:
    events = ask(uri, wish, until="audio-stop")
    assert kinds(events) == ["error", "audio-stop"]
    assert problem(events) == code


def test_a_stream_that_is_too_long_is_an_error_and_an_end(uri: str) -> None:
    bits = [SynthesizeChunk("Nobody wants to hear all of this. " * 100) for _ in range(5)]
    events = ask(uri, SynthesizeStart(), *bits, SynthesizeStop(), until="synthesize-stopped")
    assert problem(events) == "request_invalid"
    assert kinds(events)[-3:] == ["error", "audio-stop", "synthesize-stopped"]


def test_a_stream_that_failed_is_over_though_its_client_does_not_end_it(uri: str) -> None:
    async def talk() -> tuple[list[Event], list[Event]]:
        async with connected(uri) as client:
            await send(client, SynthesizeStart(SynthesizeVoice(name="nobody")))
            failed = await read_until(client, "synthesize-stopped")
            await send(client, Synthesize("Hello."))
            return failed, await read_until(client, "audio-stop")

    failed, spoken = asyncio.run(talk())
    assert problem(failed) == "unknown_voice"
    assert kinds(spoken) == ["audio-start", "audio-chunk", "audio-stop"]
