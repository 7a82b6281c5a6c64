"""A turn's events for asyncio: every wait for Redis is a thread's."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator

from assistant.events import TurnCancelled, TurnEnd, TurnEvent, TurnFailed
from web.wyoming.errors import RequestError, failed
from workers.event_bus import StoredEvent
from workers.services import Services
from workers.turn_control import stop

_LOOK_S = 5.0
"""The longest that a thread waits for the next event: what the process's end may have to wait."""


async def follow(services: Services, start: Callable[[], str]) -> AsyncGenerator[TurnEvent, None]:
    """Begin a turn (`start` returns its id) and yield its events up to `TurnFinished`.

    Close it when done (`contextlib.aclosing`): a turn that is left early is stopped. Raises
    RequestError where it fails, is stopped by others, or nothing happens for `turn_timeout_s`.
    """
    starting = asyncio.ensure_future(asyncio.to_thread(start))
    has_ended = False
    try:
        turn_id = await asyncio.shield(starting)
        stored_events = services.bus.follow(turn_id, ping_s=_LOOK_S)
        happened_at = time.monotonic()
        while True:
            stored = await asyncio.to_thread(_next, stored_events)
            if stored is None:
                if time.monotonic() - happened_at > services.settings.turn_timeout_s:
                    raise RequestError("turn_timeout", "Nothing came in time; ask again.")
                continue
            happened_at = time.monotonic()
            has_ended = isinstance(stored.event, TurnEnd)
            if isinstance(stored.event, TurnFailed | TurnCancelled):
                raise failed(stored.event)
            yield stored.event
            if has_ended:
                return
    finally:
        if not has_ended:
            # A task of its own, which goes on where this one is cancelled while it waits: that a
            # client goes is often noticed twice, by what is written to it and by what is read.
            await asyncio.wait([asyncio.create_task(_stop(services, starting))])


def _next(events: Iterator[StoredEvent | None]) -> StoredEvent | None:
    for stored in events:
        return stored
    raise RequestError("turn_expired", "This turn is no longer kept; ask again.")


async def _stop(services: Services, starting: asyncio.Future[str]) -> None:
    try:
        turn_id = await starting
    except Exception:
        return  # It has not begun, as whoever started it is told.
    await asyncio.to_thread(stop, services, turn_id)
