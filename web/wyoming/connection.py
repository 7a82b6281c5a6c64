"""One client's connection: events in, requests answered one after another."""

import asyncio
import contextlib
import socket
from typing import TypeVar, cast

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event, Eventable
from wyoming.info import Info
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from web.wyoming.errors import ClientGoneError, ProtocolError, RequestError, as_event
from web.wyoming.handling import Handling
from web.wyoming.recording import Recording
from web.wyoming.request import Request
from web.wyoming.synthesis import StreamedSynthesis, Synthesis
from web.wyoming.transcription import Transcription
from web.wyoming.wire import parse, read_line, read_rest
from workers.services import Services

_Begun = TypeVar("_Begun")

MAX_CONNECTIONS = 64

IDLE_S = 300.0
"""After so long without an event, and with nothing to answer, a client is left."""
_REST_S = 30.0
"""What an event's payload may take; of a slow client, what it may take to read one of ours."""
_SEND_BUFFER_BYTES = 128 * 1024
"""The system's own grows to megabytes, and has room again when a third is read: a client that reads
at the speed of sound would seem to have stopped for longer than `_REST_S`."""
_WAITING = 8
"""Requests that wait to be answered, before no more is read."""


class Connection(AsyncEventHandler):
    """Reads on while a request is answered: pings, text that is to be spoken, the client's end."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        services: Services,
        info: Info,
        connections: set[asyncio.Task[None]],
    ) -> None:
        """`connections`: those that are open; it joins them while it runs."""
        super().__init__(reader, writer)
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._services = services
        self._info = info
        self._connections = connections
        self._requests: asyncio.Queue[Request] = asyncio.Queue(_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._is_known = False
        self._is_answering = False
        self._transcribe = Transcribe()
        self._recording: Recording | None = None
        self._speech: StreamedSynthesis | None = None

    async def run(self) -> None:
        self._task = cast("asyncio.Task[None]", asyncio.current_task())
        is_full = len(self._connections) >= MAX_CONNECTIONS
        self._connections.add(self._task)
        try:
            if is_full:
                raise ProtocolError("sessions_full", "Too many clients; try again in a moment.")
            await self._serve()
        except ProtocolError as error:
            with contextlib.suppress(ClientGoneError):
                await self._send(as_event(error))
        except ClientGoneError:
            pass
        finally:
            self.writer.close()
            # Which waits for the client to read what it was sent.
            asyncio.get_running_loop().call_later(_REST_S, self.writer.transport.abort)
            self._connections.discard(self._task)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _serve(self) -> None:
        tasks = [asyncio.create_task(work) for work in (self._read_all(), self._answer_all())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def handle_event(self, event: Event) -> bool:
        """Raises RequestError. What this server does not know is for others, and left alone."""
        match event.type:
            case "describe":
                await self._send(self._info)
            case "ping":
                await self._send(Pong(parse(Ping, event).text))
            case "transcribe":
                self._transcribe = parse(Transcribe, event)
            case "audio-start":
                self._recording = Recording(parse(AudioStart, event), self._services.settings)
            case "audio-chunk":
                self._begun(self._recording, event, "audio-start").add(parse(AudioChunk, event))
            case "audio-stop":
                recording = self._begun(self._recording, event, "audio-start")
                await self._requests.put(Transcription(self._transcribe, recording))
                self._transcribe, self._recording = Transcribe(), None
            case "synthesize-start":
                self._end_speech()
                self._speech = StreamedSynthesis(parse(SynthesizeStart, event))
                await self._requests.put(self._speech)
            case "synthesize-chunk":
                speech = self._begun(self._speech, event, "synthesize-start")
                speech.add(parse(SynthesizeChunk, event).text)
            case "synthesize-stop":
                self._begun(self._speech, event, "synthesize-start")
                self._end_speech()
            case "synthesize" if self._speech is None or self._speech.is_over:
                # Else it is the streamed text once more, for servers that do not stream.
                await self._requests.put(Synthesis(parse(Synthesize, event)))
            case "transcript":
                await self._requests.put(Handling(parse(Transcript, event)))
        return True

    async def _read_all(self) -> None:
        while True:
            try:
                event = await self._read()
                if event is None:
                    return
                await self.handle_event(event)
            except TimeoutError:
                if not self._is_answering:
                    return
            except ProtocolError:
                raise
            except RequestError as error:
                await self._send(as_event(error))

    async def _read(self) -> Event | None:
        async with asyncio.timeout(IDLE_S):
            line = await read_line(self.reader)
        if line is None:
            return None
        limit = self._services.settings.max_upload_bytes
        try:
            async with asyncio.timeout(_REST_S):
                event = await read_rest(line, self.reader, limit)
        except TimeoutError as error:
            raise ProtocolError("request_invalid", "The rest of an event did not come.") from error
        except RequestError as error:
            if self._is_known:
                raise
            # A web page can have a browser send HTTP here, with our events in its body.
            raise ProtocolError(error.code, str(error)) from error
        self._is_known = True
        return event

    async def _answer_all(self) -> None:
        while True:
            request = await self._requests.get()
            self._is_answering = True
            await self._answer(request)
            self._is_answering = False

    async def _answer(self, request: Request) -> None:
        try:
            await request.answer(self._services, self._send)
        except ClientGoneError:
            raise
        except Exception as error:
            problem = as_event(error)
            for event in (problem, *request.closing(problem.text)):
                await self._send(event)

    async def _send(self, event: Eventable) -> None:
        try:
            # Not wait_for, which in Python 3.11 may lose that the request is cancelled.
            async with asyncio.timeout(_REST_S):
                await self.write_event(event.event())
        except (OSError, TimeoutError) as error:
            # To close it would wait for whoever does not read, and keep the socket for ever.
            self.writer.transport.abort()
            raise ClientGoneError from error

    def _end_speech(self) -> None:
        if self._speech is not None:
            self._speech.end()
            self._speech = None

    @staticmethod
    def _begun(begun: _Begun | None, event: Event, beginning: str) -> _Begun:
        if begun is None:
            raise RequestError("request_invalid", f"{event.type} came without {beginning}.")
        return begun
