"""A turn that is left early is stopped, whatever else happens to whoever leaves it."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from assistant.events import TurnCancelled
from web.wyoming.errors import ClientGoneError
from web.wyoming.turn_events import follow
from workers.services import Services
from workers.spoken_text import SpokenText
from workers.turn_state import load_state
from workers.turn_store import TurnRequest


def test_a_turn_is_stopped_though_its_client_is_seen_to_go_twice(services: Services) -> None:
    text = SpokenText(services, TurnRequest(conversation_id="", user_id=""))
    may_work, is_leaving = threading.Event(), asyncio.Event()

    async def leave() -> None:
        async with aclosing(follow(services, text.begin)) as events:
            async for _ in events:
                # The only thread is busy: what stops the turn has to wait for it.
                asyncio.get_running_loop().run_in_executor(None, may_work.wait)
                is_leaving.set()
                raise ClientGoneError

    async def see_it_twice() -> None:
        threads = ThreadPoolExecutor(1)
        asyncio.get_running_loop().set_default_executor(threads)
        leaving = asyncio.create_task(leave())
        await is_leaving.wait()
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving], timeout=1)
        may_work.set()
        await asyncio.wait([leaving])
        await asyncio.to_thread(lambda: None)  # After all that waits for the thread.

    asyncio.run(see_it_twice())
    assert isinstance(load_state(services.bus, text.turn_id).end, TurnCancelled)
