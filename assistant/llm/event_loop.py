"""The event loop of a process, and what runs on it as ordinary generators.

A thread that waits for a socket cannot be told to stop; a task of asyncio can, at any moment.
"""

import asyncio
import functools
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import TypeVar

from assistant.llm.cancellation import POLL_S, stop_if

T = TypeVar("T")
_starting = threading.Lock()


def iterate(
    source: AsyncGenerator[T, None], is_cancelled: Callable[[], bool] | None = None
) -> Generator[T, None, None]:
    """Yield what `source` yields while it runs on the event loop.

    Closing the generator cancels `source` wherever it waits, and so does an `is_cancelled` that
    says so, which is asked in the caller's thread. Raises GenerationCancelledError then, and
    else what `source` raises.
    """
    arrived: queue.SimpleQueue[tuple[T] | Exception | None] = queue.SimpleQueue()

    async def pump() -> None:
        try:
            async with aclosing(source):
                async for item in source:
                    arrived.put((item,))
            arrived.put(None)
        except Exception as error:
            arrived.put(error)

    running = asyncio.run_coroutine_threadsafe(pump(), _event_loop())
    ask_at_s = 0.0
    try:
        while True:
            if time.monotonic() >= ask_at_s:
                stop_if(is_cancelled)
                ask_at_s = time.monotonic() + POLL_S
            try:
                item = arrived.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item[0]
    finally:
        running.cancel()


def _event_loop() -> asyncio.AbstractEventLoop:
    with _starting:  # Two loops would share connections, which neither survives.
        return _start()


@functools.cache
def _start() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="language-models", daemon=True).start()
    return loop
