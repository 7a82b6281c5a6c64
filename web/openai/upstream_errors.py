"""What a model's server says no with, as our clients are told."""

import httpx

from web.errors import ProblemError

_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}
"""Codes and types of errors: OpenAI's, llama.cpp's."""


def refusal(response: httpx.Response) -> ProblemError:
    """Return the server's error; our key and address are not the client's fault."""
    try:
        error = response.json()["error"]
        error = error if isinstance(error, dict) else {"message": str(error)}
    except (ValueError, TypeError, LookupError):
        error = {}
    message = (
        str(error.get("message") or "") or f"The model's server refused ({response.status_code})."
    )
    param = error.get("param")
    if _TOO_LONG & {str(error.get("code")), str(error.get("type"))}:
        return ProblemError("context_length_exceeded", message, "messages")
    match response.status_code:
        case 400 | 413 | 422:
            return ProblemError(
                "request_invalid", message, param if isinstance(param, str) else None
            )
        case 429:
            return ProblemError("rate_limit_exceeded", message)
        case status if status < 500:
            return ProblemError(
                "language_model_rejected", f"The model's server refused ({status})."
            )
        case _:
            return unavailable()


def unavailable() -> ProblemError:
    return ProblemError("language_model_unavailable", "The language model does not respond.")
