"""What every request of a client is to its connection."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from wyoming.event import Eventable

from workers.services import Services

Send = Callable[[Eventable], Awaitable[None]]
"""Raises ClientGoneError."""


class Request(Protocol):
    """One of `transcription`, `synthesis`, `handling`."""

    async def answer(self, services: Services, send: Send) -> None:
        """Begin a turn and send what comes of it; where cancelled, stop the turn.

        Whatever else it raises is told by an `error`, and after that `closing`.
        """
        ...

    def closing(self, problem: str) -> Sequence[Eventable]:
        """Return what ends a failed request for clients that take no `error`.

        Home Assistant 2026.2 would wait for ever.
        """
        ...
