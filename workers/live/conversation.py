"""What a live conversation consists of: what was said, and what its client brings or deletes."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from assistant.messages import FunctionCall
from assistant.plugins.mcp_servers import McpServer
from assistant.plugins.mcp_values import McpAnswer, McpTool
from assistant.prompts import sentence_language
from speech.audio import wrap_wav
from workers import mcp_requests, turn_control
from workers.live.answering import RATE_HZ, Answering
from workers.live.calls import Round
from workers.live.events import TurnNamed, UserCommitted
from workers.live.live_turn import LiveTurn
from workers.live.unanswered import Typed
from workers.turn_start import start_turn


class LiveConversation(Answering):
    """Thread-safe."""

    _last_item_id: str | None = None

    def say(self, *said: str | bytes, item_id: str | None = None, after: str | None = None) -> str:
        """Add what the user typed, or was recorded of them, without a reply yet; return its id.

        `said`: texts, and sound as PCM16, mono, 16 kHz. `after`: the item that it follows, or
        `root`; it stands where that is among what has no reply yet, and else before that.
        """
        with self._lock:
            item_id = item_id or f"item_{uuid.uuid4().hex[:20]}"
            self._commit_item(item_id)
            for part in said:
                item: LiveTurn | Typed
                if isinstance(part, str):
                    self._language = sentence_language(None, part)
                    item = Typed(item_id=item_id, text=part)
                else:
                    item = self._begin_recorded(item_id, part)
                self._note_turn(item)
                self._unanswered.add(item, after)
                after = item_id if after else None
            return item_id

    def note(self, text: str, item_id: str) -> bool:
        """Tell the model something beside the conversation, for all replies from now on; return
        False where that were too much."""
        with self._lock:
            return self._requests.note(item_id, text)

    def bring_answer(self, text: str) -> str:
        """Add what the client says the assistant has said; return the turn it is known by."""
        with self._lock:
            if self._calls.is_open and not self._unanswered:
                return self._calls.answer(text)
            self._calls.leave()
            return self._unanswered.answer(text)

    def bring_call(self, call: FunctionCall) -> None:
        """Add a call that the client says the assistant has made. Raises UnknownCallError where
        there is one of that id."""
        with self._lock:
            if self._unanswered:
                self._calls.leave()
            self._calls.bring(call, self._brought_round)

    def give_result(self, call_id: str, output: str) -> None:
        """Add what a function returned, without a reply yet. Raises UnknownCallError."""
        with self._lock:
            self._calls.give(call_id, output)

    def mcp_server(self, label: str, url: str | None, headers: Mapping[str, str]) -> McpServer:
        """Return the MCP server that the client means. Raises McpNotAllowedError."""
        return mcp_requests.named_server(self._services, label, url, headers)

    def mcp_tools(self, server: McpServer) -> list[McpTool]:
        """Ask a server for its tools, and wait. Raises McpFailedError."""
        return mcp_requests.list_tools(self._services, server)

    def call_mcp_tool(
        self, server: McpServer, tool: str, arguments: Mapping[str, Any]
    ) -> McpAnswer:
        """Call a server's tool, and wait. Raises McpFailedError."""
        return mcp_requests.call_tool(self._services, server, tool, arguments)

    def forget(self, item_id: str) -> None:
        """Have no model know what the user said, nor what was replied to it."""
        with self._lock:
            if self._requests.forget_note(item_id) or self._unanswered.forget(item_id):
                return
            self._calls.forget_question(item_id)
            if turn_ids := self._turns.get(item_id):
                self._services.conversations.hide(self._conversation_id, turn_ids)

    def forget_call(self, call_id: str) -> None:
        """Have no model know of a call any more, nor of its result."""
        with self._lock:
            self._calls.forget(call_id)

    def forget_result(self, call_id: str) -> None:
        with self._lock:
            self._calls.forget_result(call_id)

    def forget_reply(self, turn_id: str) -> None:
        """Have the conversation know nothing of a reply, which ends where it still goes on."""
        with self._lock:
            turn = self._replies.current
            if turn is not None and turn.id == turn_id and self._replies.is_open:
                self._replies.interrupt("cancelled")
            self._services.conversations.amend(self._conversation_id, turn_id, "")

    def _begin_heard(self, item_id: str, pcm16: bytes, end_ms: int) -> LiveTurn:
        request = self._requests.next(self._settings)
        turn = LiveTurn(
            id=start_turn(self._services, request, wrap_wav(pcm16, RATE_HZ), is_provisional=True),
            item_id=item_id,
            request=request,
            end_ms=end_ms,
            is_spoken=self._settings.speaks,
        )
        turn.stages["begun"] = time.time()
        return turn

    def _begin_recorded(self, item_id: str, pcm16: bytes) -> LiveTurn:
        turn = self._begin_heard(item_id, pcm16, len(pcm16) // 2 * 1000 // RATE_HZ)
        turn_control.confirm(self._services, turn.id, replies=False)
        self._emit(TurnNamed(turn_id=turn.id, item_id=item_id))
        self._replies.confirm(turn)
        self._replies.follow(turn)
        return turn

    def _brought_round(self) -> Round:
        """Return one for calls that the client says were made to answer what was said last."""
        asked = self._unanswered.take() if self._unanswered else Typed(item_id="", text="")
        question = asked.question
        if isinstance(asked, LiveTurn):
            self._replies.leave(asked)
        request = self._requests.next(self._settings, question, ())
        return Round(
            turn_id=asked.id,
            item_id=asked.item_id,
            request=request.model_copy(update={"cue": None if question else ""}),
            said=[],
            at=time.time(),
            is_left=isinstance(asked, LiveTurn),
        )

    def _commit_item(self, item_id: str, heard_ms: tuple[int, int] | None = None) -> None:
        self._emit(
            UserCommitted(item_id=item_id, previous_item_id=self._last_item_id, heard_ms=heard_ms)
        )
        self._last_item_id = item_id
