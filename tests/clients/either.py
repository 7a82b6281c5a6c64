"""One way to write a call for both clients of the openai package, OpenAI and AsyncOpenAI."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai

from tests.clients.calls import Calls


def run(calls: Calls) -> None:
    """Make the calls with each client; a call makes its own by calling its argument."""
    for client in (openai.OpenAI, openai.AsyncOpenAI):
        calls.run(f"openai {openai.__version__}, `{client.__name__}`", client)


async def result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def each(stream: Any) -> AsyncIterator[Any]:
    if hasattr(stream, "__aiter__"):
        async for item in stream:
            yield item
    else:
        for item in stream:
            yield item


@asynccontextmanager
async def opened(manager: Any) -> AsyncIterator[Any]:
    if hasattr(manager, "__aenter__"):
        async with manager as value:
            yield value
    else:
        with manager as value:
            yield value
