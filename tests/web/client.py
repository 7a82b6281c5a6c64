"""What a client of the API does, for tests."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

TIMEOUT = httpx.Timeout(120)


def sse(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (id, data) of each server-sent event."""
    event_id = ""
    for line in lines:
        if line.startswith("id: "):
            event_id = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield event_id, json.loads(line.removeprefix("data: "))


def follow(url: str, last_event_id: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with httpx.stream("GET", url, headers=headers, timeout=TIMEOUT) as response:
        assert response.status_code == 200, response.read()
        return list(sse(response.iter_lines()))


def openai_error(
    response: httpx.Response, status: int, code: str, param: str | None = None
) -> None:
    """Assert that the response is this error, in the shape of OpenAI's."""
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["message"]


def problem(response: httpx.Response, status: int, code: str) -> None:
    """Assert that the response is this error, in the one shape of all errors."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["detail"]
