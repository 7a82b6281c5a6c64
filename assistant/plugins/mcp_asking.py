"""One question to an MCP server, over a connection that is made for it.

For servers that a client names: nothing of them outlasts the answer.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import mcp

from assistant.errors import AssistantError
from assistant.plugins.mcp_servers import McpServer
from assistant.plugins.mcp_tools import connect, text_of
from assistant.plugins.mcp_values import McpAnswer, McpTool

_MAX_TOOL_PAGES = 20

T = TypeVar("T")


class McpAskingError(AssistantError):
    """The server could not be asked, or does not speak the protocol."""

    code = "mcp_server_failed"


def list_tools(server: McpServer, timeout_s: float) -> list[McpTool]:
    """Raises McpAskingError."""
    return _run(_list(server, timeout_s), timeout_s)


def call_tool(
    server: McpServer, name: str, arguments: Mapping[str, Any], timeout_s: float
) -> McpAnswer:
    """Raises McpAskingError."""
    return _run(_call(server, name, arguments, timeout_s), timeout_s)


def _run(asking: Coroutine[Any, Any, T], timeout_s: float) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(timeout_s):
            return await asking

    try:
        return asyncio.run(bounded())
    except TimeoutError as error:
        raise McpAskingError("The MCP server does not answer.") from error
    except Exception as error:
        # Of tasks in groups, of which the first is as good as any.
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        raise McpAskingError(f"The MCP server could not be asked: {error}.") from error


async def _list(server: McpServer, timeout_s: float) -> list[McpTool]:
    tools: list[McpTool] = []
    cursor = None
    async with connect(server, timeout_s) as client:
        for _ in range(_MAX_TOOL_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += [
                McpTool(
                    name=tool.name,
                    description=(tool.description or tool.title or "").strip(),
                    input_schema=tool.input_schema,
                    is_read_only=bool(tool.annotations and tool.annotations.read_only_hint),
                )
                for tool in page.tools
            ]
            cursor = page.next_cursor
            if cursor is None:
                break
    return tools


async def _call(
    server: McpServer, name: str, arguments: Mapping[str, Any], timeout_s: float
) -> McpAnswer:
    async with connect(server, timeout_s) as client:
        try:
            result = await client.call_tool(name, dict(arguments))
        except mcp.MCPError as error:
            return McpAnswer(text=str(error), is_error=True)
    return McpAnswer(text=text_of(result), is_error=bool(result.is_error))
