"""The questions that have an answer, as vectors in memory: which are near to a new one?"""

import threading
from dataclasses import dataclass

import numpy as np

from assistant.cache.embedding import Vectors
from assistant.cache.store import AnswerStore, Neighbour

MIN_SIMILARITY = 0.85
"""Cosine. Paraphrases score 0.87 and more; what is below is not worth a second look."""
_CANDIDATES = 5


@dataclass(frozen=True, eq=False)
class Rows:
    neighbours: list[Neighbour]
    vectors: Vectors
    """Shape (n_neighbours, n_dimensions)."""

    def nearest(self, vector: Vectors) -> list[Neighbour]:
        similarity = self.vectors @ vector
        best = np.argsort(-similarity)[:_CANDIDATES]
        return [self.neighbours[i] for i in best if similarity[i] >= MIN_SIMILARITY]


class QuestionIndex:
    """The questions of each group with their vectors, in memory: as the store has them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._known: dict[str, Neighbour] = {}
        self._rows: dict[str, Rows] = {}

    def follow(self, store: AnswerStore, version: int) -> None:
        """Fetch what is new since the last time, and only that."""
        with self._lock:
            if version == self._version:
                return
            kept = store.ids()
            known = {id: self._known[id] for id in kept if id in self._known}
            new = store.neighbours([id for id in kept if id not in known])
            self._known = known | {neighbour.id: neighbour for neighbour in new}
            groups: dict[str, list[Neighbour]] = {}
            for neighbour in self._known.values():
                groups.setdefault(neighbour.group, []).append(neighbour)
            self._rows = {group: _stack(members) for group, members in groups.items()}
            self._version = version

    def rows(self, group: str) -> Rows | None:
        return self._rows.get(group)


def _stack(members: list[Neighbour]) -> Rows:
    vectors = np.stack([np.frombuffer(member.vector, "<f2") for member in members])
    return Rows(members, vectors.astype(np.float32))
