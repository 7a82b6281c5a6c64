"""What is said in a conversation, as a language model sees it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Role = Literal["system", "user", "assistant", "tool"]


class FunctionCall(BaseModel):
    """The assistant wants a function called, and its result as a message of the role `tool`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    arguments: str
    """JSON text as the model wrote it: it may be broken, or not what the function takes."""


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    content: str
    """Of the role `tool` a function's result: anybody's words."""
    tool_calls: tuple[FunctionCall, ...] = ()
    """Of the assistant's only."""
    tool_call_id: str | None = None
    """Which call the result answers; of the role `tool` only."""
