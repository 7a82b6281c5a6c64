"""What the reply pipeline asks of a language model."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from assistant.generation import FunctionTool
from assistant.messages import FunctionCall, Message


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """What is None is left to the model's server."""

    temperature: float = 0.7
    max_tokens: int = 300
    json_schema: Mapping[str, Any] | None = None
    """The whole reply is JSON of this schema; where empty, any JSON object."""
    tools: tuple[FunctionTool, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the one that must be called."""
    parallel_tool_calls: bool | None = None
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these texts."""
    top_p: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


@dataclass(frozen=True, kw_only=True)
class ToolRequest:
    """The model asks for a tool instead of going on; yielded before `Completion`."""

    id: str
    name: str
    text: str
    """The arguments as the model wrote them."""
    arguments: dict[str, Any]
    """The same, read."""

    @property
    def call(self) -> FunctionCall:
        return FunctionCall(id=self.id, name=self.name, arguments=self.text)


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
