"""The OpenAPI 3.1 description of every view that has an `@operation`.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask

from web.errors import Problem, status_of
from web.openai.errors import OpenAIErrorAnswer, openai_status
from web.openapi import Answer, Events, Operation
from web.openapi_schemas import Json, Schemas, answers_of

VERSION = "0.1.0"
"""As in pyproject.toml, which an installed server need not have at hand."""

_ABOUT = """\
A self-hosted assistant: speech in, an answer and speech out. Each question is a *turn*, whose
events can be followed while it is answered.

What clients of OpenAI's API ask for stands under `/v1`, with errors in its shape. All other errors
are `application/problem+json` (RFC 9457). Either kind has a stable `code`.

Live conversations go over a WebSocket, which OpenAPI has no words for: `WS /v1/realtime` speaks
the events of [OpenAI's Realtime API](https://platform.openai.com/docs/api-reference/realtime).
"""

_SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "One of the keys of the server's setting API_KEYS.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "guest",
        "description": "What the server's page gives to a browser.",
    },
}

_PLACEHOLDER = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True, kw_only=True)
class Described:
    """One method of one address."""

    path: str
    method: str
    endpoint: str
    view: Callable[..., object]
    operation: Operation
    parameters: tuple[str, ...]

    @property
    def is_openai(self) -> bool:
        return self.path.startswith("/v1/")

    @property
    def tag(self) -> str:
        return self.endpoint.rpartition(".")[0]

    @property
    def id(self) -> str:
        name = self.endpoint.rpartition(".")[2]
        return self.tag if f"_{self.tag}".endswith(f"_{name}") else f"{self.tag}_{name}"


def openapi_document(app: Flask, *, has_api_keys: bool) -> Json:
    """`has_api_keys`: whether requests under `/v1` need one."""
    found = list(_described(app))
    schemas = Schemas([each.operation for each in found], (Problem, OpenAIErrorAnswer))
    paths: defaultdict[str, Json] = defaultdict(dict)
    tags: dict[str, str] = {}
    for each in found:
        tags.setdefault(each.tag, _words(sys.modules[each.view.__module__])[0])
        operation = _operation(each, schemas)
        _link(operation["responses"], each.operation, found)
        operation["security"] = _security(each, needs_key=each.is_openai and has_api_keys)
        paths[each.path][each.method] = operation
    return {
        "openapi": "3.1.1",
        "info": {"title": "Voice assistant", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "paths": dict(paths),
        "components": {"schemas": schemas.definitions, "securitySchemes": _SECURITY_SCHEMES},
    }


def _described(app: Flask) -> Iterator[Described]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        if known := getattr(view, "__operation__", None):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Described(
                    path=_PLACEHOLDER.sub(r"{\1}", rule.rule),
                    method=method.lower(),
                    endpoint=rule.endpoint,
                    view=view,
                    operation=known,
                    parameters=tuple(_PLACEHOLDER.findall(rule.rule)),
                )


def _operation(each: Described, schemas: Schemas) -> Json:
    operation = each.operation
    summary, description = _words(each.view)
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in each.parameters
    ]
    if operation.query:
        parameters += schemas.parameters(operation.query, "query")
    if operation.headers:
        parameters += schemas.parameters(operation.headers, "header")
    known: Json = {"operationId": each.id, "tags": [each.tag], "summary": summary}
    if description:
        known["description"] = description
    if parameters:
        known["parameters"] = parameters
    if taken := _taken(operation, schemas):
        known["requestBody"] = {"required": _is_required(operation), "content": taken}
    known["responses"] = {
        str(status): _response(status, answers_of(answers), schemas)
        for status, answers in operation.answers.items()
    } | _errors(each, schemas)
    return known


def _words(described: object) -> tuple[str, str]:
    """Return the first paragraph of the docstring, in one line, and the rest."""
    first, _, rest = (inspect.getdoc(described) or "").partition("\n\n")
    return " ".join(first.split()).removesuffix("."), rest


def _is_required(operation: Operation) -> bool:
    models = [model for model in (operation.body, operation.form) if model]
    return any(field.is_required() for model in models for field in model.model_fields.values())


def _taken(operation: Operation, schemas: Schemas) -> Json:
    taken: Json = {}
    if operation.body:
        taken["application/json"] = {"schema": schemas.request(operation.body)}
    if operation.form:
        taken["multipart/form-data"] = {"schema": schemas.request(operation.form)}
    return taken


def _response(status: int, answers: Sequence[Answer], schemas: Schemas) -> Json:
    content: Json = {}
    objects = [schemas.answer(answer) for answer in answers if isinstance(answer, type)]
    if objects:
        schema = objects[0] if len(objects) == 1 else {"anyOf": objects}
        content["application/json"] = {"schema": schema}
    for answer in answers:
        if isinstance(answer, Events):
            content["text/event-stream"] = {"schema": _event(answer, schemas)}
        elif isinstance(answer, str):
            is_text = answer.startswith("text/")
            content[answer] = {"schema": {"type": "string"} if is_text else {}}
    response: Json = {"description": HTTPStatus(status).phrase}
    if content:
        response["content"] = content
    return response


def _event(events: Events, schemas: Schemas) -> Json:
    """Describe one of the stream's events, as OpenAPI 3.2 does under `itemSchema`."""
    data: Json = {
        "contentMediaType": "application/json",
        "contentSchema": schemas.answer(events.of),
    }
    if events.last is not None:
        data = {"if": {"const": events.last}, "else": data}
    return {
        "type": "object",
        "description": "Each of the server-sent events.",
        "properties": {
            "id": {"type": "string"},
            "event": {"type": "string"},
            "data": {"type": "string"} | data,
        },
        "required": ["data"],
    }


def _link(responses: Json, operation: Operation, others: Sequence[Described]) -> None:
    """Say which operations take the ids that an answer holds."""
    for status, answers in operation.answers.items():
        links = {
            other.id: {
                "operationId": other.id,
                "parameters": {name: f"$response.body#/{name}" for name in other.parameters},
            }
            for other in others
            for answer in answers_of(answers)
            if isinstance(answer, type)
            and other.parameters
            and set(other.parameters) <= answer.model_fields.keys()
        }
        if links:
            responses[str(status)]["links"] = links


def _errors(each: Described, schemas: Schemas) -> Json:
    operation = each.operation
    codes = {*operation.errors, "internal", "store_unavailable"}
    if operation.body or operation.form or operation.query or operation.headers:
        codes.add("request_invalid")
    if operation.body or operation.form:
        codes.add("audio_too_large")
    if operation.body:
        codes.add("content_type_invalid")
    if each.parameters:
        codes.add("not_found")
    if each.is_openai:
        codes.add("invalid_api_key")
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in sorted(codes):
        status = status_of(code)
        by_status[openai_status(status) if each.is_openai else status].append(f"`{code}`")
    kind, model = (
        ("application/json", OpenAIErrorAnswer)
        if each.is_openai
        else ("application/problem+json", Problem)
    )
    content: Json = {kind: {"schema": schemas.answer(model)}}
    return {
        str(status): {"description": ", ".join(names), "content": content}
        for status, names in sorted(by_status.items())
        if status not in operation.answers
    }


def _security(each: Described, *, needs_key: bool) -> list[Json]:
    if needs_key:
        return [{"bearer": []}]
    if "guest_unknown" in each.operation.errors:
        return [{"bearer": []}, {"cookie": []}]
    return [{}, {"bearer": []}, {"cookie": []}]
