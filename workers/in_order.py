"""The pieces of a reply are spoken beside each other and heard one after the other."""

from typing import Generic, TypeVar

T = TypeVar("T")


class InOrder(Generic[T]):
    """Holds back what comes before its turn; the first index is 0."""

    def __init__(self) -> None:
        self._waiting: dict[int, T] = {}
        self._next = 0

    def put(self, index: int, item: T) -> list[T]:
        """Return what may go now."""
        self._waiting[index] = item
        ready = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next += 1
        return ready
