"""What MCP servers tell, as values: for those who do not load the library."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class McpTool(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    input_schema: dict[str, Any]
    is_read_only: bool = False
    """As the server says."""


class McpAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    text: str
    """A stranger's words."""
    is_error: bool
