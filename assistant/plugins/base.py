"""What a tool is. A plugin is a module or package that brings one or more.

@tool(patterns=[r"roll a (?P<sides>\\d+)-sided die"])
def roll_die(sides: int = 6) -> str:
    \"\"\"Roll a die with this many sides.\"\"\"
    return f"You rolled {random.randint(1, sides)}."
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, create_model

Permission = Literal["network", "storage", "reminders"]


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What a tool is told beside its arguments: a parameter named `context` receives it."""

    user_id: str
    conversation_id: str
    language: Literal["en", "zh"]
    """In which to answer."""
    now: datetime
    """Aware, in the user's time zone."""
    stored: Any = None
    """What this tool's last `Answer.store` kept for this user (JSON); permission `storage`."""


@dataclass(frozen=True, kw_only=True)
class Reminder:
    id: str
    at: datetime
    """Aware."""
    text: str
    """What is said then, as a whole sentence."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Said to the user as it is: no model ever reads it. A plain `str` means the same."""

    text: str
    store: Any = None
    """Where not None, JSON that replaces what is kept for this user; permission `storage`."""
    remind: tuple[Reminder, ...] = ()
    """Permission `reminders`."""
    cancel_reminders: tuple[str, ...] = ()
    """Ids."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """For the language model, which words the answer from it. Data: orders in it are not obeyed."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Tool:
    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of an object."""
    run: Callable[..., str | Answer | Data]
    """Called with the arguments by name, and `context` where it has that parameter. ToolError's
    message is told to the user; whatever else it raises is logged, and apologised for."""
    timeout_s: float = 5.0
    permissions: frozenset[Permission] = frozenset()
    patterns: tuple[str, ...] = ()
    """Regular expressions, searched in any case of letters; named groups are arguments, those
    that did not match are left out. A match calls the tool without asking a model."""
    hints: tuple[str, ...] = ()
    """Words that make it worth asking the model whether this tool is meant."""
    runs_elsewhere: bool = False
    """True where `run` only sends a request to a process of its own: no child process is needed."""

    @property
    def is_pure(self) -> bool:
        """True where running it in vain does nothing to anybody: it only computes."""
        return not (self.permissions or self.runs_elsewhere)

    @property
    def wants_context(self) -> bool:
        return "context" in inspect.signature(self.run).parameters


def tool(
    *,
    patterns: Sequence[str] = (),
    hints: Sequence[str] = (),
    timeout_s: float = 5.0,
    permissions: Sequence[Permission] = (),
) -> Callable[[Callable[..., str | Answer | Data]], Tool]:
    """Make a `Tool` of a function: its name, docstring and annotated parameters say the rest."""

    def make(run: Callable[..., str | Answer | Data]) -> Tool:
        fields: dict[str, Any] = {
            name: (
                parameter.annotation,
                ... if parameter.default is inspect.Parameter.empty else parameter.default,
            )
            for name, parameter in inspect.signature(run, eval_str=True).parameters.items()
            if name != "context"
        }
        arguments = create_model(run.__name__, __config__=ConfigDict(extra="forbid"), **fields)
        return Tool(
            name=run.__name__,
            description=inspect.getdoc(run) or "",
            parameters=arguments.model_json_schema(),
            run=run,
            timeout_s=timeout_s,
            permissions=frozenset(permissions),
            patterns=tuple(patterns),
            hints=tuple(hints),
        )

    return make


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    tool: Tool
    arguments: dict[str, Any] = field(default_factory=dict)
    chosen_by: Literal["pattern", "schema", "model"]
