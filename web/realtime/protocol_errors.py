"""What a client does wrong: told by an `error` event, and the session lives on."""

from typing import Any


class ProtocolError(ValueError):
    """`message` is for the client's developer; `param` is the path of the field it is about."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


def error_event(error: ProtocolError, client_event_id: str | None) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "code": error.code,
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
