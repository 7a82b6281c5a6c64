"""Errors as `application/problem+json` (RFC 9457): one shape, one table of codes."""

import logging
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from assistant.errors import AssistantError
from speech.errors import SpeechError
from web.openai.errors import is_openai, openai_error

log = logging.getLogger(__name__)

STATUS = {
    "request_invalid": 400,
    "question_empty": 400,
    "question_too_long": 413,
    "context_length_exceeded": 400,
    "request_too_large": 413,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
    "unknown_voice": 400,
    "unknown_language": 400,
    "audio_missing": 400,
    "audio_empty": 400,
    "audio_unreadable": 415,
    "audio_too_large": 413,
    "audio_too_long": 413,
    "audio_too_many_channels": 415,
    "guest_unknown": 401,
    "invalid_api_key": 401,
    "invalid_client_secret": 401,
    "invalid_session": 400,
    "webrtc_unsupported": 400,
    "model_not_found": 404,
    "previous_response_not_found": 404,
    "origin_refused": 403,
    "sessions_full": 503,
    "turn_unknown": 404,
    "conversation_unknown": 404,
    "fact_unknown": 404,
    "profile_off": 404,
    "audio_unknown": 404,
    "transcript_unknown": 404,
    "turn_expired": 410,
    "audio_not_ready": 409,
    "transcript_not_ready": 409,
    "synthesis_failed": 422,
    "turn_cancelled": 409,
    "engine_unavailable": 503,
    "language_model_unavailable": 503,
    "language_model_rejected": 502,
    "store_unavailable": 503,
    "turn_timeout": 504,
    "internal": 500,
}
"""Every `code` that an answer can carry, with its HTTP status."""

_HTTP_ERRORS = {
    400: ("request_invalid", "The server could not read this request."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("audio_too_large", "This upload is too large; send a smaller or shorter recording."),
    415: ("content_type_invalid", "Send JSON with the header Content-Type: application/json."),
    416: ("range_invalid", "The sound does not have the bytes that were asked for."),
}


class Problem(BaseModel):
    """RFC 9457, with a `code` that stays as it is whatever the words."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class ProblemError(Exception):
    """Raised by a view to answer with this code and sentence."""

    def __init__(self, code: str, detail: str, param: str | None = None) -> None:
        """`param`: the field that is wrong, which OpenAI's clients are told of."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.param = param

    @property
    def status(self) -> int:
        """Of HTTP."""
        return STATUS.get(self.code, 500)


def problem(
    code: str, detail: str, status: int | None = None, param: str | None = None
) -> Response:
    status = status or STATUS.get(code, 500)
    if is_openai(request):
        return openai_error(code, detail, status, param)
    body = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
    )
    response = jsonify(body.model_dump())
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def status_of(code: str) -> int:
    """Raises LookupError for a code that no answer carries."""
    if code in STATUS:
        return STATUS[code]
    return {name: status for status, (name, _) in _HTTP_ERRORS.items()}[code]


def register(app: Flask) -> None:
    app.register_error_handler(
        ProblemError, lambda error: problem(error.code, error.detail, param=error.param)
    )
    app.register_error_handler(AssistantError, lambda error: problem(error.code, str(error)))
    app.register_error_handler(SpeechError, lambda error: problem(error.code, str(error)))
    app.register_error_handler(RedisError, _store_unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _internal)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code, detail = _HTTP_ERRORS.get(status, ("request_invalid", error.description or error.name))
    response = problem(code, detail, status)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "Content-Range"}:
            response.headers[name] = value
    return response


def _store_unavailable(error: RedisError) -> Response:
    log.error("Redis cannot be reached: %s", error)
    response = problem("store_unavailable", "The server is restarting; try again in a moment.")
    response.headers["Retry-After"] = "2"
    return response


def _internal(error: Exception) -> Response:
    log.exception("a request failed", exc_info=error)
    return problem("internal", "Something went wrong on our side.")
