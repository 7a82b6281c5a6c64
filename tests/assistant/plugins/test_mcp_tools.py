"""A real server of the Model Context Protocol, over both transports, and what it can do wrong."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.plugins.base import Answer, Data, ToolCall, ToolContext
from assistant.plugins.mcp_servers import HttpServer, McpServer, StdioServer
from assistant.plugins.mcp_tools import McpTools
from assistant.plugins.runner import ToolFailure, ToolRunner

SCRIPT = str(Path(__file__).parent / "servers" / "parcels.py")
COMMAND = (sys.executable, SCRIPT)
CONTEXT = ToolContext(user_id="u", conversation_id="c", language="en", now=datetime.now(UTC))


@contextmanager
def http_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([*COMMAND, str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest, port: int) -> Iterator[McpServer]:
    if request.param == "stdio":
        yield StdioServer(command=COMMAND)
    else:
        with http_server(port):
            yield HttpServer(url=f"http://127.0.0.1:{port}/mcp", headers={"X-Key": "secret"})


class Client:
    """Calls tools as the pipeline does, once their server is connected."""

    def __init__(self, offered: McpTools) -> None:
        self.offered = offered
        self._runner = ToolRunner(processes=0)

    def names(self) -> set[str]:
        return {tool.name for tool in self.offered.tools()}

    def wait_for(self, name: str) -> None:
        deadline = time.monotonic() + 20
        while name not in self.names():
            assert time.monotonic() < deadline, f"{name} did not appear"
            time.sleep(0.05)

    def call(self, name: str, **arguments: Any) -> Answer | Data | ToolFailure:
        self.wait_for(name)
        tool = next(tool for tool in self.offered.tools() if tool.name == name)
        call = ToolCall(tool=tool, arguments=arguments, chosen_by="schema")
        return self._runner.run(call, CONTEXT)


@contextmanager
def connected(servers: dict[str, McpServer], timeout_s: float = 10.0) -> Iterator[Client]:
    offered = McpTools(servers, timeout_s=timeout_s)
    try:
        yield Client(offered)
    finally:
        offered.close()


FOUND = Data(text="Parcel 7 is in Hamburg and arrives tomorrow.")


def test_a_servers_tools_are_offered_and_answer_with_data(server: McpServer) -> None:
    with connected({"post": server}) as client:
        assert client.call("post_find_parcel", number=7) == FOUND
        tool = next(tool for tool in client.offered.tools() if tool.name == "post_find_parcel")
        assert tool.description == "Tell where a parcel is."
        assert "parcel" in tool.hints
        assert tool.runs_elsewhere


def test_a_wrong_argument_does_not_reach_the_server(server: McpServer) -> None:
    with connected({"post": server}) as client:
        failure = client.call("post_find_parcel", number="seven parcels")
        assert isinstance(failure, ToolFailure)
        assert failure.code == "tool_arguments_invalid"


def test_an_error_of_the_tool_is_data_too(server: McpServer) -> None:
    with connected({"post": server}) as client:
        assert client.call("post_refuse") == Data(text="Error: Error executing tool refuse")


def test_a_hanging_call_is_given_up_and_the_next_one_works(server: McpServer) -> None:
    with connected({"post": server}, timeout_s=1.0) as client:
        client.wait_for("post_wait")
        begun = time.monotonic()
        failure = client.call("post_wait", seconds=20)
        assert time.monotonic() - begun < 2
        assert isinstance(failure, ToolFailure)
        assert failure.code == "tool_timeout"
        assert client.call("post_find_parcel", number=7) == FOUND


def test_megabytes_are_cut_or_refused_and_the_next_call_works(server: McpServer) -> None:
    with connected({"post": server}) as client:
        result = client.call("post_weigh", parcel="abc")
        # Over HTTP the SDK would read them to their end; such an answer is refused.
        assert isinstance(result, ToolFailure) or result == Data(text=("abc" * 2000)[:4000])
        assert client.call("post_find_parcel", number=7) == FOUND


def test_a_program_that_dies_in_a_call_is_started_again() -> None:
    with connected({"post": StdioServer(command=COMMAND)}) as client:
        failure = client.call("post_crash")
        assert isinstance(failure, ToolFailure)
        assert client.call("post_find_parcel", number=7) == FOUND


def test_a_server_that_comes_back_is_connected_again(port: int) -> None:
    with connected({"post": HttpServer(url=f"http://127.0.0.1:{port}/mcp")}) as client:
        with http_server(port):
            assert client.call("post_find_parcel", number=7) == FOUND
            assert isinstance(client.call("post_crash"), ToolFailure)
        with http_server(port):
            assert client.call("post_find_parcel", number=7) == FOUND


def test_a_dead_server_delays_neither_the_start_nor_the_others(port: int) -> None:
    servers: dict[str, McpServer] = {
        "gone": StdioServer(command=("/no/such/program",)),
        "deaf": StdioServer(command=("sleep", "60")),
        "dead": HttpServer(url=f"http://127.0.0.1:{port}/mcp"),
        "post": StdioServer(command=COMMAND),
    }
    begun = time.monotonic()
    with connected(servers, timeout_s=2.0) as client:
        assert time.monotonic() - begun < 0.5
        assert client.call("post_find_parcel", number=7) == FOUND
        assert {name.split("_")[0] for name in client.names()} == {"post"}
