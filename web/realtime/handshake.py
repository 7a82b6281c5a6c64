"""From a request that gunicorn has read to a WebSocket that it has nothing to do with any more."""

import os
import socket
from collections.abc import Iterable

from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection as Protocol
from wsproto.events import AcceptConnection, Request
from wsproto.utilities import RemoteProtocolError

BETA_SUBPROTOCOL = "openai-beta.realtime-v1"
# OpenAI's browser clients offer one of them or both, and beside it their key as a protocol. A
# browser that offers some leaves where none is chosen.
_SUBPROTOCOLS = ("realtime", BETA_SUBPROTOCOL)


def accept(
    headers: Iterable[tuple[str, str]], gunicorns: socket.socket
) -> tuple[socket.socket, Protocol]:
    """Answer the handshake; return the socket, and what is spoken on it.

    Raises wsproto's RemoteProtocolError where this is no handshake. No extension is agreed on: to
    deflate base64 saves a quarter of it, and takes 300 KB of memory a socket.
    """
    handshake = WSConnection(ConnectionType.SERVER)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    try:
        handshake.receive_data(f"GET / HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("a header is not ASCII") from error
    [request] = handshake.events()
    assert isinstance(request, Request)
    chosen = (name for name in _SUBPROTOCOLS if name in request.subprotocols)
    gunicorns.sendall(handshake.send(AcceptConnection(subprotocol=next(chosen, None))))
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
