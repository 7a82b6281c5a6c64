"""The items that tell of MCP servers, their tools, and what these were called for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.messages import FunctionCall
from assistant.plugins.mcp_values import McpTool

FAILED = -32_603
"""JSON-RPC's internal error."""


@dataclass
class ListItem:
    id: str
    server_label: str
    tools: Sequence[McpTool] = ()

    def describe(self) -> dict[str, Any]:
        tools = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.input_schema,
                "annotations": {"readOnlyHint": tool.is_read_only},
            }
            for tool in self.tools
        ]
        return {
            "id": self.id,
            "type": "mcp_list_tools",
            "server_label": self.server_label,
            "tools": tools,
        }


@dataclass
class McpCallItem:
    id: str
    call: FunctionCall
    """By the name that the model knows."""
    server_label: str
    tool: str
    response_id: str = ""
    """Empty where it was called later, when that was approved."""
    output_index: int = 0
    approval_request_id: str | None = None
    output: str | None = None
    error: dict[str, Any] | None = None

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "mcp_call",
            "server_label": self.server_label,
            "name": self.tool,
            "arguments": self.call.arguments,
            "approval_request_id": self.approval_request_id,
            "output": self.output,
            "error": self.error,
        }


@dataclass
class ApprovalItem:
    id: str
    call: FunctionCall
    server_label: str
    tool: str

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "mcp_approval_request",
            "server_label": self.server_label,
            "name": self.tool,
            "arguments": self.call.arguments,
        }


@dataclass
class ApprovalAnswerItem:
    id: str
    approval_request_id: str
    approve: bool
    reason: str | None = None

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "mcp_approval_response",
            "approval_request_id": self.approval_request_id,
            "approve": self.approve,
            "reason": self.reason,
        }


def mcp_call_told(what: str, item: McpCallItem) -> dict[str, Any]:
    """Return the event that tells how far a call is."""
    return {
        "type": f"response.mcp_call.{what}",
        "item_id": item.id,
        "output_index": item.output_index,
    }


McpItem = ListItem | McpCallItem | ApprovalItem | ApprovalAnswerItem
