"""How a reply is to be written: functions that may be called, and the settings of the model."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_MAX_DEPTH = 100
"""Pydantic reads back no more than 200 levels of what it has written."""
_MAX_VALUES = 2000
"""A token of llama.cpp takes as long as its grammar is large, for all whom it answers just then: an
enumeration of 1,000 costs them 3 s in all, one of 20,000 more than two minutes."""


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [schema]
    count = 0
    for _ in range(_MAX_DEPTH):
        inner = [value.values() if isinstance(value, dict) else value for value in level]
        children = [child for values in inner for child in values]
        count += len(children)
        if count > _MAX_VALUES:
            raise ValueError(f"more than {_MAX_VALUES:,} values")
        level = [child for child in children if isinstance(child, dict | list)]
    if level:
        raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
    return schema


JsonSchema = Annotated[dict[str, Any], AfterValidator(_bounded)]
"""Of a client."""


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
