"""What runs inside a tool process: plugins are imported and called here, never in the worker.

The worker sends pickled requests; what comes back is JSON of bounded size, as a plugin must not
be able to make the worker unpickle what it likes.
"""

import json
import logging
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from assistant.errors import ToolError
from assistant.plugins.base import Answer, Data, Permission, Tool, ToolContext
from assistant.plugins.locations import read_tools

MAX_REPLY_BYTES = 1_000_000
"""A longer message is not read; all that is sent is far below."""
_MAX_STORE_BYTES = 256 * 1024
_MAX_REMINDERS = 50
_MAX_SENTENCE_CHARS = 500

log = logging.getLogger(__name__)

_permissions: frozenset[Permission] = frozenset()
_SOCKET_EVENTS = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo")


def serve(connection: Connection, memory_bytes: int, max_chars: int) -> None:
    """Answer requests until the other end is closed. The process belongs to this function."""
    # A group of its own, so that what a plugin starts can be killed with it.
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_guard)
    connection.send_bytes(b"ready")
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        # The worker kills what takes too long; where the worker is gone, the kernel does.
        signal.setitimer(signal.ITIMER_REAL, request["timeout_s"] + 1)
        try:
            reply = _reply(request, max_chars)
        except ToolError as error:
            reply = {"error": "tool_failed", "text": str(error)[:_MAX_SENTENCE_CHARS]}
        except (Exception, SystemExit) as error:
            log.warning("%s: %s", request["location"], request.get("tool", ""), exc_info=True)
            code = "tool_out_of_memory" if isinstance(error, MemoryError) else "tool_raised"
            reply = {"error": code, "text": repr(error)[:_MAX_SENTENCE_CHARS]}
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(json.dumps(reply).encode())


def _reply(request: dict[str, Any], max_chars: int) -> dict[str, Any]:
    tools = {tool.name: tool for tool in read_tools(request["location"])}
    if "tool" not in request:
        return {"tools": [_described(tool) for tool in tools.values()]}
    tool: Tool = tools[request["tool"]]
    context: ToolContext = request["context"]
    arguments = request["arguments"] | ({"context": context} if tool.wants_context else {})
    global _permissions
    _permissions = tool.permissions
    try:
        return _encoded(tool, tool.run(**arguments), max_chars)
    finally:
        _permissions = frozenset()


def _guard(event: str, _: tuple[Any, ...]) -> None:
    """Refuse connections without the permission `network`.

    It keeps an honest plugin to what it declared. It is no sandbox: native code, or a program
    that the plugin starts, gets past it.
    """
    if event in _SOCKET_EVENTS and "network" not in _permissions:
        raise PermissionError("this tool does not have the permission 'network'")


def _described(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "timeout_s": tool.timeout_s,
        "permissions": sorted(tool.permissions),
        "patterns": list(tool.patterns),
        "hints": list(tool.hints),
    }


def _encoded(tool: Tool, result: str | Answer | Data, max_chars: int) -> dict[str, Any]:
    if isinstance(result, str):
        result = Answer(text=result)
    # `[:n]` first: megabytes are neither encoded nor sent.
    encoded: dict[str, Any] = {"text": result.text[:max_chars]}
    if isinstance(result, Data):
        return {"kind": "data", **encoded}

    def permitted(field: str, permission: Permission, is_used: bool) -> bool:
        if is_used and permission not in tool.permissions:
            log.warning("%s: %s dropped: no permission %r", tool.name, field, permission)
            return False
        return is_used

    if permitted("store", "storage", result.store is not None):
        encoded["store"] = result.store
        if len(json.dumps(result.store)) > _MAX_STORE_BYTES:
            raise ValueError(f"what is to be kept exceeds {_MAX_STORE_BYTES} bytes")
    if permitted("remind", "reminders", bool(result.remind)):
        if any(reminder.at.tzinfo is None for reminder in result.remind):
            raise ValueError("the time of a reminder has no time zone")
        encoded["remind"] = [
            {
                "id": reminder.id,
                "at": reminder.at.isoformat(),
                "text": reminder.text[:_MAX_SENTENCE_CHARS],
            }
            for reminder in result.remind[:_MAX_REMINDERS]
        ]
    if permitted("cancel_reminders", "reminders", bool(result.cancel_reminders)):
        encoded["cancel_reminders"] = list(result.cancel_reminders[:_MAX_REMINDERS])
    return {"kind": "answer", **encoded}
