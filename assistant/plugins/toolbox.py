"""All tools together, as the reply pipeline uses them: find the one that is meant, and run it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.generation import FunctionTool
from assistant.llm.base import Ask, ToolRequest
from assistant.plugins import choice
from assistant.plugins.base import Answer, Data, Tool, ToolCall, ToolContext
from assistant.plugins.runner import ToolFailure, ToolRunner


class ToolEffects(Protocol):
    """What tools leave behind. Thread-safe."""

    def stored(self, user_id: str, tool: str) -> Any:
        """Return what the tool's last answer kept for this user; None where it kept nothing."""
        ...

    def apply(self, turn_id: str, context: ToolContext, tool: Tool, answer: Answer) -> None:
        """Keep what the answer says, and set its reminders; a second time in a turn nothing."""
        ...


class Toolbox:
    """Thread-safe. `tools` is asked each time, as MCP servers come and go."""

    def __init__(
        self,
        tools: Callable[[], Sequence[Tool]],
        runner: ToolRunner,
        effects: ToolEffects,
        *,
        is_schema_choice: bool = True,
    ) -> None:
        self._tools = tools
        self._runner = runner
        self._effects = effects
        self._is_schema_choice = is_schema_choice

    def warm_up(self) -> None:
        """Do what the first question would wait for."""
        choice.compile_patterns(self._tools())

    def match(self, question: str) -> ToolCall | None:
        """Return the call that a tool's pattern makes of the question."""
        return choice.match(question, self._tools())

    def choose(self, question: str, ask: Ask, language: Literal["en", "zh"]) -> ToolCall | None:
        """Let the model choose, only where a tool's hint is in the question: it takes a second."""
        hinted = choice.hinted(question, self._tools()) if self._is_schema_choice else []
        return choice.choose(question, hinted, ask, language) if hinted else None

    def schemas(self) -> tuple[FunctionTool, ...]:
        """The tools as a model that calls them by itself is told of them."""
        return tuple(
            FunctionTool(
                name=tool.name, description=tool.description, parameters=dict(tool.parameters)
            )
            for tool in self._tools()
        )

    def requested(self, request: ToolRequest) -> ToolCall | None:
        """Return the call that a model asks for; None where there is no such tool."""
        for tool in self._tools():
            if tool.name == request.name:
                return ToolCall(tool=tool, arguments=request.arguments, chosen_by="model")
        return None

    def run(
        self, call: ToolCall, context: ToolContext, turn_id: str
    ) -> Answer | Data | ToolFailure:
        if "storage" in call.tool.permissions:
            context = replace(context, stored=self._effects.stored(context.user_id, call.tool.name))
        outcome = self._runner.run(call, context)
        if isinstance(outcome, Answer):
            self._effects.apply(turn_id, context, call.tool, outcome)
        return outcome


def local_now(timezone: str | None) -> datetime:
    """Return the time now in this zone; the server's own where None or unknown."""
    try:
        return datetime.now(ZoneInfo(timezone)) if timezone else datetime.now().astimezone()
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.now().astimezone()
