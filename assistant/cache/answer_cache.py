"""Answers once given: found again by the same words, or by words that ask the same."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.cache.embedding import Embedding
from assistant.cache.normal_form import normalise
from assistant.cache.question_index import QuestionIndex
from assistant.cache.reading import read
from assistant.cache.same_question import compare
from assistant.cache.store import AnswerStore, QuestionPair, StoredAnswer
from assistant.cache.verdict import ask_same
from assistant.errors import LanguageModelError
from assistant.llm.base import Ask

_OPEN_PAIRS = 2
"""Of one look-up, the nearest, are left to the model: a verdict costs it 2 s and more."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    answer: str
    outcome: Literal["hit", "similar"]
    entry_id: str
    saved_s: float
    """How long the model took to write it."""
    similar_question: str | None = None
    """The one that was answered, where it is not the same to the letter."""


class AnswerCache:
    """Thread-safe.

    `language` is "en" or "zh"; `variant` names all else that shapes an answer (manner, system
    prompt, model): answers are found within one language and variant only.
    Whether a question may be answered from here is for `stand_alone.leans_on` to say.
    """

    def __init__(
        self, store: AnswerStore, embedding: Embedding | None, *, asks_model: bool = True
    ) -> None:
        """Without an embedding only the same words are found.

        `asks_model`: pairs that the rules cannot judge are left to the language model.
        """
        self._store = store
        self._embedding = embedding
        self._asks_model = asks_model
        self._index = QuestionIndex()

    def warm_up(self) -> None:
        """Load what the first look-up would wait for: the embedding and the dictionaries."""
        if self._embedding is not None:
            self._embedding.embed(["warm"])
            for language, question in (("en", "What is it?"), ("zh", "这是什么？")):
                read(question, language)

    def key(self, question: str, language: str, variant: str = "") -> str:
        """Name the answer to these words: what `claim` and `release` take."""
        text = "\0".join((language, variant, normalise(question)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def look_up(self, question: str, language: str, variant: str = "") -> Hit | None:
        """Return an earlier answer to the same question; counts what it found."""
        stored, version = self._store.find(self.key(question, language, variant), "hits")
        if stored is not None:
            return _hit(stored, "hit")
        if self._embedding is not None and version:
            similar = self._similar(question, language, _group(language, variant), version)
            if similar is not None:
                return _hit(similar, "similar")
        self._store.count("misses", 0.0)
        return None

    def remember(
        self, question: str, language: str, answer: str, took_s: float, variant: str = ""
    ) -> None:
        """Keep an answer that a model finished, to a question that stands alone."""
        vector = b""
        if self._embedding is not None:
            vector = self._embedding.embed([normalise(question)])[0].astype("<f2").tobytes()
        self._store.put(
            StoredAnswer(
                id=self.key(question, language, variant),
                group=_group(language, variant),
                question=question,
                answer=answer,
                took_s=took_s,
            ),
            vector,
        )

    def check_pending(self, ask: Ask) -> int:
        """Let the model judge the pairs of questions that the rules could not; return how many.

        For the background. Ends early where a person needs the model, or it is unwell: what is
        left waits for the next time.
        """
        judged = 0
        for pair in self._store.pending_pairs():
            try:
                is_same = ask_same(ask, pair.first, pair.second, pair.language)
            except LanguageModelError:
                break
            self._store.put_verdict(pair, is_same)
            judged += 1
        return judged

    def forget(self, terms: Sequence[str]) -> int:
        """Drop each answer whose question or text holds a term; return how many there were."""
        return self._store.forget([form for term in terms if (form := normalise(term))])

    def claim(self, key: str, turn_id: str, ttl_s: int = 60) -> str | None:
        """Return the turn that is writing this answer; None where it is `turn_id`'s to write.

        A claim that is not released ends by itself after `ttl_s`.
        """
        return self._store.claim(key, turn_id, ttl_s)

    def release(self, key: str, turn_id: str) -> None:
        """Give the claim up, where `turn_id` still holds it."""
        self._store.release(key, turn_id)

    def count(self, counter: Literal["shared", "bypassed"], saved_s: float = 0.0) -> None:
        """Count what only the caller knows of."""
        self._store.count(counter, saved_s)

    def counters(self) -> dict[str, float]:
        """Return `hits`, `similar`, `shared`, `misses`, `bypassed` and `saved_s`."""
        return self._store.counters()

    def _similar(
        self, question: str, language: str, group: str, version: int
    ) -> StoredAnswer | None:
        self._index.follow(self._store, version)
        if self._embedding is None or (rows := self._index.rows(group)) is None:
            return None
        vector = self._embedding.embed([normalise(question)])[0]
        unsure: dict[str, QuestionPair] = {}
        for near in rows.nearest(vector):
            match compare(question, near.question, language):
                case "same":
                    stored, _ = self._store.find(near.id, "similar")
                    if stored is not None:
                        return stored
                case "unsure" if self._asks_model and len(unsure) < _OPEN_PAIRS:
                    unsure[near.id] = _pair(question, near.question, language)
        verdicts = self._store.verdicts(list(unsure.values())) if unsure else []
        for id, is_same in zip(unsure, verdicts, strict=True):
            if is_same and (stored := self._store.find(id, "similar")[0]) is not None:
                return stored
        return None


def _group(language: str, variant: str) -> str:
    return f"{language}:{variant}"


def _pair(first: str, second: str, language: str) -> QuestionPair:
    forms = sorted((normalise(first), normalise(second)))
    id = hashlib.sha256("\0".join((language, *forms)).encode()).hexdigest()[:32]
    return QuestionPair(id=id, language=language, first=first, second=second)


def _hit(stored: StoredAnswer, outcome: Literal["hit", "similar"]) -> Hit:
    return Hit(
        answer=stored.answer,
        outcome=outcome,
        entry_id=stored.id,
        saved_s=stored.took_s,
        similar_question=stored.question if outcome == "similar" else None,
    )
