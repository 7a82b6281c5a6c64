"""The user's conversations over HTTP: listed, read, renamed, exported, deleted; nobody else's."""

import contextlib
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Server
from tests.web.client import TIMEOUT, problem


@contextlib.contextmanager
def browser(server: Server) -> Iterator[httpx.Client]:
    """A client that has opened the page, and so has its cookie."""
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as client:
        assert client.get("/").status_code == 200
        yield client


@pytest.fixture
def anna(server: Server) -> Iterator[httpx.Client]:
    with browser(server) as client:
        yield client


@pytest.fixture
def bob(server: Server) -> Iterator[httpx.Client]:
    with browser(server) as client:
        yield client


def ask(client: httpx.Client, question: str, conversation_id: str | None = None) -> dict:
    body = {"question": question, "speak": False}
    if conversation_id:
        body["conversation_id"] = conversation_id
    response = client.post("/api/chat", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_conversation_is_listed_read_renamed_exported_and_deleted(anna: httpx.Client) -> None:
    assert anna.get("/api/conversations").json() == {"conversations": []}
    first = ask(anna, "What is 2 plus 3?")
    conversation = first["conversation_id"]
    ask(anna, "What is 17 % of 250?", conversation)
    (listed,) = anna.get("/api/conversations").json()["conversations"]
    assert listed["conversation_id"] == conversation
    assert (listed["title"], listed["turn_count"]) == ("What is 2 plus 3?", 2)
    address = f"/api/conversations/{conversation}"
    turns = anna.get(address).json()["turns"]
    assert [turn["question"] for turn in turns] == ["What is 2 plus 3?", "What is 17 % of 250?"]
    assert turns[0]["turn_id"] == first["turn_id"]
    renamed = anna.patch(address, json={"title": " Sums "}).json()
    assert renamed["title"] == "Sums"
    markdown = anna.get(f"{address}/export")
    assert markdown.headers["Content-Type"].startswith("text/markdown")
    assert "attachment" in markdown.headers["Content-Disposition"]
    assert "# Sums" in markdown.text and "> What is 17 % of 250?" in markdown.text
    assert anna.get(f"{address}/export?format=json").json()["turns"] == turns
    assert anna.delete(address).status_code == 204
    problem(anna.get(address), 404, "conversation_unknown")
    assert anna.get("/api/conversations").json() == {"conversations": []}


def test_a_stranger_finds_nothing_and_cannot_join(anna: httpx.Client, bob: httpx.Client) -> None:
    conversation = ask(anna, "What is 2 plus 3?")["conversation_id"]
    address = f"/api/conversations/{conversation}"
    assert bob.get("/api/conversations").json() == {"conversations": []}
    problem(bob.get(address), 404, "conversation_unknown")
    problem(bob.get(f"{address}/export"), 404, "conversation_unknown")
    problem(bob.patch(address, json={"title": "Mine"}), 404, "conversation_unknown")
    problem(bob.delete(address), 404, "conversation_unknown")
    body = {"question": "What did we say?", "conversation_id": conversation}
    problem(bob.post("/api/chat", json=body), 404, "conversation_unknown")
    without_cookie = httpx.post(f"{anna.base_url}/api/chat", json=body, timeout=TIMEOUT)
    problem(without_cookie, 404, "conversation_unknown")
    assert len(anna.get(address).json()["turns"]) == 1


def test_a_client_without_the_cookie_has_its_conversations_by_their_ids_only(
    server: Server,
) -> None:
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as program:
        conversation = ask(program, "What is 2 plus 3?")["conversation_id"]
        ask(program, "What is 3 plus 3?", conversation)
        assert len(program.get(f"/api/conversations/{conversation}").json()["turns"]) == 2
        problem(program.get("/api/conversations"), 401, "guest_unknown")


def test_a_title_must_say_something(anna: httpx.Client) -> None:
    conversation = ask(anna, "What is 2 plus 3?")["conversation_id"]
    for title in ("", "   ", "x" * 201):
        response = anna.patch(f"/api/conversations/{conversation}", json={"title": title})
        problem(response, 400, "request_invalid")


def test_what_was_said_is_searched_with_a_snippet(anna: httpx.Client) -> None:
    first = ask(anna, "What is 2 plus 3?")
    conversation = first["conversation_id"]
    second = ask(anna, "你好，17 乘以 3 等于多少？", conversation)
    ask(anna, "What is 17 % of 250?")
    found = anna.get("/api/conversations", params={"search": "等于多少"}).json()["conversations"]
    assert [hit["conversation_id"] for hit in found] == [conversation]
    assert found[0]["match"] == {
        "turn_id": second["turn_id"],
        "text": "你好，17 乘以 3 等于多少？",
    }
    found = anna.get("/api/conversations", params={"search": "WHAT is"}).json()["conversations"]
    assert [hit["match"] for hit in found] == [None, None]
    page = {"search": "what", "start": 1, "count": 1}
    found = anna.get("/api/conversations", params=page).json()["conversations"]
    assert [hit["conversation_id"] for hit in found] == [conversation]
    nothing = anna.get("/api/conversations", params={"search": "zebra"}).json()
    assert nothing == {"conversations": []}


def test_a_conversation_that_is_deleted_takes_its_turns_along(anna: httpx.Client) -> None:
    turn = ask(anna, "What is 2 plus 3?")
    anna.delete(f"/api/conversations/{turn['conversation_id']}")
    problem(anna.get(f"/api/turns/{turn['turn_id']}"), 404, "turn_unknown")
    problem(
        anna.put(f"/api/turns/{turn['turn_id']}/rating", json={"rating": "up"}), 404, "turn_unknown"
    )
