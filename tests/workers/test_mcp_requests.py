"""A real MCP server, asked by a real worker for a live session."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from assistant.plugins.mcp_servers import HttpServer, StdioServer
from tests.workers.conftest import Build, Work
from workers import mcp_requests
from workers.mcp_requests import McpFailedError, McpNotAllowedError

SCRIPT = Path(__file__).parents[1] / "assistant" / "plugins" / "servers" / "parcels.py"
URL = "https://mcp.example.org/tools"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(port)], stderr=subprocess.DEVNULL
    ) as server:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
        server.kill()


def test_a_servers_tools_are_listed_and_called(build: Build, work: Work, url: str) -> None:
    services = build(client_mcp_servers=(url,))
    server = mcp_requests.named_server(services, "post", url, {"X-Key": "secret"})
    with work(services):
        tools = {tool.name: tool for tool in mcp_requests.list_tools(services, server)}
        assert tools["find_parcel"].description == "Tell where a parcel is."
        assert tools["find_parcel"].input_schema["required"] == ["number"]
        answer = mcp_requests.call_tool(services, server, "find_parcel", {"number": 7})
        assert (answer.text, answer.is_error) == (
            "Parcel 7 is in Hamburg and arrives tomorrow.",
            False,
        )
        for tool in ("refuse", "fly"):
            assert mcp_requests.call_tool(services, server, tool, {}).is_error


def test_a_server_that_is_not_there_is_told_so(build: Build, work: Work) -> None:
    services = build(client_mcp_servers=("http://127.0.0.1:9",))
    server = mcp_requests.named_server(services, "post", "http://127.0.0.1:9/mcp", {})
    with work(services), pytest.raises(McpFailedError, match="could not be asked"):
        mcp_requests.list_tools(services, server)


def test_whoever_asks_is_told_where_nobody_can_be_asked(build: Build) -> None:
    services = build(client_mcp_servers=(URL,))
    services.__dict__["redis"] = Redis(port=9)
    with pytest.raises(McpFailedError, match="could not be asked"):
        mcp_requests.list_tools(services, HttpServer(url=URL))


@pytest.mark.parametrize(
    "url", [URL, f"{URL}/", f"{URL}/mcp?team=a", "https://mcp.example.org/tools/deep/er"]
)
def test_clients_may_name_what_the_setting_lists_and_what_is_below(build: Build, url: str) -> None:
    services = build(client_mcp_servers=(URL,))
    assert mcp_requests.named_server(services, "a", url, {}) == HttpServer(url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.example.org/toolshed",
        "https://mcp.example.org.evil.org/tools",
        f"{URL}/../admin",
        f"{URL}/%2e%2e/admin",
        "http://mcp.example.org/tools",
    ],
)
def test_no_other_server_can_be_named(build: Build, url: str) -> None:
    services = build(client_mcp_servers=(URL,))
    with pytest.raises(McpNotAllowedError, match="CLIENT_MCP_SERVERS"):
        mcp_requests.named_server(services, "a", url, {})


def test_servers_of_the_settings_are_named_by_their_names(build: Build) -> None:
    ours = StdioServer(command=("true",))
    services = build(mcp_servers={"files": ours})
    assert mcp_requests.named_server(services, "files", None, {}) == ours
    with pytest.raises(McpNotAllowedError, match="MCP_SERVERS names files"):
        mcp_requests.named_server(services, "mail", None, {})
