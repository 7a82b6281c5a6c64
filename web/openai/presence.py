"""Whether a client still waits for its answer."""

import socket
from typing import Any


def has_left(environ: dict[str, Any]) -> bool:
    """Return whether the client has closed the connection of the request that is being answered.

    Only gunicorn's requests can tell.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
