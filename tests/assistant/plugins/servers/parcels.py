"""A real MCP server: `python parcels.py` speaks over stdio, `python parcels.py PORT` over HTTP."""

import os
import sys
import time

from mcp.server.mcpserver import MCPServer

server = MCPServer("parcels")


@server.tool()
def find_parcel(number: int) -> str:
    """Tell where a parcel is."""
    return f"Parcel {number} is in Hamburg and arrives tomorrow."


@server.tool()
def weigh(parcel: str) -> str:
    """Return megabytes."""
    return parcel * 1_000_000


@server.tool()
def wait(seconds: float) -> str:
    """Hang."""
    time.sleep(seconds)
    return "done"


@server.tool()
def crash() -> str:
    """End this server in the middle of a call."""
    os._exit(1)


@server.tool()
def refuse() -> str:
    """Fail."""
    raise ValueError("no such depot")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
