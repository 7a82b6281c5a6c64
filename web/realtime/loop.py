"""The threads that read the WebSockets: a few, whatever the number of connections."""

import logging
import selectors
import threading
import time
from collections.abc import Callable
from typing import cast

from web.realtime.connection import Connection

log = logging.getLogger(__name__)

_TICK_S = 0.1


class _Loop:
    """Does for its connections what they ask, one after the other.

    What a client's message brings about is done here too. Mostly that is 50 µs of sound. Redis and
    a new turn's upload take milliseconds, the end-of-turn model 40 ms at a pause, and a minute of
    speech in one message a second or two. So long the other clients of the loop wait to be heard;
    they are told things meanwhile, since any thread sends.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._connections: set[Connection] = set()
        # epoll and kqueue take a new socket while another thread waits.
        self._selector = selectors.DefaultSelector()
        threading.Thread(target=self._run, name="live-sockets", daemon=True).start()

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Connection) -> None:
        with self._changing:
            self._connections.add(connection)
            self._selector.register(connection, selectors.EVENT_READ)

    def _run(self) -> None:
        tick_at = time.monotonic()
        while True:
            self._read(max(0.0, tick_at - time.monotonic()))
            if time.monotonic() >= tick_at:
                tick_at = time.monotonic() + _TICK_S
                self._tick()

    def _read(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            connection = cast(Connection, key.fileobj)
            self._serve(connection, connection.read)

    def _tick(self) -> None:
        with self._changing:
            connections = list(self._connections)
        for connection in connections:
            self._serve(connection, connection.tick)

    def _serve(self, connection: Connection, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception:
            log.exception("a live connection cannot be served")
            connection.is_over = True
        if connection.is_over:
            with self._changing:
                self._connections.remove(connection)
                self._selector.unregister(connection)
            try:
                connection.end()
            except Exception:
                log.exception("a live session did not end well")


class Loops:
    """Thread-safe."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._loops: list[_Loop] = []
        self._choosing = threading.Lock()

    def add(self, connection: Connection) -> None:
        """Serve it to its end, beside as few others as may be."""
        with self._choosing:
            if len(self._loops) < self._count:
                self._loops.append(_Loop())
            min(self._loops, key=len).add(connection)
