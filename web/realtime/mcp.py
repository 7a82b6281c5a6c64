"""The MCP servers of a session: their tools are offered to the model, and called on our side."""

import json
import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.errors import AssistantError
from assistant.generation import FunctionTool
from assistant.messages import FunctionCall
from assistant.plugins.mcp_servers import McpServer
from assistant.plugins.mcp_values import McpTool
from web.realtime.items import Items, item_added, item_done
from web.realtime.mcp_config import McpConfig
from web.realtime.mcp_items import FAILED, ApprovalItem, ListItem, McpCallItem, mcp_call_told
from web.realtime.opening import Live
from web.realtime.outbox import Outbox
from web.realtime.protocol_errors import ProtocolError, server_error_event
from workers.live.calls import UnknownCallError

MAX_ROUNDS = 8
"""Of calls without a word of the user or the client; then the model has to do without."""
REFUSED = "The user did not allow this call."
_MAX_LISTINGS = 16
"""Servers of one session that may be asked for their tools at once."""

Servers = list[tuple[McpConfig, McpServer]]


@dataclass
class _Pending:
    """The calls of one response that have no result yet."""

    turn_id: str
    call_ids: set[str] = field(default_factory=set)
    is_clients: bool = False
    """The client runs some of them, and asks for the reply itself."""


