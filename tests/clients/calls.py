"""Makes the calls of a client, and tells of each in a line of JSON.

This and the clients' programs run with the packages of requirements-clients.txt. They know of the
server what any program would: its address (OPENAI_BASE_URL) and a key (OPENAI_API_KEY).
"""

import asyncio
import json
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

_LIMIT_S = 90


@dataclass(frozen=True)
class Call:
    """`gap` says why the server does not do what is asked for; empty where it does. `refusal` is
    what the error then says."""

    name: str
    make: Callable[..., Awaitable[None]]
    gap: str
    refusal: str


class Calls:
    """The calls of a client, in the order of the table."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def __call__(self, name: str, gap: str = "", refusal: str = "") -> Callable[[Any], Any]:
        """Add a function that makes a call, and fails where it does not work."""

        def add(make: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
            self._calls.append(Call(name, make, gap, refusal))
            return make

        return add

    def run(self, client: str, *arguments: Any) -> None:
        """Make the calls with these arguments; names on the command line choose some of them."""
        chosen = sys.argv[1:]
        # A call that blocks the thread is beyond asyncio's clock.
        signal.signal(signal.SIGALRM, _give_up)
        # Some clients share connections, which belong to the loop that opened them.
        with asyncio.Runner() as runner:
            for call in self._calls:
                if not chosen or any(each in call.name for each in chosen):
                    error = runner.run(_failure(call, arguments))
                    gap = "" if error and call.refusal not in error else call.gap
                    row = {"client": client, "call": call.name, "gap": gap, "error": error}
                    print(json.dumps(row, ensure_ascii=False), flush=True)


async def _failure(call: Call, arguments: tuple[Any, ...]) -> str | None:
    signal.alarm(_LIMIT_S + 10)
    try:
        async with asyncio.timeout(_LIMIT_S):
            await call.make(*arguments)
    except Exception as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return None


def _give_up(*_: object) -> None:
    raise TimeoutError(f"no answer within {_LIMIT_S + 10} s")
