"""Runs tools where they can do no harm: in processes that can be killed, with bounded results."""

import contextlib
import logging
import multiprocessing
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from assistant.errors import ToolError
from assistant.plugins import child
from assistant.plugins.base import Answer, Data, Reminder, Tool, ToolCall, ToolContext
from assistant.plugins.choice import fitting
from assistant.plugins.locations import BUILT_IN
from assistant.plugins.process import ToolProcess

log = logging.getLogger(__name__)

Code = Literal["tool_failed", "tool_timeout", "tool_crashed", "tool_busy", "tool_arguments_invalid"]

APOLOGY = {
    "en": "Sorry, that did not work: the tool for it failed.",
    "zh": "抱歉，没有成功：处理这个请求的工具出错了。",
}
TOO_SLOW = {
    "en": "Sorry, that took too long, so I stopped it.",
    "zh": "抱歉，花的时间太长，我已经停止了。",
}
BUSY = {
    "en": "Sorry, I'm busy with other requests just now. Please try again in a moment.",
    "zh": "抱歉，我正忙着处理别的请求，请稍后再试。",
}
NOT_UNDERSTOOD = {
    "en": "Sorry, I did not understand the details. Could you say it differently?",
    "zh": "抱歉，我没有听懂具体内容，能换个说法吗？",
}

_IMPORT_TIMEOUT_S = 15.0


@dataclass(frozen=True, kw_only=True)
class ToolFailure:
    text: str
    """What the user is told, in the user's language."""
    code: Code


@dataclass(frozen=True)
class Origin:
    """`Tool.run` of a tool that a child process runs: where its code is."""

    location: str
    tool: str

    def __call__(self, **_: Any) -> str:
        raise RuntimeError(f"{self.tool} is run by a ToolRunner")


class ToolRunner:
    """Thread-safe. Ends its processes with `close`, or with the process that has it.

    `processes` are kept warm, forked from a server that has the built-in plugins loaded. Each has
    a pipe of its own, so that one which is killed, or kills itself, takes nothing along (a
    pebble.ProcessPool, with one pipe and lock for all, broke for good when a worker died between
    two tasks).
    """

    def __init__(
        self, *, processes: int = 2, memory_mb: int = 512, max_result_chars: int = 4000
    ) -> None:
        self._memory_bytes = memory_mb * 1024 * 1024
        self._max_chars = max_result_chars
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            [child.__name__, *(f"assistant.plugins.built_in.{name}" for name in BUILT_IN)]
        )
        self._is_closed = False
        # LIFO: a request that comes alone meets the process that is warm.
        self._idle: queue.LifoQueue[ToolProcess | None] = queue.LifoQueue()
        for _ in range(processes):
            self._idle.put(None)

    def describe(self, location: str) -> list[Tool]:
        """Import a plugin (`locations.Plugin.location`) in a child, and return what it offers.

        Raises ToolError where that fails, with the reason.
        """
        reply = self._ask({"location": location}, _IMPORT_TIMEOUT_S)
        if "tools" not in reply:
            raise ToolError(f"{reply['error']}: {reply.get('text', '')}")
        return [
            Tool(
                **{
                    **tool,
                    "permissions": frozenset(tool["permissions"]),
                    "patterns": tuple(tool["patterns"]),
                    "hints": tuple(tool["hints"]),
                },
                run=Origin(location, tool["name"]),
            )
            for tool in reply["tools"]
        ]

    def run(self, call: ToolCall, context: ToolContext) -> Answer | Data | ToolFailure:
        """Run the tool; never raises for what it does, and takes little longer than its timeout."""
        arguments = fitting(call.arguments, call.tool.parameters)
        if arguments is None:
            log.warning("%s: these arguments do not fit: %s", call.tool.name, list(call.arguments))
            return _failure("tool_arguments_invalid", NOT_UNDERSTOOD, context)
        if call.tool.runs_elsewhere:
            return self._run_here(call.tool, arguments, context)
        origin = call.tool.run
        if not isinstance(origin, Origin):
            raise TypeError(f"{call.tool.name} was not loaded by ToolRunner.describe")
        request = {
            "location": origin.location,
            "tool": origin.tool,
            "arguments": arguments,
            "context": context,
        }
        return _decoded(self._ask(request, call.tool.timeout_s), call.tool.name, context)

    def close(self) -> None:
        """End the processes; those at work are ended when they are done."""
        self._is_closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                if (idle := self._idle.get_nowait()) is not None:
                    idle.kill()

    def _ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        try:
            process = self._idle.get(timeout=timeout_s)
        except queue.Empty:
            return {"error": "tool_busy"}
        try:
            # One can also die between two calls, by what an earlier plugin left behind.
            if process and not process.is_alive:
                process.kill()
                process = None
            if process is None:
                process = ToolProcess(self._context, self._memory_bytes, self._max_chars)
            reply = process.ask({**request, "timeout_s": timeout_s}, timeout_s)
            if reply.get("error") in ("tool_timeout", "tool_crashed", "tool_out_of_memory"):
                process.kill()
            return reply
        except (OSError, EOFError) as error:
            # No process could be started: out of memory, or of processes.
            return {"error": "tool_crashed", "text": repr(error)}
        finally:
            if self._is_closed and process:
                process.kill()
            self._idle.put(process)

    def _run_here(
        self, tool: Tool, arguments: dict[str, Any], context: ToolContext
    ) -> Answer | Data | ToolFailure:
        result: Future[str | Answer | Data] = Future()

        def run() -> None:
            try:
                given = {"context": context} if tool.wants_context else {}
                result.set_result(tool.run(**arguments, **given))
            except Exception as error:
                result.set_exception(error)

        # A thread that hangs can only be left behind, so it must not keep the process alive.
        threading.Thread(target=run, name=f"tool {tool.name}", daemon=True).start()
        try:
            answer = result.result(tool.timeout_s)
        except ToolError as error:
            return ToolFailure(text=str(error), code="tool_failed")
        except TimeoutError:
            log.warning("%s took longer than %s s", tool.name, tool.timeout_s)
            return _failure("tool_timeout", TOO_SLOW, context)
        except Exception:
            log.exception("%s failed", tool.name)
            return _failure("tool_failed", APOLOGY, context)
        text = answer if isinstance(answer, str) else answer.text
        text = text[: self._max_chars]
        return Data(text=text) if isinstance(answer, Data) else Answer(text=text)


def _decoded(reply: dict[str, Any], name: str, context: ToolContext) -> Answer | Data | ToolFailure:
    match reply:
        case {"error": "tool_failed", "text": text}:
            return ToolFailure(text=text, code="tool_failed")
        case {"error": "tool_timeout"}:
            log.warning("%s took too long and was killed", name)
            return _failure("tool_timeout", TOO_SLOW, context)
        case {"error": "tool_busy"}:
            return _failure("tool_busy", BUSY, context)
        case {"error": error}:
            log.warning("%s: %s: %s", name, error, reply.get("text"))
            code: Code = "tool_crashed" if error == "tool_crashed" else "tool_failed"
            return _failure(code, APOLOGY, context)
        case {"kind": "data", "text": text}:
            return Data(text=text)
    return Answer(
        text=reply["text"],
        store=reply.get("store"),
        remind=tuple(
            Reminder(id=entry["id"], at=datetime.fromisoformat(entry["at"]), text=entry["text"])
            for entry in reply.get("remind", ())
        ),
        cancel_reminders=tuple(reply.get("cancel_reminders", ())),
    )


def _failure(code: Code, sentences: Mapping[str, str], context: ToolContext) -> ToolFailure:
    return ToolFailure(text=sentences[context.language], code=code)