class SessionMcp:
    """Thread-safe, by the narrator's lock, which is held while `offered` and `take` are called."""

    def __init__(
        self,
        live: Live,
        items: Items,
        lock: threading.Lock,
        outbox: Outbox,
        on_tools: Callable[[], None],
        go_on: Callable[[bool], None],
    ) -> None:
        """`on_tools` is called when there are other tools than before; `go_on` when all calls of a
        response have returned, with whether there may be more of them. Both by other threads."""
        self._live = live
        self._items = items
        self._lock = lock
        self._outbox = outbox
        self._on_tools = on_tools
        self._go_on = go_on
        self._servers: Servers = []
        self._tools: dict[str, list[McpTool]] = {}
        """By the server's label."""
        self._failed: set[str] = set()
        """The labels of servers that did not tell their tools: who names one again has it asked
        again."""
        self._offered: dict[str, tuple[McpConfig, McpTool]] = {}
        """By the name that the model knows."""
        self._pending: dict[str, _Pending] = {}
        """By the call's id."""
        self._approvals: dict[str, ApprovalItem] = {}
        self._rounds = 0
        self._n_listings = 0
        self._is_closed = False

    def servers(self, configs: Iterable[McpConfig]) -> Servers:
        """Return which servers these are. Raises McpNotAllowedError; ProtocolError where too many
        are still being asked for their tools."""
        servers = [
            (
                config,
                self._live.mcp_server(config.server_label, config.server_url, config.all_headers()),
            )
            for config in configs
        ]
        new = self._new(servers)
        if new and self._n_listings + len(new) > _MAX_LISTINGS:
            raise ProtocolError(
                "rate_limit_exceeded",
                f"At most {_MAX_LISTINGS} MCP servers are asked for their tools at once; wait "
                "until they have told them.",
                "session.tools",
            )
        return servers

    def use(self, servers: Servers) -> None:
        """Use these servers from now on; those that are new are asked for their tools."""
        with self._lock:
            new = self._new(servers)
            self._servers = servers
            labels = {config.server_label for config, _ in servers}
            self._tools = {label: t for label, t in self._tools.items() if label in labels}
            for config, server in new:
                self._tools.pop(config.server_label, None)
                self._failed.discard(config.server_label)
                self._n_listings += 1
                self._start(self._list, config.server_label, server)
            self._offer()

    def _new(self, servers: Servers) -> Servers:
        known = {config.server_label: server for config, server in self._servers}
        return [
            (config, server)
            for config, server in servers
            if known.get(config.server_label) != server or config.server_label in self._failed
        ]

    def close(self) -> None:
        self._is_closed = True

    def offered(self, labels: Collection[str]) -> tuple[FunctionTool, ...]:
        """Return the tools of these servers as functions."""
        return tuple(
            FunctionTool(name=name, description=tool.description, parameters=tool.input_schema)
            for name, (config, tool) in self._offered.items()
            if config.server_label in labels
        )

    def as_item(self, call: FunctionCall, item_id: str) -> McpCallItem | ApprovalItem | None:
        """Return what becomes of a model's call; None where it is for the client to run."""
        if call.name not in self._offered:
            return None
        config, tool = self._offered[call.name]
        if config.needs_approval(tool):
            return ApprovalItem(item_id, call, config.server_label, tool.name)
        return McpCallItem(item_id, call, config.server_label, tool.name)

    def take(self, turn_id: str, items: Sequence[Any]) -> None:
        """Run the calls of a response, of which the client has been told."""
        ours = [item for item in items if isinstance(item, McpCallItem | ApprovalItem)]
        if not ours:
            self._rounds = 0
            return
        self._rounds += 1
        pending = _Pending(turn_id, is_clients=len(ours) < len(items))
        for item in ours:
            pending.call_ids.add(item.call.id)
            self._pending[item.call.id] = pending
            if isinstance(item, ApprovalItem):
                self._approvals[item.id] = item
            else:
                self._start(self._run, item, self._server(item.server_label))

    def is_asked(self, request_id: str) -> bool:
        """Return whether there is such a request, without an answer."""
        return request_id in self._approvals

    def approve(self, request_id: str, is_approved: bool, reason: str | None) -> None:
        """Do what the client answered."""
        with self._lock:
            request = self._approvals.pop(request_id)
            self._rounds = 0
            if is_approved:
                item = McpCallItem(
                    id=f"item_{secrets.token_hex(10)}",
                    call=request.call,
                    server_label=request.server_label,
                    tool=request.tool,
                    approval_request_id=request_id,
                )
                previous = self._items.add(item)
                self._outbox.put(item_added(item, previous), mcp_call_told("in_progress", item))
                self._start(self._run, item, self._server(item.server_label))
            else:
                result = f"{REFUSED} {reason or ''}".strip()
                self._start(self._returned, request.call.id, result)

    def _server(self, label: str) -> McpServer | None:
        found = (server for config, server in self._servers if config.server_label == label)
        return next(found, None)

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=run, args=arguments, name="live-mcp", daemon=True).start()

    def _list(self, label: str, server: McpServer) -> None:
        item = ListItem(f"item_{secrets.token_hex(10)}", label)
        with self._lock:
            previous = self._items.add(item)
            self._outbox.put(
                item_added(item, previous),
                {"type": "mcp_list_tools.in_progress", "item_id": item.id},
            )
        try:
            tools = self._live.mcp_tools(server)
        except AssistantError as error:
            with self._lock:
                if self._server(label) == server:
                    self._failed.add(label)
            self._outbox.put(
                {"type": "mcp_list_tools.failed", "item_id": item.id},
                server_error_event(error.code, f"{label}: {error}", None),
            )
            return
        finally:
            with self._lock:
                self._n_listings -= 1
        with self._lock:
            item.tools = tools
            if self._server(label) == server:  # The label may be another server's by now.
                self._tools[label] = tools
                self._offer()
        self._on_tools()
        self._outbox.put(
            item_done(item, previous), {"type": "mcp_list_tools.completed", "item_id": item.id}
        )

    def _offer(self) -> None:
        self._offered = {
            config.offered_name(tool.name): (config, tool)
            for config, _ in self._servers
            for tool in self._tools.get(config.server_label, ())
            if config.allows(tool)
        }

    def _run(self, item: McpCallItem, server: McpServer | None) -> None:
        result = self._result(item, server)
        with self._lock:
            told = [mcp_call_told("failed" if item.error else "completed", item)]
            told.append(item_done(item, None))
            if item.response_id:
                told.append(
                    {
                        "type": "response.output_item.done",
                        "response_id": item.response_id,
                        "output_index": item.output_index,
                        "item": item.describe(),
                    }
                )
            pending = self._pending.get(item.call.id)
            self._outbox.put_last(pending.turn_id if pending else "", *told)
        self._returned(item.call.id, result)

    def _result(self, item: McpCallItem, server: McpServer | None) -> str:
        """Call the tool; return what the model is told."""
        try:
            arguments = json.loads(item.call.arguments or "{}")
            if server is None or not isinstance(arguments, dict):
                raise ValueError("The server is gone, or the arguments are no object.")
            answer = self._live.call_mcp_tool(server, item.tool, arguments)
        except (AssistantError, ValueError) as error:
            item.error = {"type": "protocol_error", "code": FAILED, "message": str(error)}
            return f"Error: {error}"
        if answer.is_error:
            item.error = {"type": "tool_execution_error", "message": answer.text}
            return f"Error: {answer.text}"
        item.output = answer.text
        return answer.text

    def _returned(self, call_id: str, result: str) -> None:
        is_wanted = True
        try:
            self._live.give_result(call_id, result)
        except UnknownCallError:
            is_wanted = False  # Deleted while it ran.
        with self._lock:
            pending = self._pending.pop(call_id, None)
            if pending is not None:
                pending.call_ids.discard(call_id)
            is_complete = pending is not None and not (pending.call_ids or pending.is_clients)
            may_call = self._rounds < MAX_ROUNDS
        if is_wanted and is_complete and not self._is_closed:
            self._go_on(may_call)
