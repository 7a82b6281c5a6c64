"""The process: listens, and ends with all its turns stopped."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from wyoming.server import AsyncTcpServer

from web.wyoming.connection import MAX_CONNECTIONS, Connection
from web.wyoming.description import describe
from workers.services import Services
from workers.settings import Settings

_GOODBYE_S = 8.0
"""Less than the supervisor waits."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM. Raises OSError where nobody can listen there."""
    services, info = Services(settings), describe(settings)
    connections: set[asyncio.Task[None]] = set()

    def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Connection:
        return Connection(reader, writer, services, info, connections)

    # A connection waits for its turn in one thread, and adds text to it in another.
    threads = ThreadPoolExecutor(2 * MAX_CONNECTIONS, thread_name_prefix="wyoming")
    asyncio.get_running_loop().set_default_executor(threads)
    await AsyncTcpServer(settings.wyoming_host, settings.wyoming_port).run(connect)
    if connections:
        await asyncio.wait(connections, timeout=_GOODBYE_S)
