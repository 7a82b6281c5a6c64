"""Tools of Model Context Protocol servers, through the official SDK.

One thread runs the event loop on which every server is held connected. What a server's tools
return is `Data`: a stranger's words, from which a language model makes the answer.
"""

import asyncio
import contextlib
import json
import logging
import re
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import httpx2
import mcp
import mcp.types
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from assistant.plugins.base import Data, Tool
from assistant.plugins.loader import find_problem
from assistant.plugins.mcp_servers import McpServer, StdioServer

log = logging.getLogger(__name__)

_CHECK_INTERVAL_S = 30.0
_MIN_BACKOFF_S = 0.2
_MAX_BACKOFF_S = 60.0
_MAX_TOOL_PAGES = 20
_MAX_DESCRIPTION_CHARS = 500
MAX_RESULT_CHARS = 4000
_MAX_JSON_BYTES = 4 * 1024 * 1024
"""Of one answer over HTTP. The SDK itself bounds server-sent events, at 1 MiB."""

# Too common in descriptions to say which tool is meant.
_COMMON_WORD = re.compile(
    "also|call|does|each|from|function|given|into|list|make|more|returns?|some|such|tell|than|that|"
    "them|then|there|they|this|tool|used?|user|uses|using|value|what|when|where|which|will|with|your"
)


class McpTools:
    """Thread-safe. Connects in the background, and again after 0.2, 0.4 … 60 s where that fails."""

    def __init__(self, servers: Mapping[str, McpServer], *, timeout_s: float = 10.0) -> None:
        self._loop = asyncio.new_event_loop()
        self._connections = [
            _Connection(name, server, timeout_s, self._loop) for name, server in servers.items()
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._run, name="mcp", daemon=True)
        self._thread.start()

    def tools(self) -> list[Tool]:
        """Return the tools of the servers that are connected now."""
        return [tool for connection in self._connections for tool in connection.tools]

    def close(self) -> None:
        """Disconnect; the programs that were started are ended."""
        self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in self._tasks])
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._keep())

    async def _keep(self) -> None:
        self._tasks += [asyncio.create_task(connection.keep()) for connection in self._connections]
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Connection:
    """One server; its coroutines run on the event loop only."""

    def __init__(
        self, name: str, server: McpServer, timeout_s: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.tools: list[Tool] = []
        self._name = name
        self._server = server
        self._timeout_s = timeout_s
        self._loop = loop
        self._client: mcp.Client | None = None
        self._is_doubtful = asyncio.Event()
        """Set when a call failed: the server is asked at once whether it is still there."""

    async def keep(self) -> None:
        """Hold the server connected until cancelled."""
        backoff_s = _MIN_BACKOFF_S
        while True:
            try:
                async with connect(self._server, self._timeout_s) as self._client:
                    while True:
                        self.tools = await self._list_tools(self._client)
                        backoff_s = _MIN_BACKOFF_S
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(_CHECK_INTERVAL_S):
                                await self._is_doubtful.wait()
                        self._is_doubtful.clear()
            except Exception as error:
                log.warning("MCP server %s: %r; next try in %.1f s", self._name, error, backoff_s)
            finally:
                self._client, self.tools = None, []
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, _MAX_BACKOFF_S)

    async def _list_tools(self, client: mcp.Client) -> list[Tool]:
        tools: list[Tool] = []
        cursor = None
        for _ in range(_MAX_TOOL_PAGES):
            page = await client.list_tools(cursor=cursor, cache_mode="refresh")
            for tool in map(self._tool, page.tools):
                if problem := find_problem(tool):
                    log.error("MCP tool %s is left out: %s", tool.name, problem)
                else:
                    tools.append(tool)
            cursor = page.next_cursor
            if cursor is None:
                break
        return tools

    def _tool(self, offered: mcp.types.Tool) -> Tool:
        def run(**arguments: Any) -> Data:
            answer = self._call(offered.name, arguments)
            return Data(text=asyncio.run_coroutine_threadsafe(answer, self._loop).result())

        description = (offered.description or offered.title or offered.name).strip()
        return Tool(
            name=re.sub(r"[^a-zA-Z0-9_-]", "_", f"{self._name}_{offered.name}")[:64],
            description=description[:_MAX_DESCRIPTION_CHARS],
            parameters=offered.input_schema,
            run=run,
            timeout_s=self._timeout_s,
            hints=_hints(f"{offered.name} {description}"),
            runs_elsewhere=True,
        )

    async def _call(self, name: str, arguments: dict[str, Any]) -> str:
        if self._client is None:
            raise ConnectionError(f"MCP server {self._name} is not connected")
        try:
            result = await self._client.call_tool(name, arguments)
        except Exception as error:
            self._is_doubtful.set()
            if isinstance(error, mcp.MCPError) and error.code == mcp.types.CONNECTION_CLOSED:
                self.tools = []
            raise
        return ("Error: " if result.is_error else "") + text_of(result)


@contextlib.asynccontextmanager
async def connect(server: McpServer, timeout_s: float) -> AsyncGenerator[mcp.Client, None]:
    """Hold a server connected. `timeout_s`: of one answer, after which the caller gives up."""
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(server, StdioServer):
            program, *arguments = server.command
            transport = stdio_client(
                StdioServerParameters(command=program, args=arguments, env=server.env),
                # Not sys.stderr, which Celery replaces by an object without a descriptor.
                errlog=sys.__stderr__ or sys.stderr,
            )
        else:
            http = httpx2.AsyncClient(
                headers=server.headers,
                timeout=httpx2.Timeout(timeout_s, read=300.0),
                transport=_BoundedTransport(),
            )
            await stack.enter_async_context(http)
            transport = streamable_http_client(server.url, http_client=http)
        # One second more, so that it is the caller who gives up.
        client = mcp.Client(transport, read_timeout_seconds=timeout_s + 1)
        yield await stack.enter_async_context(client)


def text_of(result: mcp.types.CallToolResult) -> str:
    """Return what a tool answered, shortened."""
    texts = [block.text for block in result.content if isinstance(block, mcp.types.TextContent)]
    text = "\n".join(texts) or json.dumps(result.structured_content, ensure_ascii=False)
    return text[:MAX_RESULT_CHARS]


def _hints(text: str) -> tuple[str, ...]:
    """Return the words of a tool's name and description that may show up in a question for it.

    English words of four letters or more; Chinese, which is written without spaces, in pairs of
    characters.
    """
    words = re.findall(r"[a-z]{4,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    chinese = re.findall(r"(?=([\u4e00-\u9fff]{2}))", text)
    wanted = [word for word in words if not _COMMON_WORD.fullmatch(word)] + chinese
    return tuple(dict.fromkeys(wanted))


class _BoundedTransport(httpx2.AsyncHTTPTransport):
    """Refuses JSON of more than `_MAX_JSON_BYTES`, which the SDK would read to its end."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-type", "").startswith("application/json"):
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for piece in self._stream:
            received += len(piece)
            if received > _MAX_JSON_BYTES:
                raise httpx2.ReadError(f"an answer of more than {_MAX_JSON_BYTES} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
