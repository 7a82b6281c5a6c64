"""Errors under `/v1` in the shape that OpenAI's clients read."""

from flask import Request, Response, jsonify

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def is_openai(request: Request) -> bool:
    return request.path.startswith("/v1/")


def openai_error(code: str, message: str, status: int, param: str | None = None) -> Response:
    """Return `{"error": {"message", "type", "param", "code"}}`.

    Source: https://platform.openai.com/docs/guides/error-codes
    """
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    response = jsonify(error={"message": message, "type": kind, "param": param, "code": code})
    response.status_code = status
    return response
