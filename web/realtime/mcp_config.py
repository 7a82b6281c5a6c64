"""What a client may set of an MCP server whose tools the model is offered."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from assistant.plugins.mcp_values import McpTool
from web.realtime.protocol_errors import ProtocolError

_Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,48}$")]

_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_REFUSED_HEADERS = re.compile(
    r"host|x-host|forwarded|via|expect|connection|keep-alive|te|trailer|upgrade|transfer-encoding"
    r"|(proxy|content|x-forwarded|x-original|x-rewrite|x-http)-.*"
)


def _is_plain(header: str) -> str:
    """Raises ProtocolError where a proxy, or the server behind it, would by that header take the
    request for another one: to an address that is not allowed, or with another body."""
    # To many servers a_b is a-b.
    if not _HEADER_NAME.fullmatch(header) or _REFUSED_HEADERS.fullmatch(
        header.lower().replace("_", "-")
    ):
        raise ProtocolError("unsupported_parameter", f"The header {header!r} cannot be set here.")
    return header


class ToolFilter(BaseModel):
    """Both hold where both are given."""

    model_config = ConfigDict(frozen=True)

    tool_names: tuple[str, ...] | None = None
    read_only: bool | None = None

    def matches(self, tool: McpTool) -> bool:
        is_named = self.tool_names is None or tool.name in self.tool_names
        return is_named and (self.read_only is None or tool.is_read_only == self.read_only)


def _filter(value: Any) -> Any:
    return {"tool_names": value} if isinstance(value, list | tuple) else value


class Approvals(BaseModel):
    model_config = ConfigDict(frozen=True)

    always: ToolFilter | None = None
    never: ToolFilter | None = None


class McpConfig(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["mcp"]
    server_label: _Label
    server_url: Annotated[str, Field(pattern=r"^https?://", max_length=2_048)] | None = None
    """None where the label is a name of the setting MCP_SERVERS."""
    server_description: Annotated[str, Field(max_length=1_000)] | None = None
    authorization: Annotated[str, Field(max_length=8_192)] | None = None
    headers: dict[Annotated[str, AfterValidator(_is_plain)], str] | None = None
    allowed_tools: Annotated[ToolFilter | None, BeforeValidator(_filter)] = None
    require_approval: Literal["always", "never"] | Approvals = "always"

    @model_validator(mode="before")
    @classmethod
    def _is_known(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        for name in ("connector_id", "tunnel_id"):
            if fields.get(name) is not None:
                raise ProtocolError(
                    "unsupported_parameter",
                    f"There is no {name} here; an MCP server has a server_url.",
                )
        return {name: value for name, value in fields.items() if value is not None}

    def all_headers(self) -> dict[str, str]:
        """Return those with which the server is asked."""
        token = {"Authorization": f"Bearer {self.authorization}"} if self.authorization else {}
        return {**(self.headers or {}), **token}

    def allows(self, tool: McpTool) -> bool:
        return self.allowed_tools is None or self.allowed_tools.matches(tool)

    def needs_approval(self, tool: McpTool) -> bool:
        match self.require_approval:
            case "always" | "never":
                return self.require_approval == "always"
            case Approvals(always=always, never=never):
                if never is not None and never.matches(tool):
                    return False
                return always is None or never is not None or always.matches(tool)

    def offered_name(self, tool: str) -> str:
        """Return the name by which the model knows a tool of this server."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", f"{self.server_label}_{tool}")[:64]

    def describe(self) -> dict[str, Any]:
        """Return it as it is told, without what is secret."""
        return self.model_dump(mode="json", exclude={"authorization", "headers"}, exclude_none=True)


class McpChoice(BaseModel):
    """Of the server, or its tool, that must be used."""

    model_config = ConfigDict(frozen=True)

    type: Literal["mcp"]
    server_label: _Label
    name: str | None = None
