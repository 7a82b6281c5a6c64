"""The other end of the socket, which says what a test tells it to and keeps what it hears."""

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from speech.audio import Audio, Samples, decode_pcm16, encode_pcm16
from speech.talk.realtime_client import SAMPLE_RATE_HZ
from tests.speech.talk.wire import Message, decode, encode

TOKEN = "token-of-the-session"


class ScriptedServer:
    """`/v1/realtime` on a port of its own; one client at a time."""

    def __init__(self, server: Server) -> None:
        self.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        self.queries: list[dict[str, str]] = []
        self.received: list[Message] = []
        self.knows_token = True
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._connection: ServerConnection | None = None

    def serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        with self._changed:
            self._connection = connection
            self.queries.append({name: values[0] for name, values in query.items()})
            self._open(self.queries[-1])
            self._changed.notify_all()
        with contextlib.suppress(ConnectionClosed):
            for text in connection:
                with self._changed:
                    self.received.append(decode(text, time.monotonic()))
                    self._changed.notify_all()
        with self._changed:
            if self._connection is connection:
                self._connection = None

    def send(self, event_type: str, **fields: Any) -> None:
        with self._changed:
            self._send({"type": event_type, **fields})

    def speak(self, item_id: str, sound: Audio, *, text: str = "") -> None:
        """Send a whole reply, faster than it sounds, as the real server does."""
        response = {"id": f"response-{item_id}", "status": "completed"}
        place = {"response_id": response["id"], "item_id": item_id}
        self.send("response.created", response=response)
        self.send("response.output_audio_transcript.delta", **place, delta=text)
        pcm16 = encode_pcm16(sound)
        for start in range(0, len(pcm16), SAMPLE_RATE_HZ):
            piece = base64.b64encode(pcm16[start : start + SAMPLE_RATE_HZ]).decode()
            self.send("response.output_audio.delta", **place, delta=piece)
        self.send("response.done", response=response)

    def drop(self) -> None:
        """Cut the network, with no goodbye."""
        with self._changed:
            assert self._connection is not None
            self._connection.socket.shutdown(socket.SHUT_RDWR)
            self._connection = None

    def wait_for(self, event_type: str, count: int = 1, timeout_s: float = 15.0) -> Message:
        """Return the `count`th message of that type."""

        def found() -> Message | None:
            fitting = [message for message in self.received if message.type == event_type]
            return fitting[count - 1] if len(fitting) >= count else None

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, timeout_s)
            message = found()
        if message is None:
            kinds = sorted({message.type for message in self.received})
            pytest.fail(f"no {event_type} number {count} came, only {kinds}")
        return message

    def all_of(self, event_type: str) -> list[Message]:
        with self._changed:
            return [message for message in self.received if message.type == event_type]

    def wait_for_sound(self, duration_s: float, timeout_s: float = 15.0) -> None:
        """Wait until the microphone has sent so much more, silent or not."""
        n_samples = len(self.sound) + round(duration_s * SAMPLE_RATE_HZ)
        ends_s = time.monotonic() + timeout_s
        while len(self.sound) < n_samples:
            if time.monotonic() > ends_s:
                pytest.fail("the microphone sends nothing")
            time.sleep(0.05)

    @property
    def sound(self) -> Samples:
        """All that the microphone has sent."""
        pieces = [message.audio for message in self.all_of("input_audio_buffer.append")]
        if not pieces:
            return np.zeros(0, np.float32)
        return decode_pcm16(b"".join(pieces), SAMPLE_RATE_HZ).samples

    def _open(self, query: dict[str, str]) -> None:
        if "resume" in query and self.knows_token:
            assert query["resume"] == TOKEN
            missed = [event for event in self._events if event["event_id"] > query["last_event_id"]]
            self._send({"type": "x.session.resumed", "session": {}, "replayed": len(missed)})
            for event in missed:
                self._put(event)
            return
        if "resume" in query:
            self._events.clear()
            self._send({"type": "error", "error": {"code": "session_expired", "message": "Gone."}})
        session = {"id": "session", "conversation_id": "conversation-1"}
        self._send({"type": "session.created", "session": session})
        self._send({"type": "x.session.resumable", "token": TOKEN, "expires_in_s": 60})

    def _send(self, event: dict[str, Any]) -> None:
        numbered = event | {"event_id": f"event_{len(self._events) + 1:06}"}
        self._events.append(numbered)
        self._put(numbered)

    def _put(self, event: dict[str, Any]) -> None:
        if self._connection is not None:
            with contextlib.suppress(ConnectionClosed):
                self._connection.send(encode(event))


@contextlib.contextmanager
def run_scripted_server() -> Iterator[ScriptedServer]:
    script: list[ScriptedServer] = []
    with serve(lambda connection: script[0].serve(connection), "127.0.0.1", 0) as server:
        script.append(ScriptedServer(server))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield script[0]
        finally:
            server.shutdown()
            thread.join()
