"""From a request that gunicorn has read to a WebSocket that it has nothing to do with any more."""

import os
import socket
from collections.abc import Iterable

from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection as Protocol
from wsproto.events import AcceptConnection, Request

# Some of OpenAI's browser clients offer it, and beside it their key as a protocol.
_SUBPROTOCOL = "realtime"


def accept(
    headers: Iterable[tuple[str, str]], gunicorns: socket.socket
) -> tuple[socket.socket, Protocol]:
    """Answer the handshake; return the socket, and what is spoken on it.

    Raises wsproto's RemoteProtocolError where this is no handshake. No extension is agreed on: to
    deflate base64 saves a quarter of it, and takes 300 KB of memory a socket.
    """
    handshake = WSConnection(ConnectionType.SERVER)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    handshake.receive_data(f"GET / HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
    [request] = handshake.events()
    assert isinstance(request, Request)
    subprotocol = _SUBPROTOCOL if _SUBPROTOCOL in request.subprotocols else None
    gunicorns.sendall(handshake.send(AcceptConnection(subprotocol=subprotocol)))
    assert handshake.connection is not None
    return _take_over(gunicorns), handshake.connection


def _take_over(gunicorns: socket.socket) -> socket.socket:
    """Return the connection, and leave gunicorn another in its place, which is dead.

    gunicorn shuts down what it closes, which would reach a mere duplicate too. What it answers
    to the request goes nowhere.
    """
    ours = gunicorns.dup()
    dead, other_end = socket.socketpair()
    with dead, other_end:
        os.dup2(dead.fileno(), gunicorns.fileno(), inheritable=False)
    return ours
