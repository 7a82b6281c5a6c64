"""One WebSocket on a loop: what is read from it, and the ways in which it ends."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from web.realtime import connection as connection_module
from web.realtime.connection import Connection
from web.realtime.loop import Loops

_LOOPS = Loops(1)


class Listener:
    def __init__(self) -> None:
        self.received: list[str | bytes] = []
        self.fails = False
        self.has_ended = False

    def receive(self, message: str | bytes) -> None:
        if self.fails:
            raise RuntimeError("on purpose")
        self.received.append(message)

    def tick(self) -> None:
        pass

    def end(self) -> None:
        self.has_ended = True


class Peer:
    """The client's end of a connection, and what listens at ours."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.socket = socket.create_connection(server.getsockname())
            ours, _ = server.accept()
        self.socket.settimeout(5)
        self.protocol = Protocol(ConnectionType.CLIENT)
        self.listener = Listener()
        self.connection = Connection(ours, Protocol(ConnectionType.SERVER))
        self.connection.listener = self.listener
        _LOOPS.add(self.connection)

    def send(self, event: Event) -> None:
        self.socket.sendall(self.protocol.send(event))

    def events(self) -> Iterator[Event]:
        """Yield what comes, up to the end of the connection."""
        while data := self.socket.recv(65536):
            self.protocol.receive_data(data)
            yield from self.protocol.events()

    def goodbye(self) -> CloseConnection:
        return next(event for event in self.events() if isinstance(event, CloseConnection))


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.socket.close()
    wait_until(lambda: peer.listener.has_ended)


def wait_until(is_so: Callable[[], bool], within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_message_in_several_parts_comes_as_one(peer: Peer) -> None:
    peer.send(TextMessage(data="你", message_finished=False))
    peer.send(TextMessage(data="", message_finished=False))
    peer.send(Ping())
    peer.send(TextMessage(data="好", message_finished=True))
    peer.send(BytesMessage(data=b"bytes"))
    peer.send(TextMessage(data="text"))
    wait_until(lambda: len(peer.listener.received) == 3)
    assert peer.listener.received == ["你好".encode(), b"bytes", "text"]


def test_a_message_that_comes_slowly_is_bounded_too(peer: Peer) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(5):
            peer.send(TextMessage(data="x" * 1024 * 1024, message_finished=False))
    assert peer.goodbye().code == 1009
    assert peer.listener.received == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x83\x80" + bytes(4), 1002),  # An opcode that is none.
        (b"\x81\x01x", 1002),  # Not masked.
        (b"\xc1\x81" + bytes(4) + b"x", 1002),  # A reserved bit.
        (b"\x81\x82" + bytes(4) + b"\xc3\x28", 1007),  # No UTF-8.
    ],
)
def test_who_breaks_the_protocol_is_told_how(peer: Peer, frame: bytes, code: int) -> None:
    peer.socket.sendall(frame)
    assert peer.goodbye().code == code


def test_the_clients_goodbye_is_answered(peer: Peer) -> None:
    peer.send(CloseConnection(code=1000))
    assert peer.goodbye().code == 1000
    assert list(peer.events()) == []
    assert peer.connection.is_left


def test_our_goodbye_reaches_a_client_that_goes_on_sending(peer: Peer) -> None:
    peer.connection.close(1008, "Because.")
    for _ in range(100):
        peer.send(TextMessage(data="x" * 10_000))
    goodbye = peer.goodbye()
    assert (goodbye.code, goodbye.reason) == (1008, "Because.")
    assert peer.listener.received == []
    began = time.monotonic()
    peer.send(goodbye.response())
    wait_until(lambda: peer.listener.has_ended)
    assert time.monotonic() - began < 0.5
    assert not peer.connection.is_left


def test_a_client_that_does_not_answer_our_goodbye_is_waited_for_two_seconds(peer: Peer) -> None:
    peer.connection.close(1008, "Because.")
    began = time.monotonic()
    wait_until(lambda: peer.listener.has_ended)
    assert 1.9 < time.monotonic() - began < 3.0


def test_only_a_client_that_answers_pings_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "PING_S", 1.0)
    lively, dead = Peer(), Peer()
    end = time.monotonic() + 5.0
    for event in lively.events():
        assert isinstance(event, Ping)
        lively.send(event.response())
        if time.monotonic() > end:
            break
    assert not lively.listener.has_ended
    assert dead.listener.has_ended
    assert dead.goodbye().code == 1008
    lively.socket.close()
    dead.socket.close()
    wait_until(lambda: lively.listener.has_ended)


def test_what_there_is_no_room_for_is_sent_later_and_whole(peer: Peer) -> None:
    long = os.urandom(2_000_000).hex()
    peer.connection.send(long)
    assert not peer.connection.is_ready()
    peer.connection.send("next")
    received: list[str] = []
    for event in peer.events():
        assert isinstance(event, TextMessage)
        received.append(event.data)
        peer.connection.is_ready()
        if event.data.endswith("next"):
            break
    assert "".join(received) == long + "next"


def test_one_that_fails_does_not_end_the_others(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    other = Peer()
    other.listener.fails = True
    other.send(TextMessage(data="x"))
    wait_until(lambda: other.listener.has_ended)
    assert "cannot be served" in caplog.text
    peer.send(TextMessage(data="x"))
    wait_until(lambda: peer.listener.received == ["x"])
    other.socket.close()
