"""A network that is slow on purpose: a relay in front of a server, for every kind of connection.

Chromium's own throttling knows nothing of service workers, and leaves the first byte's time as it
is. Not here either: TCP's slow start, and lost packets.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_PIECE_BYTES = 4096
"""Connections take turns with pieces of this size."""


@dataclass(frozen=True)
class Network:
    round_trip_ms: int
    down_mbit_s: float
    up_mbit_s: float


class Relay:
    """`url` leads to the server. Counted: requests of HTTP/1.1, and all bytes that came back."""

    def __init__(self, server_url: str, network: Network) -> None:
        self.url = ""
        self.requests = 0
        self.down_bytes = 0
        self._server = urlsplit(server_url)
        self._round_trip_s = network.round_trip_ms / 1000
        self._up = _Lane(network.up_mbit_s)
        self._down = _Lane(network.down_mbit_s)

    async def serve(self, is_open: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with await asyncio.start_server(self._relay, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            is_open.set()
            await self._stop.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._round_trip_s)  # Opening a connection.
        server, to_server = await asyncio.open_connection(self._server.hostname, self._server.port)
        try:
            await asyncio.gather(
                self._pass_on(client, to_server, self._up),
                self._pass_on(server, to_client, self._down),
            )
            await asyncio.sleep(self._round_trip_s)  # What is under way still arrives.
        except asyncio.CancelledError:
            pass  # At the end; Python 3.11's streams would log it as an error.
        finally:
            to_server.close()
            to_client.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: "_Lane"
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(_PIECE_BYTES):
                if lane is self._down:
                    self.down_bytes += len(piece)
                elif piece.startswith((b"GET ", b"POST ", b"PUT ", b"DELETE ")):
                    self.requests += 1
                lane.free_at_s = max(loop.time(), lane.free_at_s) + len(piece) / lane.bytes_per_s
                await asyncio.sleep(lane.free_at_s - loop.time())
                loop.call_later(self._round_trip_s / 2, writer.write, piece)
        loop.call_later(self._round_trip_s / 2, writer.close)


class _Lane:
    """One direction, which all connections share."""

    def __init__(self, mbit_s: float) -> None:
        self.bytes_per_s = mbit_s * 1e6 / 8
        self.free_at_s = 0.0


@contextlib.contextmanager
def slow_network(server_url: str, network: Network) -> Iterator[Relay]:
    relay = Relay(server_url, network)
    is_open = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(relay.serve(is_open)), daemon=True)
    thread.start()
    is_open.wait()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join()
