"""A client of OpenAI's Realtime protocol with the extensions of docs/realtime.md."""

import base64
import contextlib
import ipaddress
import json
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets import exceptions
from websockets.sync.client import ClientConnection, connect

from speech.talk.errors import (
    ConnectionLostError,
    ServerRefusedError,
    ServerUnavailableError,
    SessionEndedError,
)

SAMPLE_RATE_HZ = 24_000
"""Of the sound in both directions: mono, signed 16 bits, little-endian."""
EXTENSIONS = ("captions", "hold", "timings", "resume")
# A network that is gone is noticed well before the server forgets the session (60 s).
_PING_EVERY_S = 10.0
_PING_TIMEOUT_S = 10.0
_NORMAL_CLOSURE, _POLICY_VIOLATION = 1000, 1008


@dataclass(frozen=True)
class ServerEvent:
    type: str
    data: dict[str, Any]
    """The whole event, `type` and `event_id` included."""
    arrived_s: float
    """By `time.monotonic`, when the message was complete."""

    @property
    def audio(self) -> bytes:
        """The PCM16 of a `response.output_audio.delta`."""
        return base64.b64decode(self.data["delta"])


class RealtimeClient:
    """One session, over as many sockets as it takes.

    Any thread may send; one at a time reads `receive` or `events`. After a ConnectionLostError
    `connect` resumes the session where the server knows it still (`resume` among `extensions`);
    else a new session of the same conversation begins, with `session.created`.
    """

    def __init__(
        self,
        server_url: str,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        conversation_id: str | None = None,
        model: str = "default",
        headers: dict[str, str] | None = None,
        open_timeout_s: float = 10.0,
    ) -> None:
        """`server_url`: `http://host:port` as for a browser, or the same with ws, wss or https.

        Raises ServerRefusedError where it is no such address.
        """
        self.conversation_id = conversation_id
        self._address = _socket_address(server_url)
        self._server_url = server_url
        self._extensions = extensions
        self._model = model
        self._headers = headers or {}
        self._open_timeout_s = open_timeout_s
        self._token: str | None = None
        self._last_event_id: str | None = None
        self._socket: ClientConnection | None = None
        self._open = contextlib.ExitStack()

    def connect(self) -> None:
        """Open the socket; what the session says first comes from `receive`.

        Raises ServerUnavailableError, ServerRefusedError.
        """
        self._open.close()
        try:
            self._socket = self._open.enter_context(
                connect(
                    f"{self._address}?{urlencode(self._query())}",
                    additional_headers=self._headers,
                    compression=None,  # Sound in base64 hardly shrinks, and it costs time.
                    # Python reads proxies from the environment, for this machine too.
                    proxy=None if _is_this_machine(self._address) else True,
                    open_timeout=self._open_timeout_s,
                    close_timeout=1.0,
                    ping_interval=_PING_EVERY_S,
                    ping_timeout=_PING_TIMEOUT_S,
                    max_size=2**24,  # A long piece of speech in one message.
                    max_queue=None,  # Reading is never slower than the network.
                )
            )
        except exceptions.InvalidStatus as error:
            raise _refusal(self._server_url, error.response.status_code) from error
        except (exceptions.InvalidHandshake, exceptions.InvalidMessage) as error:
            raise ServerRefusedError(
                f"What answers at {self._server_url} is not the assistant ({error})."
            ) from error
        except ssl.SSLError as error:
            raise ServerRefusedError(
                f"The certificate of {self._server_url} is not accepted ({error})."
            ) from error
        except (OSError, TimeoutError, EOFError) as error:
            raise ServerUnavailableError(
                f"Nobody answers at {self._server_url}. Is the assistant running there? "
                "(`make run` starts it; --server names another address.)"
            ) from error

    def send(self, event_type: str, **fields: Any) -> None:
        """Send one client event. Raises ConnectionLostError."""
        try:
            self._connected().send(json.dumps({"type": event_type, **fields}))
        except (exceptions.ConnectionClosed, OSError) as error:
            raise ConnectionLostError(f"The connection was lost ({error}).") from error

    def append(self, pcm16: bytes) -> None:
        """Send the next sound of the microphone. Raises ConnectionLostError."""
        self.send("input_audio_buffer.append", audio=base64.b64encode(pcm16).decode())

    def receive(self, timeout_s: float | None = None) -> ServerEvent | None:
        """Return the next event; None where none came in time.

        Raises ConnectionLostError, SessionEndedError.
        """
        try:
            message = self._connected().recv(timeout_s)
        except TimeoutError:
            return None
        except exceptions.ConnectionClosed as error:
            received = error.rcvd
            if received is not None and received.code in (_NORMAL_CLOSURE, _POLICY_VIOLATION):
                reason = received.reason or "without a reason"
                raise SessionEndedError(f"The server ended the session: {reason}.") from error
            raise ConnectionLostError(f"The connection was lost ({error}).") from error
        arrived_s = time.monotonic()
        data = json.loads(message)
        event = ServerEvent(data["type"], data, arrived_s)
        self._remember(event)
        return event

    def events(self) -> Iterator[ServerEvent]:
        """Yield what comes until the session ends by `close`.

        Raises ConnectionLostError, SessionEndedError.
        """
        while True:
            try:
                event = self.receive()
            except (SessionEndedError, ConnectionLostError):
                if self._socket is None:
                    return
                raise
            if event is not None:
                yield event

    def close(self) -> None:
        """End the session; `events` ends in whichever thread reads it."""
        self._socket = None
        self._open.close()

    def _connected(self) -> ClientConnection:
        if self._socket is None:
            raise ConnectionLostError("There is no connection to the server.")
        return self._socket

    def _query(self) -> dict[str, str]:
        query = {"model": self._model}
        if self._extensions:
            query["extensions"] = ",".join(self._extensions)
        if self.conversation_id:
            query["conversation_id"] = self.conversation_id
        if self._token is not None:
            query["resume"] = self._token
            if self._last_event_id is not None:
                query["last_event_id"] = self._last_event_id
        return query

    def _remember(self, event: ServerEvent) -> None:
        if event.type == "session.created":
            session = event.data.get("session", {})
            self.conversation_id = session.get("conversation_id", self.conversation_id)
        elif event.type == "x.session.resumable":
            self._token = event.data["token"]
        # What is sent again comes after `x.session.resumed` and has older numbers than that.
        if event.type != "x.session.resumed":
            self._last_event_id = event.data.get("event_id", self._last_event_id)


def _socket_address(server_url: str) -> str:
    parts = urlsplit(server_url if "://" in server_url else f"http://{server_url}")
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.netloc:
        raise ServerRefusedError(
            f"{server_url!r} is not an address. It should look like http://127.0.0.1:8000."
        )
    path = parts.path.rstrip("/").removesuffix("/v1/realtime").removesuffix("/v1")
    return urlunsplit((schemes[parts.scheme], parts.netloc, f"{path}/v1/realtime", "", ""))


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _refusal(server_url: str, status: int) -> ServerRefusedError | ServerUnavailableError:
    if status in (408, 425, 429, 500, 502, 503, 504):
        return ServerUnavailableError(
            f"{server_url} cannot take another session now (HTTP {status}). Try again in a while."
        )
    if status in (401, 403):
        return ServerRefusedError(f"{server_url} does not let this client in (HTTP {status}).")
    return ServerRefusedError(
        f"{server_url} has no live sessions (HTTP {status}). Is it the assistant, and a new one?"
    )
