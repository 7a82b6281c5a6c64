"""Makes the local classifier's weights from `examples/*.tsv`: `python -m assistant.checks.fit`.

Softmax regression by accelerated gradient descent. What was chosen, was chosen by ten-fold
cross-validation over the examples and by the `dev` half of `bench/data/checks.tsv`.
"""

import csv
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.cache.embedding import Embedding, MultilingualE5
from assistant.checks.local_classifier import FITTED, Weights
from assistant.checks.normalise import normalise

EXAMPLES = FITTED.parent

_RIDGE = 0.002
_STEPS = 400
_CAUTION = 1.5
"""Added to the logit of innocent texts: an innocent question refused is worse than a bad one
that reaches the model."""
_CARE = 0.7
"""Added to that of self-harm: kind words that nobody needed do little harm."""


def read(folder: Path = EXAMPLES) -> list[tuple[str, str]]:
    """Return category (or `none`) and text."""
    rows: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += [
                (category, text)
                for category, text in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            ]
    return rows


def fingerprint(rows: Sequence[tuple[str, str]]) -> str:
    return hashlib.sha256("\n".join("\t".join(row) for row in rows).encode()).hexdigest()


def fit(rows: Sequence[tuple[str, str]], embedding: Embedding) -> Weights:
    categories = sorted({category for category, _ in rows} - {"none"})
    # Twice: what was typed has punctuation, what was spoken often has none. Without the latter
    # three times as many innocent ones were refused when spoken.
    plain = [normalise(text).text for _, text in rows]
    texts = plain + [re.sub(r"[^\w\s']+", " ", text).strip() for text in plain]
    vectors = np.concatenate([embedding.embed([text]) for text in texts]).astype(np.float64)
    labels = np.array([category for category, _ in rows])
    is_of = np.tile(labels[:, None] == [*categories, "none"], (2, 1)).astype(np.float64)
    # All vectors point the same way, nearly: without centring, descent takes thousands of steps.
    centre, scale = vectors.mean(axis=0), vectors.std()
    inputs = np.hstack([(vectors - centre) / scale, np.ones((len(texts), 1))])
    matrix = _descend(inputs, is_of)
    matrix[-1, -1] += _CAUTION
    matrix[-1, categories.index("self-harm")] += _CARE
    matrix[:-1] /= scale
    matrix[-1] -= centre @ matrix[:-1]
    return Weights(tuple(categories), matrix.astype(np.float32), fingerprint(rows))


def _descend(
    inputs: npt.NDArray[np.float64], is_of: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    step = 1 / (np.linalg.norm(inputs, 2) ** 2 / (2 * len(inputs)) + _RIDGE)
    matrix = np.zeros((inputs.shape[1], is_of.shape[1]))
    ahead = matrix
    for count in range(_STEPS):
        odds = np.exp(inputs @ ahead)
        errors = odds / odds.sum(axis=1, keepdims=True) - is_of
        moved = ahead - step * (inputs.T @ errors / len(inputs) + _RIDGE * ahead)
        ahead = moved + count / (count + 3) * (moved - matrix)
        matrix = moved
    return matrix


def main() -> None:
    weights = fit(read(), MultilingualE5())
    np.savez(
        FITTED,
        categories=np.array(weights.categories),
        matrix=weights.matrix,
        examples=np.array(weights.examples),
    )


if __name__ == "__main__":
    main()
