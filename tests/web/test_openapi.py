"""The description of the API, as /openapi.json gives it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from pydantic import BaseModel

from web.app import create_app
from web.errors import STATUS
from web.openapi import Events, operation
from web.openapi_document import VERSION, openapi_document
from workers.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(data_dir=tmp_path))


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def test_it_is_openapi(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"] == "3.1.1"


def test_everything_that_programs_ask_for_is_described(
    app: Flask, document: dict[str, Any]
) -> None:
    undescribed = [
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api", "/v1", "/healthz", "/readyz")) and not rule.websocket
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if method.lower()
        not in document["paths"].get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {})
    ]
    assert undescribed == []


def test_each_operation_has_a_name_of_its_own_and_says_what_it_does(
    document: dict[str, Any],
) -> None:
    ids = [each["operationId"] for each in operations(document)]
    assert len(ids) == len(set(ids))
    assert [each["operationId"] for each in operations(document) if not each["summary"]] == []
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert {tag for each in operations(document) for tag in each["tags"]} == tags.keys()
    assert all(tags.values())


def test_each_reference_leads_somewhere_and_each_schema_is_wanted(
    document: dict[str, Any],
) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(document)))
    assert references == document["components"]["schemas"].keys()


def test_errors_have_the_shape_of_their_part_of_the_api(document: dict[str, Any]) -> None:
    shapes = {
        (path.split("/")[1], *response["content"])
        for path, methods in document["paths"].items()
        for each in methods.values()
        for status, response in each["responses"].items()
        if int(status) >= 400 and path.startswith(("/api/", "/v1/"))
    }
    assert shapes == {("api", "application/problem+json"), ("v1", "application/json")}


def test_each_code_is_said_with_its_status(document: dict[str, Any]) -> None:
    chat = document["paths"]["/api/chat"]["post"]["responses"]
    assert chat["413"]["description"] == "`audio_too_large`, `audio_too_long`, `question_too_long`"
    said = re.findall(r"`([a-z_]+)`", str([each["responses"] for each in operations(document)]))
    others = {"not_found", "content_type_invalid", "range_invalid"}
    assert set(said) - others <= STATUS.keys()


def test_a_stream_says_what_its_events_are(document: dict[str, Any]) -> None:
    response = document["paths"]["/api/turns/{turn_id}/events"]["get"]["responses"]["200"]
    event = response["content"]["text/event-stream"]["schema"]["properties"]
    assert event["data"]["contentSchema"] == {"$ref": "#/components/schemas/Event"}
    kinds = document["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    assert "turn_finished" in kinds


def test_a_recording_is_a_file_in_a_form(document: dict[str, Any]) -> None:
    body = document["paths"]["/api/voice"]["post"]["requestBody"]["content"]
    assert list(body) == ["multipart/form-data"]
    form = document["components"]["schemas"]["VoiceForm"]
    assert form["properties"]["audio"]["format"] == "binary"
    assert form["required"] == ["audio"]
    assert {"type": "null"} not in form["properties"]["language"].get("anyOf", [])


def test_headers_and_queries_are_parameters(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/turns/{turn_id}/events"]["get"]["parameters"]
    assert [(each["name"], each["in"], each["required"]) for each in parameters] == [
        ("turn_id", "path", True),
        ("last_event_id", "query", False),
        ("Last-Event-Id", "header", False),
    ]


@pytest.mark.parametrize("has_api_keys", [True, False])
def test_a_key_is_needed_where_the_server_has_some(app: Flask, has_api_keys: bool) -> None:
    paths = openapi_document(app, has_api_keys=has_api_keys)["paths"]
    speech = paths["/v1/audio/speech"]["post"]["security"]
    assert ({} in speech) is not has_api_keys
    assert {} not in paths["/api/usage"]["get"]["security"]
    assert {} in paths["/api/chat"]["post"]["security"]


def test_the_version_is_the_projects(document: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert document["info"]["version"] == VERSION == project["version"]


def test_the_last_event_of_a_stream_may_be_a_word() -> None:
    class Piece(BaseModel):
        text: str

    app = Flask(__name__)

    @app.get("/v1/pieces")
    @operation({200: Events(Piece, last="[DONE]")})
    def pieces() -> str:
        """Tell in pieces."""
        return ""

    document = openapi_document(app, has_api_keys=False)
    content = document["paths"]["/v1/pieces"]["get"]["responses"]["200"]["content"]
    data = content["text/event-stream"]["schema"]["properties"]["data"]
    assert data["if"] == {"const": "[DONE]"}
    assert data["else"]["contentSchema"] == {"$ref": "#/components/schemas/Piece"}


def test_it_is_asked_for_anew_and_sent_only_where_it_changed(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
