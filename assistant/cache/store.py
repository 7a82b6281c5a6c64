"""What the answer cache keeps, and what it asks of the place where it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    id: str
    group: str
    """Answers are compared within a group only: its language and all else that shapes them."""
    question: str
    answer: str
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """What look-ups compare a question with."""

    id: str
    group: str
    question: str
    vector: bytes
    """float16, of length 1."""


@dataclass(frozen=True, kw_only=True)
class QuestionPair:
    id: str
    language: str
    first: str
    second: str


class AnswerStore(Protocol):
    """Where every process keeps its answers together. Thread-safe."""

    def find(self, id: str, counter: Literal["hits", "similar"]) -> tuple[StoredAnswer | None, int]:
        """Return the answer, counted where there is one, and the version of what is kept.

        The version changes whenever an answer comes or goes, and is 0 where none is kept. One
        round trip, as it is in the user's way.
        """
        ...

    def put(self, answer: StoredAnswer, vector: bytes) -> None: ...

    def ids(self) -> list[str]: ...

    def neighbours(self, ids: Sequence[str]) -> list[Neighbour]:
        """Those of the ids that are still kept."""
        ...

    def verdicts(self, pairs: Sequence[QuestionPair]) -> list[bool | None]:
        """Say which pairs ask the same; pairs that nobody judged yet wait for it from now on."""
        ...

    def pending_pairs(self) -> list[QuestionPair]: ...

    def put_verdict(self, pair: QuestionPair, is_same: bool) -> None: ...

    def forget(self, terms: Sequence[str]) -> int: ...

    def claim(self, key: str, turn_id: str, ttl_s: int) -> str | None: ...

    def release(self, key: str, turn_id: str) -> None: ...

    def count(self, counter: Literal["shared", "misses", "bypassed"], saved_s: float) -> None: ...

    def counters(self) -> dict[str, float]: ...
