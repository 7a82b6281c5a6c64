"""What the reply pipeline asks of a language model."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from assistant.messages import Message


@dataclass(frozen=True, kw_only=True)
class ToolSchema:
    """A tool as a model that can call tools is told of it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of an object."""


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    temperature: float = 0.7
    max_tokens: int = 300
    json_schema: Mapping[str, Any] | None = None
    """The whole reply is JSON of this schema."""
    tools: tuple[ToolSchema, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ToolRequest:
    """The model asks for a tool instead of going on; yielded before `Completion`."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FailedAttempt:
    """A model failed before its first word, and another attempt follows."""

    model: str
    code: str
    retry_in_s: float | None
    """None where the next attempt asks the next model."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """How a reply ended; the last thing that `stream` yields."""

    finish_reason: Literal["stop", "length"]
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str | None = None
    """Which one answered, where there are several."""


Generated = str | ToolRequest | FailedAttempt | Completion


class LanguageModel(Protocol):
    """Thread-safe: one instance serves every conversation of a process."""

    @property
    def name(self) -> str:
        """The model's name as its server knows it."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Generated, None, None]:
        """Yield the reply's text as it is written, then one `Completion`.

        A last message of role `assistant` is a reply begun earlier: the model goes on from
        there, and what it yields does not repeat it. Closing the generator stops the model.
        `is_cancelled` is asked several times a second while the model is waited for; once it
        says so, the model is stopped. Raises GenerationCancelledError then, and else
        LanguageModelError; also in the middle, where the server was lost.
        """
        ...


class Ask(Protocol):
    """One short question to a model, in the background: the whole answer, or an error."""

    def __call__(self, messages: Sequence[Message], options: GenerationOptions) -> str:
        """Raises LanguageModelError; GenerationCancelledError where a person needs the model."""
        ...
