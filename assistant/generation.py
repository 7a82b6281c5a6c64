"""How a reply is to be written: functions that may be called, and the settings of the model."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class FunctionTool(BaseModel):
    """A function as a model that can call functions is told of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """JSON schema of an object; empty where the function takes nothing."""


class Generation(BaseModel):
    """In place of the settings; None leaves one as it is set. See `llm.base.GenerationOptions`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = None
    json_schema: dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    stop: tuple[str, ...] | None = None
    top_p: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
