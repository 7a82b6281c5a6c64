"""JSON that Python reads, and nothing behind it can hold."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from web.app import create_app
from web.strict_json import loads
from workers.settings import Settings


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(data_dir=tmp_path)).test_client()


@pytest.mark.parametrize(
    "body",
    [
        rb'{"question": "\ud800"}',
        b'{"question": "\xed\xa0\x80"}',
        b'{"question": "\xff"}',
        '{"question": "\\ud800"}'.encode("utf-16-le"),
        b'{"question": "Hi", "speed": NaN}',
        b'{"question": "Hi", "speed": Infinity}',
        b'{"question": "Hi", "speed": 1e999}',
        b"[" * 100_000,
        b'{"question": ' + b"9" * 5000 + b"}",
    ],
    ids=[
        "half a pair",
        "the same in UTF-8",
        "no UTF-8",
        "half a pair in UTF-16",
        "NaN",
        "infinity",
        "what would be infinity",
        "deep",
        "a long number",
    ],
)
def test_it_is_refused(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/chat", data=body, content_type="application/json")
    assert (response.status_code, response.get_json()["code"]) == (400, "request_invalid")


@pytest.mark.parametrize(
    ("text", "value"), [("5.0", 5), ("5e2", 500), ("0.5", 0.5), ("1e300", 1e300), ("-0.0", 0)]
)
def test_a_number_without_a_fraction_is_an_integer(text: str, value: float) -> None:
    read = loads(text)
    assert (read, type(read)) == (value, type(value))


def test_a_whole_pair_is_a_character(client: FlaskClient) -> None:
    body = rb'{"question": "\ud83d\ude00", "speed": 9}'
    response = client.post("/api/chat", data=body, content_type="application/json")
    assert response.get_json()["detail"].startswith("speed: ")
