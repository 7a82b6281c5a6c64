"""Text to speech: of a whole text, and of one that is still being written."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Eventable
from wyoming.tts import (
    Synthesize,
    SynthesizeStart,
    SynthesizeStopped,
    SynthesizeTextFormat,
)

from assistant.events import AudioReady, SpeechFailed, TurnEvent
from speech.languages import language_code
from speech.tts.voices import find_voice
from web.wyoming.errors import RequestError
from web.wyoming.request import Send
from web.wyoming.turn_events import follow
from workers.in_order import InOrder
from workers.services import Services
from workers.spoken_text import SpokenText
from workers.turn_control import stop
from workers.turn_start import speak_text
from workers.turn_store import REPLY_SAMPLE_RATE_HZ, TurnRequest

MAX_TEXT_CHARS = 10_000
"""As for `/api/speech`: longer than any reply."""
_CHUNK_BYTES = REPLY_SAMPLE_RATE_HZ // 5 * 2
"""200 ms."""


class Synthesis:
    """A text that is known."""

    def __init__(self, wish: Synthesize) -> None:
        self._wish = wish

    async def answer(self, services: Services, send: Send) -> None:
        request = _request(self._wish)
        if len(self._wish.text) > MAX_TEXT_CHARS:
            raise _too_long()
        start = partial(speak_text, services, self._wish.text, request)
        await _send_sound(services, follow(services, start), send)

    def closing(self, problem: str) -> Sequence[Eventable]:
        return (AudioStop(),)


class StreamedSynthesis:
    """A text that comes in bits: each sentence is spoken as soon as it is there."""

    def __init__(self, wish: SynthesizeStart) -> None:
        self._wish = wish
        self._chars = 0
        self._bits: asyncio.Queue[str | None] = asyncio.Queue()
        self._problem: Exception | None = None
        self.is_over = False
        """Whether it has been answered, if only with an error, which the client need not end."""

    def add(self, text: str) -> None:
        """What is too long is told by `answer`, and not kept."""
        is_too_long = self._chars > MAX_TEXT_CHARS
        self._chars += len(text)
        if text and not is_too_long:
            self._bits.put_nowait(text)

    def end(self) -> None:
        self._bits.put_nowait(None)

    async def answer(self, services: Services, send: Send) -> None:
        try:
            await self._answer(services, send)
        finally:
            self.is_over = True

    async def _answer(self, services: Services, send: Send) -> None:
        request = _request(self._wish)
        first = await self._next(services)
        if first is None:
            await send(_start())
            await send(AudioStop())
        else:
            events = self._events(services, SpokenText(services, request), first)
            await _send_sound(services, events, send)
        await send(SynthesizeStopped())

    def closing(self, problem: str) -> Sequence[Eventable]:
        return AudioStop(), SynthesizeStopped()

    async def _events(
        self, services: Services, text: SpokenText, first: str
    ) -> AsyncGenerator[TurnEvent, None]:
        """Yield the turn's events; what is still written goes into it meanwhile."""
        feeding: asyncio.Task[None] | None = None
        try:
            async with aclosing(follow(services, text.begin)) as events:
                async for event in events:
                    if feeding is None:
                        feeding = asyncio.create_task(self._feed(services, text, first))
                    yield event
        except RequestError:
            if self._problem:
                raise self._problem from None  # Which is why the turn was stopped.
            raise
        finally:
            if feeding:
                feeding.cancel()

    async def _feed(self, services: Services, text: SpokenText, first: str) -> None:
        bit: str | None = first
        try:
            while bit is not None:
                if self._chars > MAX_TEXT_CHARS:
                    raise _too_long()
                await asyncio.to_thread(text.add, bit)
                bit = await self._next(services)
            await asyncio.to_thread(text.end)
        except Exception as error:
            self._problem = error
            await asyncio.to_thread(stop, services, text.turn_id)

    async def _next(self, services: Services) -> str | None:
        try:
            async with asyncio.timeout(services.settings.turn_timeout_s):
                return await self._bits.get()
        except TimeoutError as error:
            raise RequestError("turn_timeout", "The rest of the text did not come.") from error


async def _send_sound(
    services: Services, events: AsyncGenerator[TurnEvent, None], send: Send
) -> None:
    """Send a turn's sound, from its first piece on as soon as that exists."""
    has_begun = False
    sent_ms = 0
    async with aclosing(events), aclosing(_pieces(services, events)) as pieces:
        async for pcm16 in pieces:
            if not has_begun:
                await send(_start())
                has_begun = True
            for at in range(0, len(pcm16), _CHUNK_BYTES):
                sound = pcm16[at : at + _CHUNK_BYTES]
                chunk = AudioChunk(REPLY_SAMPLE_RATE_HZ, 2, 1, sound, timestamp=sent_ms)
                sent_ms += chunk.milliseconds
                await send(chunk)
    if not has_begun:
        await send(_start())
    await send(AudioStop(timestamp=sent_ms))


async def _pieces(
    services: Services, events: AsyncIterator[TurnEvent]
) -> AsyncGenerator[bytes, None]:
    """Yield the sound of each piece of a turn in the order of its text."""
    spoken = InOrder[AudioReady]()
    async for event in events:
        if isinstance(event, SpeechFailed):
            raise RequestError(event.code, event.message)
        for piece in spoken.put(event.index, event) if isinstance(event, AudioReady) else ():
            pcm16 = await asyncio.to_thread(services.turns.audio, piece.turn_id, piece.index)
            if pcm16 is None:
                raise RequestError("turn_expired", "The sound is no longer kept; ask again.")
            yield pcm16


def _start() -> AudioStart:
    return AudioStart(REPLY_SAMPLE_RATE_HZ, 2, 1, timestamp=0)


def _request(wish: Synthesize | SynthesizeStart) -> TurnRequest:
    """Raises RequestError, UnknownVoiceError."""
    if wish.text_format not in (None, SynthesizeTextFormat.TEXT):
        raise RequestError("request_invalid", "Only plain text is spoken here.")
    voice = wish.voice.name if wish.voice else None
    language = wish.voice.language if wish.voice else None
    if voice:
        find_voice(voice)
    return TurnRequest(
        conversation_id="",
        user_id="",
        voice=voice or None,
        language=language_code(language) if language else None,
    )


def _too_long() -> RequestError:
    return RequestError("request_invalid", f"Send at most {MAX_TEXT_CHARS} characters at a time.")
