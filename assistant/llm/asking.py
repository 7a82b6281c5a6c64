"""A question whose answer is wanted whole."""

from collections.abc import Callable, Sequence
from contextlib import closing

from assistant.llm.base import GenerationOptions, LanguageModel
from assistant.messages import Message


def ask(
    model: LanguageModel,
    messages: Sequence[Message],
    options: GenerationOptions,
    is_cancelled: Callable[[], bool] | None = None,
) -> str:
    """Return the text of the whole reply; raises as `LanguageModel.stream` does."""
    with closing(model.stream(messages, options, is_cancelled)) as pieces:
        return "".join(piece for piece in pieces if isinstance(piece, str))
