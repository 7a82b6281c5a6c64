"""What a client may set of the tools of its session, or of one response."""

import json
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from assistant.generation import FunctionTool
from assistant.json_schema import JsonSchema
from web.realtime.mcp_config import McpChoice, McpConfig
from web.realtime.protocol_errors import ProtocolError

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_MODES = ("auto", "none", "required")
MAX_TOOLS = 128
_MAX_SCHEMA_CHARS = 32_000


class FunctionConfig(BaseModel):
    """A function that the client runs."""

    model_config = ConfigDict(frozen=True)

    type: Literal["function"] = "function"
    name: _Name
    description: Annotated[str, Field(max_length=_MAX_SCHEMA_CHARS)] = ""
    parameters: JsonSchema = Field(default_factory=dict)
    """JSON schema of an object; empty where the function takes nothing."""

    @field_validator("name")
    @classmethod
    def _is_no_choice(cls, name: str) -> str:
        if name in _MODES:
            raise ProtocolError("invalid_value", f"A function cannot be called {name!r}.")
        return name

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        return {name: value for name, value in fields.items() if value is not None}

    @field_validator("parameters")
    @classmethod
    def _is_bounded(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(parameters)) > _MAX_SCHEMA_CHARS:
            raise ProtocolError("invalid_value", "The parameters' schema is too long.")
        return parameters

    def offered(self) -> FunctionTool:
        return FunctionTool(
            name=self.name, description=self.description, parameters=self.parameters
        )


def _known_type(value: Any) -> Any:
    """Say in plain words what else is not understood."""
    if not isinstance(value, dict):
        return value
    kind = value.get("type", "function")
    if kind not in ("function", "mcp"):
        raise ProtocolError(
            "unsupported_tool",
            f"There are no tools of the type {kind!r} here; known are function and mcp.",
        )
    return {**value, "type": kind}


Tool = Annotated[
    Annotated[FunctionConfig | McpConfig, Field(discriminator="type")],
    BeforeValidator(_known_type),
]


class FunctionChoice(BaseModel):
    """Of the one that must be called."""

    model_config = ConfigDict(frozen=True)

    type: Literal["function"]
    name: _Name


ToolChoice = Literal["auto", "none", "required"] | FunctionChoice | McpChoice


def chosen(choice: ToolChoice, tools: tuple[Tool, ...]) -> str:
    """Return the choice as `LiveSettings` has it."""
    match choice:
        case FunctionChoice():
            return choice.name
        case McpChoice():
            servers = (tool for tool in tools if isinstance(tool, McpConfig))
            meant = next(
                (server for server in servers if server.server_label == choice.server_label), None
            )
            return meant.offered_name(choice.name) if meant and choice.name else "required"
        case _:
            return choice


def describe_tool(tool: Tool) -> dict[str, Any]:
    """Return it as the client is told of it."""
    return tool.describe() if isinstance(tool, McpConfig) else tool.model_dump(mode="json")


def check_tools(tools: tuple[Tool, ...], choice: ToolChoice, where: str) -> None:
    """Raises ProtocolError where two have one name, or the chosen one is not among them."""
    names = [tool.name if isinstance(tool, FunctionConfig) else tool.server_label for tool in tools]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ProtocolError(
            "invalid_value", f"There are two tools called {twice[0]!r}.", f"{where}.tools"
        )
    meant = choice.server_label if isinstance(choice, McpChoice) else None
    meant = choice.name if isinstance(choice, FunctionChoice) else meant
    if meant is not None and meant not in names:
        raise ProtocolError(
            "invalid_value", f"There is no tool called {meant!r}.", f"{where}.tool_choice"
        )
