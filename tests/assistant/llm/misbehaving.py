"""A real HTTP server that misbehaves on cue, in the place of a language model's."""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from assistant.llm.openai_chat import OpenAIChat

DROP = object()
"""The connection is reset, as where a server is killed."""

HANG = 30.0
"""Longer than any test waits; it ends when the client leaves."""

Step = str | bytes | float | object
"""What to send as it is, seconds to wait, or `DROP`."""


def chunk(content: Any = None, finish_reason: str | None = None, **delta: Any) -> str:
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish_reason}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps(body | {'choices': [choice]})}\n\n"


USAGE = 'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}\n\n'
DONE = "data: [DONE]\n\n"
KEEP_ALIVE = ": keep-alive\n\n"


@dataclass(frozen=True)
class Answer:
    """`before_headers_s`: a server that reads the prompt first, as llama.cpp does."""

    steps: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    before_headers_s: float = 0.0


GOOD = Answer([chunk(role="assistant"), chunk("Hel"), chunk("lo"), chunk(None, "stop"), DONE])


def failing(status: int, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(['{"error": {"message": "no"}}'], status, names)


class MisbehavingServer(ThreadingHTTPServer):
    """Gives its answers in turn, a request each, and the last one to all that follow."""

    daemon_threads = True
    request_queue_size = 128  # With the default of 5, the system refuses users who come at once.

    def __init__(self, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.requests: list[tuple[str, str, Any]] = []
        """Path, authorization and body of each."""
        self.arrived_s: list[float] = []
        self.client_left = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def model(
        self, name: str = "m", first_token_timeout_s: float = 5.0, token_timeout_s: float = 5.0
    ) -> OpenAIChat:
        return OpenAIChat(
            base_url=f"http://127.0.0.1:{self.server_port}/v1",
            model=name,
            api_key="secret",
            first_token_timeout_s=first_token_timeout_s,
            token_timeout_s=token_timeout_s,
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MisbehavingServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = len(self.server.requests)
        self.server.arrived_s.append(time.monotonic())
        self.server.requests.append((self.path, self.headers["Authorization"], body))
        answer = self.server.answers[min(number, len(self.server.answers) - 1)]
        try:
            self._wait(answer.before_headers_s)
            self._answer(answer)
        except OSError:
            self.server.client_left.set()
            self.close_connection = True

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        is_stream = answer.status == 200
        self.send_header("Content-Type", "text/event-stream" if is_stream else "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for step in answer.steps:
            if step is DROP:
                self._reset()
                return
            if isinstance(step, float):
                self._wait(step)
            else:
                assert isinstance(step, str | bytes)
                self._send(step.encode() if isinstance(step, str) else step)
        self._send(b"")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _wait(self, seconds: float) -> None:
        """Raises ConnectionResetError as soon as the client has left."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionResetError

    def _reset(self) -> None:
        # With no time to linger, `close` sends RST.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def silent_port() -> Iterator[int]:
    """A port where connections are accepted, by the system, and nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def refusing_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
