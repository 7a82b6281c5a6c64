"""A model's opinion of a text, beside the lists."""

from collections.abc import Mapping
from typing import Protocol

import openai


class Classifier(Protocol):
    """Thread-safe."""

    def classify(self, text: str) -> Mapping[str, float]:
        """Return a score from 0 to 1 for each category. May raise anything: no opinion then."""
        ...


class OpenAIModeration:
    """Any server with OpenAI's `POST {base_url}/moderations`; `base_url` up to and with `/v1`.

    Source: https://platform.openai.com/docs/api-reference/moderations/create
    """

    def __init__(self, *, base_url: str, model: str, api_key: str, timeout_s: float) -> None:
        self._model = model
        self._client = openai.OpenAI(
            base_url=base_url,
            # The client refuses an empty key, which servers of one's own often have.
            api_key=api_key or "none",
            timeout=timeout_s,
            max_retries=0,
        )

    def classify(self, text: str) -> dict[str, float]:
        """Raises openai.OpenAIError, or ValueError where the answer is no moderation."""
        raw = self._client.moderations.with_raw_response.create(model=self._model, input=text)
        try:
            # Read as JSON: the client's type knows OpenAI's own categories only.
            scores = raw.http_response.json()["results"][0]["category_scores"]
            return {
                str(category): float(score)
                for category, score in scores.items()
                if score is not None
            }
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError("the answer is no moderation") from error
