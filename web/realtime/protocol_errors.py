"""What a client does wrong: told by an `error` event, and the session lives on."""

from typing import Any


class ProtocolError(ValueError):
    """`message` is for the client's developer; `param` is the path of the field it is about."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


_UNKNOWN_ITEM = {
    "conversation.item.retrieve": "item_retrieve_invalid_item_id",
    "conversation.item.delete": "item_delete_invalid_item_id",
    "conversation.item.truncate": "item_truncate_invalid_item_id",
}
"""OpenAI's codes for `item_not_found`, by the client's event. Clients know them to be harmless."""


def error_event(
    error: ProtocolError, client_event_id: str | None, client_event_type: Any = None
) -> dict[str, Any]:
    code = error.code
    if code == "item_not_found" and isinstance(client_event_type, str):
        code = _UNKNOWN_ITEM.get(client_event_type, code)
    return {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "code": code,
            "message": error.message,
            "param": error.param,
            "event_id": client_event_id,
        },
    }


def server_error_event(code: str, message: str, client_event_id: str | None) -> dict[str, Any]:
    """Of what is not the client's fault."""
    event = error_event(ProtocolError(code, message), client_event_id)
    event["error"]["type"] = "server_error"
    return event
