"""An opinion of a question from its sentence embedding, by the labelled sentences in `examples/`.

What ships are the weights that `python -m assistant.checks.fit` made of them: 12 kB, instead of
20 s of embedding at every start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.cache.embedding import Embedding
from assistant.checks.normalise import normalise

FITTED = Path(__file__).with_name("examples") / "fitted.npz"

_MAX_CHARS = 120
"""Of a longer text its beginning and its end are read: 500 Chinese characters take 160 ms."""


@dataclass(frozen=True)
class Weights:
    """What `python -m assistant.checks.fit` makes."""

    categories: tuple[str, ...]
    matrix: npt.NDArray[np.float32]
    """Shape (n_dimensions + 1, n_categories + 1): the last row is the bias, the last column is
    that of innocent texts."""
    examples: str
    """The hash of the examples that it was fitted to."""


def load(path: Path = FITTED) -> Weights:
    with np.load(path) as fitted:
        return Weights(
            tuple(fitted["categories"].tolist()), fitted["matrix"], str(fitted["examples"])
        )


class LocalClassifier:
    """Softmax regression over sentence embeddings: 10 to 25 ms a question. Thread-safe.

    Believe it from 0.5 on. It knows no profanity, which is no reason to refuse, and calls sexual
    what is sexual/minors.
    """

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._weights = load()

    def classify(self, text: str) -> Mapping[str, float]:
        plain = normalise(text).text
        parts = dict.fromkeys((plain[:_MAX_CHARS], plain[-_MAX_CHARS:]))
        matrix = self._weights.matrix
        logits = self._embedding.embed(list(parts)) @ matrix[:-1] + matrix[-1]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = odds / odds.sum(axis=1, keepdims=True)
        worst = shares[shares[:, -1].argmin()]
        scores = dict(zip(self._weights.categories, worst[:-1].tolist(), strict=True))
        # A text between two bad categories is not half good: the likelier one answers for both.
        scores[max(scores, key=scores.__getitem__)] = 1 - float(worst[-1])
        return scores
