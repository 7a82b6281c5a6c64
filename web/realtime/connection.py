"""One WebSocket of a live session: messages in and out, and its end."""

import logging
import select
import socket
import threading
import time
from typing import Protocol

from wsproto import connection as wsproto
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError

log = logging.getLogger(__name__)

NORMAL, GOING_AWAY, POLICY, TOO_BIG, INTERNAL, TRY_LATER = 1000, 1001, 1008, 1009, 1011, 1013
"""RFC 6455, section 7.4.1, and IANA's registry."""
NOT_READING = "You do not read what is sent to you."

PING_S = 20.0
"""A pong is due before the next ping: a dead connection is noticed within 40 s."""
STALLED_S = 15.0
"""Without room for what is to be sent."""
_GOODBYE_S = 2.0
"""How long the client's answer to our close is awaited."""
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_READ_BYTES = 64 * 1024
_SEND_BUFFER_BYTES = 128 * 1024
"""The kernel doubles it; a few seconds of sound. Its own choice grows to megabytes a client."""


class Listener(Protocol):
    """Called by the connection's loop."""

    def receive(self, message: str | bytes) -> None: ...
    def tick(self) -> None:
        """Called some times a second."""

    def end(self) -> None:
        """The connection is no more."""


class Connection:
    """One thread, a loop's, calls `read`, `tick` and `end`; any may call the rest."""

    def __init__(self, connected: socket.socket, protocol: wsproto.Connection) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self.listener: Listener | None = None
        self.is_over = False
        """There is nothing more to read or to send."""
        self.is_left = False
        """The client said goodbye, rather than vanished or went to another page."""
        self._socket = connected
        self._protocol = protocol
        self._sending = threading.Lock()
        self._writable = select.poll()
        self._writable.register(connected, select.POLLOUT)
        self._unsent = bytearray()
        self._blocked_at: float | None = None
        self._message = bytearray()
        self._is_broken = False
        self._ping_at = time.monotonic() + PING_S
        self._is_pong_due = False
        self._leave_at: float | None = None
        """Once we have said goodbye."""

    def fileno(self) -> int:
        return self._socket.fileno()

    def is_ready(self) -> bool:
        """Return whether there is room to send; a client that makes none is left soon."""
        with self._sending:
            if self.is_over or self._leave_at is not None:
                return False
            self._flush()
            # A socket is writable while a third of its buffer is free, so a frame that is begun
            # fits, and there is room left for a last one that says goodbye.
            is_ready = not self._unsent and bool(self._writable.poll(0))
            if is_ready:
                self._blocked_at = None
            elif self._blocked_at is None:
                self._blocked_at = time.monotonic()
            return is_ready

    def send(self, text: str) -> None:
        """Send without waiting; what there is no room for is kept, so ask `is_ready` first."""
        self._send(TextMessage(data=text))

    def close(self, code: int, reason: str) -> None:
        """Say goodbye; a second time changes nothing. `reason`: at most 123 bytes."""
        with self._sending:
            if self.is_over or self._leave_at is not None:
                return
            # Until the client's answer what it still sends is read, for to close a socket with
            # unread bytes resets the connection, and the client may lose our reason.
            self._leave_at = time.monotonic() + _GOODBYE_S
        log.info("a live connection is closed: %d %s", code, reason)
        self._send(CloseConnection(code=code, reason=reason))

    def _send(self, event: Event) -> None:
        with self._sending:
            try:
                self._unsent += self._protocol.send(event)
            except LocalProtocolError:
                return  # One side has said goodbye meanwhile.
            self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent and not self.is_over:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self.is_over = True

    def read(self) -> None:
        """Take what has come, and no more: the client waits meanwhile, by TCP."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.is_over = True
        elif not self._is_broken:
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case TextMessage() | BytesMessage():
                if self._leave_at is None:
                    self._take_part(event)
            case Ping():
                if not self._unsent:  # Who reads nothing could have us keep any number of them.
                    self._send(event.response())
            case Pong():
                self._is_pong_due = False
            case CloseConnection() if self._protocol.state is wsproto.ConnectionState.OPEN:
                # It is wsproto that says so, of a client that breaks the protocol.
                self._is_broken = True
                self.close(event.code, event.reason or "")
            case CloseConnection():
                self.is_left = event.code == NORMAL
                self._send(event.response())
                self.is_over = True

    def _take_part(self, part: TextMessage | BytesMessage) -> None:
        message = part.data if isinstance(part.data, str) else bytes(part.data)
        if self._message or not part.message_finished:
            self._message += message.encode() if isinstance(message, str) else message
            message = bytes(self._message) if part.message_finished else b""
        if max(len(self._message), len(message)) > _MAX_MESSAGE_BYTES:
            self._message.clear()
            self.close(TOO_BIG, "A message may have 4 MiB.")
        elif part.message_finished and self.listener is not None:
            self._message.clear()
            self.listener.receive(message)

    def tick(self) -> None:
        """Do what is due; called some times a second."""
        now = time.monotonic()
        if self._leave_at is not None:
            with self._sending:
                self._flush()
            self.is_over = self.is_over or now > self._leave_at
        elif self._blocked_at is not None and now > self._blocked_at + STALLED_S:
            self.close(TRY_LATER, NOT_READING)
        elif now > self._ping_at and self.is_ready():
            if self._is_pong_due:
                self.close(POLICY, "You do not answer pings.")
                self.is_over = True
                return
            self._is_pong_due, self._ping_at = True, now + PING_S
            self._send(Ping())
        elif self.listener is not None:
            self.listener.tick()

    def end(self) -> None:
        with self._sending:
            self.is_over = True
            self._socket.close()
        if self.listener is not None:
            self.listener.end()
