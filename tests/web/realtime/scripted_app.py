"""The web application with live sessions that play what a test wrote down, for gunicorn to run.

What the user types is a command to the session: a JSON list of steps. A step is a live event as
`["ReplyText", {…}]`, `["sleep", seconds]`, or `["raise"]`.
"""

import base64
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from flask import Flask, Response, jsonify

from assistant.messages import FunctionCall
from assistant.plugins.mcp_servers import HttpServer, McpServer
from assistant.plugins.mcp_values import McpAnswer, McpTool
from speech.audio import Samples
from web.app import create_app as create_real_app
from web.realtime.endpoint import live_sessions
from web.realtime.opening import Opening
from workers.live import events
from workers.live.calls import UnknownCallError
from workers.live.events import LiveEvent, ReplyDone, ReplyStarted, ReplyTruncated, UserCommitted
from workers.live.inputs import Input
from workers.live.settings import LiveSettings
from workers.mcp_requests import McpFailedError, McpNotAllowedError

Step = list[Any]
GREETING: list[Step] = [
    ["ReplyText", {"turn_id": "TURN", "text": "Hello!"}],
    ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": "Hello!"}],
]
"""What it says when asked for a reply to nothing."""


class ScriptedLive:
    """As `LiveSession`: `say` takes a script, `respond` plays it in a thread of its own."""

    opened: ClassVar[list["ScriptedLive"]] = []

    def __init__(
        self, opening: Opening, settings: LiveSettings, emit: Callable[[LiveEvent], None]
    ) -> None:
        self.user_id = opening.user_id
        self.settings = settings
        self.calls: list[list[Any]] = []
        self.replied_with: list[LiveSettings] = []
        self.samples = np.zeros(0, np.float32)
        self._emit = emit
        self.said: list[list[Any]] = []
        self._said: list[tuple[str, str]] = []
        self._apart: dict[str, threading.Event] = {}
        self._ids = itertools.count(1)
        self._playing: str | None = None
        self._stopped = threading.Event()
        ScriptedLive.opened.append(self)

    def configure(self, settings: LiveSettings) -> None:
        self.settings = settings

    def hear(self, samples: Samples) -> None:
        self.samples = np.concatenate([self.samples, samples])

    def commit(self) -> str | None:
        if not len(self.samples):
            return None
        item_id = f"item_heard{next(self._ids)}"
        self._emit(UserCommitted(item_id=item_id, previous_item_id=None))
        return item_id

    def clear(self) -> None:
        self.samples = np.zeros(0, np.float32)

    def say(self, *said: str | bytes, item_id: str | None = None, after: str | None = None) -> str:
        item_id = item_id or f"item_typed{next(self._ids)}"
        parts = [part if isinstance(part, str) else len(part) for part in said]
        self.said.append([*parts, after])
        self._said.append((next((part for part in said if isinstance(part, str)), ""), item_id))
        self._emit(UserCommitted(item_id=item_id, previous_item_id=None))
        return item_id

    def note(self, text: str, item_id: str) -> bool:
        self.calls.append(["note", text])
        return len(text) < 1_000

    def bring_answer(self, text: str) -> str:
        self.calls.append(["bring_answer", text])
        return "brought"

    def bring_call(self, call: FunctionCall) -> None:
        self.calls.append(["bring_call", call.id, call.name, call.arguments])

    def give_result(self, call_id: str, output: str) -> None:
        if call_id == "unknown":
            raise UnknownCallError("Tool call ID 'unknown' is not one of this conversation.")
        self.calls.append(["give_result", call_id, output])

    def respond(self, settings: LiveSettings | None = None) -> str:
        self.replied_with.append(settings or self.settings)
        text, item_id = self._said.pop() if self._said else (None, None)
        script = json.loads(text) if text else GREETING
        turn_id = f"turn{next(self._ids)}"
        self._playing = turn_id
        self._stopped.clear()
        self._emit(ReplyStarted(turn_id=turn_id, item_id=item_id, is_asked=True))
        threading.Thread(target=self._play, args=[turn_id, script], daemon=True).start()
        return turn_id

    def respond_to(
        self, input_: Input | None, settings: LiveSettings, *, is_apart: bool = False
    ) -> str:
        self.replied_with.append(settings)
        messages = [*input_.history, *input_.steps] if input_ else []
        told = [message.model_dump() for message in messages]
        question = input_.question if input_ else None
        self.calls.append(["respond_to", is_apart, question, told])
        script = json.loads(question) if question and question.startswith("[") else GREETING
        turn_id = f"turn{next(self._ids)}"
        stopped = threading.Event()
        if is_apart:
            self._apart[turn_id] = stopped
        else:
            self._playing, self._stopped = turn_id, stopped
        self._emit(ReplyStarted(turn_id=turn_id, item_id=None, is_asked=True, is_apart=is_apart))
        arguments = [turn_id, script, stopped]
        threading.Thread(target=self._play, args=arguments, daemon=True).start()
        return turn_id

    def _play(
        self, turn_id: str, script: list[Step], stopped: threading.Event | None = None
    ) -> None:
        stopped = stopped or self._stopped
        for name, argument in script:
            if stopped.is_set():
                return
            if name == "sleep":
                stopped.wait(argument)
                continue
            fields = {key: turn_id if value == "TURN" else value for key, value in argument.items()}
            if "silence_ms" in fields:
                fields["pcm16"] = b"\1\0" * (fields.pop("silence_ms") * 24)
            if "calls" in fields:
                fields["calls"] = tuple(FunctionCall(**call) for call in fields["calls"])
            event = getattr(events, name)(**fields)
            if isinstance(event, ReplyDone) and turn_id == self._playing:
                self._playing = None
            self._emit(event)

    def cancel(self) -> bool:
        turn_id, self._playing = self._playing, None
        if turn_id is None:
            return False
        self._stopped.set()
        self._emit(
            ReplyDone(turn_id=turn_id, status="cancelled", text="he", reason="client_cancelled")
        )
        return True

    def cancel_apart(self, turn_id: str) -> bool:
        stopped = self._apart.pop(turn_id, None)
        if stopped is None:
            return False
        stopped.set()
        self._emit(
            ReplyDone(turn_id=turn_id, status="cancelled", text="he", reason="client_cancelled")
        )
        return True

    def mcp_server(self, label: str, url: str | None, headers: Mapping[str, str]) -> McpServer:
        if url and "allowed" not in url:
            raise McpNotAllowedError("The setting CLIENT_MCP_SERVERS lists those that they may.")
        self.calls.append(["mcp_server", label, url, dict(headers)])
        return HttpServer(url=url or f"http://{label}.invalid/mcp", headers=dict(headers))

    def mcp_tools(self, server: McpServer) -> list[McpTool]:
        assert isinstance(server, HttpServer)
        if "broken" in server.url:
            raise McpFailedError("The MCP server does not answer.")
        schema = {"type": "object", "properties": {"number": {"type": "integer"}}}
        return [
            McpTool(name="find", description="Find it.", input_schema=schema, is_read_only=True),
            McpTool(name="send", description="Send it.", input_schema=schema),
        ]

    def call_mcp_tool(
        self, server: McpServer, tool: str, arguments: Mapping[str, Any]
    ) -> McpAnswer:
        self.calls.append(["call_mcp_tool", tool, dict(arguments)])
        if arguments.get("number") == 0:
            raise McpFailedError("The MCP server does not answer.")
        return McpAnswer(text="In Hamburg.", is_error=arguments.get("number") == -1)

    def forget_call(self, call_id: str) -> None:
        self.calls.append(["forget_call", call_id])

    def forget_result(self, call_id: str) -> None:
        self.calls.append(["forget_result", call_id])

    def forget(self, item_id: str) -> None:
        self.calls.append(["forget", item_id])

    def forget_reply(self, turn_id: str) -> None:
        self.calls.append(["forget_reply", turn_id])

    def played(self, turn_id: str, audio_ms: int, is_playing: bool) -> None:
        self.calls.append(["played", turn_id, audio_ms, is_playing])

    def truncate(self, turn_id: str, audio_ms: int) -> None:
        self.calls.append(["truncate", turn_id, audio_ms])
        self._emit(ReplyTruncated(turn_id=turn_id, text="he"))

    def close(self) -> None:
        self.calls.append(["close"])
        self._stopped.set()


def create_app() -> Flask:
    app = create_real_app()
    live_sessions(app).open_live = ScriptedLive

    @app.get("/test/sessions")
    def sessions() -> Response:
        """What each session was given so far."""
        return jsonify(
            [
                {
                    "user_id": live.user_id,
                    "calls": live.calls,
                    "said": live.said,
                    "settings": json.loads(json.dumps(live.settings, default=vars)),
                    "replied_with": json.loads(json.dumps(live.replied_with, default=vars)),
                    "samples": len(live.samples),
                    "sound": base64.b64encode(live.samples.tobytes()).decode(),
                }
                for live in ScriptedLive.opened
            ]
        )

    @app.get("/test/threads")
    def threads() -> Response:
        return jsonify(threading.active_count())

    return app
