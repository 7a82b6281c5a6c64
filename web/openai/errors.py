"""Errors under `/v1` in the shape that OpenAI's clients read."""

from http import HTTPStatus

from flask import Request, Response, jsonify
from pydantic import BaseModel

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class OpenAIError(BaseModel):
    message: str
    type: str
    param: str | None
    code: str


class OpenAIErrorAnswer(BaseModel):
    error: OpenAIError


def is_openai(request: Request) -> bool:
    return request.path.startswith("/v1/")


def openai_status(status: int) -> int:
    """Return what stands for one of ours: clients know a file that cannot be read as a 400."""
    return 400 if status == 415 else status


def openai_error(code: str, message: str, status: int, param: str | None = None) -> Response:
    """Return one error.

    Source: https://platform.openai.com/docs/guides/error-codes
    """
    response = jsonify(error_answer(code, message, status, param).model_dump())
    response.status_code = openai_status(status)
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        # OpenAI's clients would have the same long work done twice more.
        response.headers["X-Should-Retry"] = "false"
    return response


def error_answer(
    code: str, message: str, status: int, param: str | None = None
) -> OpenAIErrorAnswer:
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    return OpenAIErrorAnswer(error=OpenAIError(message=message, type=kind, param=param, code=code))
