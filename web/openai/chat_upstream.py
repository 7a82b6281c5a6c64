"""Chat completions straight from a configured model: its server's answers, as they are.

What the user may spend, and what is used, is looked after as for the assistant's replies.
"""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, request
from pydantic import ValidationError

from assistant.json_schema import check_schemas
from web.context import services
from web.errors import ProblemError
from web.openai.chat_messages import hear, user_id
from web.openai.chat_request import MAX_CHOICES, ContentPart
from web.openai.upstream_call import UpstreamCall
from workers.direct_models import DirectModel, exhausted


def answer(model: DirectModel, body: dict[str, Any]) -> Response:
    """Raises ProblemError."""
    _check(model, body)
    call = UpstreamCall(services(), model, user_id(), _prepared(body))
    try:
        if not body.get("stream"):
            whole = json.dumps(call.whole(request.environ), ensure_ascii=False)
            call.close()
            return Response(whole, content_type="application/json")
        chunks = call.lines()
        first = next(chunks)
    except BaseException:
        call.close()
        raise
    response = Response(_joined(first, chunks), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the words back.
    response.call_on_close(call.close)
    return response


def _joined(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _check(model: DirectModel, body: dict[str, Any]) -> None:
    modalities = body.get("modalities")
    if isinstance(modalities, list) and "audio" in modalities:
        raise ProblemError(
            "request_invalid", f"{model.name} only writes; ask the model 'assistant'.", "modalities"
        )
    count = body.get("n")
    if count is not None and not (isinstance(count, int) and 1 <= count <= MAX_CHOICES):
        raise ProblemError("request_invalid", f"n is from 1 to {MAX_CHOICES}.", "n")
    _check_grammar(body)
    match exhausted(services(), model, user_id()):
        case "budget":
            raise ProblemError("insufficient_quota", "Today's budget for answers is used up.")
        case "limit":
            raise ProblemError("rate_limit_exceeded", f"{model.name} has reached its limit.")


def _check_grammar(body: dict[str, Any]) -> None:
    """Raises ProblemError for what would hold up the model's server for everybody."""
    if body.get("grammar") is not None:
        raise ProblemError("request_invalid", "Send a JSON schema in place of it.", "grammar")
    for name in ("tools", "response_format", "json_schema"):
        value = body.get(name)
        schemas = value if isinstance(value, list) else [value]
        try:
            check_schemas(schema for schema in schemas if isinstance(schema, dict))
        except ValueError as error:
            raise ProblemError("request_invalid", f"A schema has {error}.", name) from error


def _prepared(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with what is said in recordings in their place."""
    messages = body.get("messages")
    messages = [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    _check_depth(messages)
    spoken = [
        (content, place)
        for message in messages
        if isinstance(content := message.get("content"), list)
        for place, part in enumerate(content)
        if isinstance(part, dict) and part.get("type") == "input_audio"
    ]
    try:
        parts = [ContentPart.model_validate(content[place]) for content, place in spoken]
    except ValidationError as error:
        raise ProblemError(
            "request_invalid", "An input_audio part lacks its data.", "messages"
        ) from error
    hear(parts)
    for (content, place), part in zip(spoken, parts, strict=True):
        content[place] = {"type": "text", "text": part.text}
    return body


def _check_depth(messages: list[dict[str, Any]]) -> None:
    """Raises ProblemError for what llama.cpp would die of: calls' arguments, which it reads as
    JSON, nested 30,000 levels deep."""
    calls = [calls for message in messages if isinstance(calls := message.get("tool_calls"), list)]
    for call in (call for several in calls for call in several if isinstance(call, dict)):
        function = call.get("function")
        arguments = function.get("arguments") if isinstance(function, dict) else None
        try:
            if isinstance(arguments, str):
                json.loads(arguments)
        except RecursionError as error:
            raise ProblemError(
                "request_invalid", "The arguments of a call are too deeply nested.", "messages"
            ) from error
        except ValueError:
            pass  # Some servers pass them on as they are.
