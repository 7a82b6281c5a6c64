"""A tool process, seen from the worker: it is asked, and killed where it does not answer."""

import contextlib
import json
import os
import signal
from multiprocessing.context import ForkServerContext
from typing import Any

from assistant.plugins import child

_START_TIMEOUT_S = 15.0


class ToolProcess:
    """Used by one thread at a time."""

    def __init__(self, context: ForkServerContext, memory_bytes: int, max_chars: int) -> None:
        self._connection, theirs = context.Pipe()
        # Daemonic: ended with the interpreter.
        self._process = context.Process(
            target=child.serve, args=(theirs, memory_bytes, max_chars), daemon=True
        )
        self._process.start()
        theirs.close()
        # Its start (and, the first time, the fork server's) is not counted as the tool's time.
        self._connection.poll(_START_TIMEOUT_S)
        with contextlib.suppress(EOFError, OSError):
            self._connection.recv_bytes(child.MAX_REPLY_BYTES)

    @property
    def is_alive(self) -> bool:
        # Nothing is due between two calls: what can be read is the end of the pipe.
        return not self._connection.closed and not self._connection.poll()

    def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        try:
            self._connection.send(request)
            if not self._connection.poll(timeout_s):
                return {"error": "tool_timeout"}
            reply: dict[str, Any] = json.loads(self._connection.recv_bytes(child.MAX_REPLY_BYTES))
        except (EOFError, OSError, ValueError) as error:
            return {"error": "tool_crashed", "text": repr(error)}
        return reply

    def kill(self) -> None:
        """End it, and whatever it started; a second time does nothing."""
        if self._connection.closed:
            return
        self._connection.close()
        self._process.kill()
        if self._process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join(1)
        self._process.close()
