"""What the reply pipeline asks of a language model."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.messages import Message


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    temperature: float = 0.7
    max_tokens: int = 300


@dataclass(frozen=True, kw_only=True)
class Completion:
    """How a reply ended; the last thing that `stream` yields."""

    finish_reason: Literal["stop", "length"]
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class LanguageModel(Protocol):
    """Thread-safe: one instance serves every conversation of a process."""

    @property
    def name(self) -> str:
        """The model's name as its server knows it."""
        ...

    def stream(
        self, messages: Sequence[Message], options: GenerationOptions
    ) -> Generator[str | Completion, None, None]:
        """Yield the reply's text as it is written, then one `Completion`.

        A last message of role `assistant` is a reply begun earlier: the model goes on from
        there, and what it yields does not repeat it. Closing the generator stops the model.
        Raises LanguageModelError; also in the middle, where the server was lost.
        """
        ...
