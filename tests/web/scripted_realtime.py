"""The page, and behind it a live session in which a test says what the server says."""

import base64
import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from flask import Flask, jsonify, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from werkzeug.serving import make_server

from web.app import create_app
from web.realtime import endpoint
from workers.settings import Settings

Event = dict[str, Any]


class ScriptedRealtime:
    """What the page has sent, and what it is sent next."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []
        """Of each connection."""
        self.received: list[Event] = []
        """All events but sound."""
        self.pcm16 = bytearray()
        self.frame_sizes: list[int] = []
        self.refusals = 0
        """So many connections are closed at once."""
        self.problem: dict[str, str] | None = None
        """Answered in place of the handshake."""
        self.is_dead = False
        """Takes what comes, and answers nothing."""
        self.known_tokens: set[str] = set()
        self.replayed: list[Event] = []
        """What a resumed session sends again."""
        self._count = 0
        self._sessions = itertools.count(1)
        self._socket: Server | None = None
        self._sending = threading.RLock()
        """A resumed session is told what it missed before anything that comes after it."""

    def serve(self, socket: Server) -> None:
        self.queries.append(request.args.to_dict())
        if self.refusals > 0:
            self.refusals -= 1
            socket.close(1011)
            return
        self._socket = socket
        token = request.args.get("resume")
        if token in self.known_tokens:
            with self._sending:
                self.send("x.session.resumed", session={}, replayed=len(self.replayed))
                for event in self.replayed:
                    socket.send(json.dumps(event))
        else:
            if token:
                self.send("error", error={"code": "session_expired", "message": "Too late."})
            number = next(self._sessions)
            self._count = 0
            self.send("session.created", session={"conversation_id": f"conversation-{number}"})
            self.send("x.session.resumable", token=f"token-{number}", expires_in_s=60)
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._take(json.loads(socket.receive()))

    def _take(self, event: Event) -> None:
        if event["type"] == "input_audio_buffer.append":
            sound = base64.b64decode(event["audio"])
            self.frame_sizes.append(len(sound))
            self.pcm16 += sound
            return
        self.received.append(event)
        if event["type"] == "session.update" and not self.is_dead:
            self.send("session.updated", session=event["session"])

    def send(self, type: str, **fields: Any) -> str:
        with self._sending:
            self._count += 1
            event_id = f"event_{self._count:06d}"
            assert self._socket is not None
            self._socket.send(json.dumps({"type": type, "event_id": event_id, **fields}))
            return event_id

    def drop(self) -> None:
        """As a network does it: without a word."""
        assert self._socket is not None
        self._socket.sock.shutdown(2)

    def start_reply(self, words: str, sound: np.ndarray | None = None, number: int = 1) -> str:
        """Send a reply that is not done yet; return its item's id. `sound`: int16 at 24 kHz."""
        item_id, ids = f"item_{number}", {"response_id": f"response_{number}"}
        self.send("response.created", response={"id": ids["response_id"], "status": "in_progress"})
        self.send("response.output_item.added", item={"id": item_id, "role": "assistant"}, **ids)
        kind = "text" if sound is None else "audio_transcript"
        self.send(f"response.output_{kind}.delta", item_id=item_id, delta=words, **ids)
        if sound is not None:
            for start in range(0, len(sound), 4800):
                delta = base64.b64encode(sound[start : start + 4800].tobytes()).decode()
                self.send("response.output_audio.delta", item_id=item_id, delta=delta, **ids)
        return item_id

    def finish_reply(self, words: str, number: int = 1, **response: Any) -> None:
        item_id = f"item_{number}"
        self.send("response.output_audio.done", item_id=item_id)
        item = {"id": item_id, "content": [{"type": "output_audio", "transcript": words}]}
        response = {"status": "completed", "output": [item]} | response
        self.send("response.done", response={"id": f"response_{number}", **response})

    def sent(self, type: str) -> list[Event]:
        return [event for event in self.received if event["type"] == type]

    def wait_for(self, type: str, count: int = 1) -> list[Event]:
        wait_until(lambda: len(self.sent(type)) >= count, f"{count} of {type}")
        return self.sent(type)


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, f"the page did not come to this: {what}"
        time.sleep(0.01)


@contextlib.contextmanager
def serve(app: Flask, script: ScriptedRealtime) -> Iterator[str]:
    """Run the application with the script behind its sockets; yield its address."""
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 5}
    Sock(app).route("/v1/realtime")(script.serve)

    @app.before_request
    def refuse() -> tuple[dict[str, str], int] | None:
        is_refused = script.problem and request.path == "/v1/realtime"
        return (script.problem, 503) if is_refused else None

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@contextlib.contextmanager
def serve_page(data_dir: Path, script: ScriptedRealtime) -> Iterator[str]:
    """The page as `web.app` serves it, with the store in `data_dir`; only the script answers."""
    with mock.patch.object(endpoint, "register"):
        app = create_app(Settings(data_dir=data_dir))
    app.view_functions["health.readyz"] = lambda: jsonify(waiting_for=[])
    with serve(app, script) as url:
        yield url
