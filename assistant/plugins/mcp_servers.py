"""Where the servers of the Model Context Protocol are, as settings name them."""

from pydantic import BaseModel, ConfigDict, Field


class StdioServer(BaseModel):
    """A program on this machine, started by the worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = {}
    """Beside PATH, HOME and the like: nothing else of the worker's environment is passed on."""


class HttpServer(BaseModel):
    """A server that speaks streamable HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = {}


McpServer = StdioServer | HttpServer
