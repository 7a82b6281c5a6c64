import json
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Server
from tests.web.client import TIMEOUT, follow, problem

POEM = "Write a poem of forty lines about the sea."


def begin(client: httpx.Client, **payload: object) -> str:
    """Ask, and return the turn's id as soon as it runs."""
    headers = {"Accept": "text/event-stream"}
    with client.stream("POST", "/api/chat", json=payload, headers=headers) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                turn_id: str = json.loads(line.removeprefix("data: "))["turn_id"]
                return turn_id
    pytest.fail("no turn began")


def until_written(client: httpx.Client, turn_id: str) -> None:
    while not client.get(f"/api/turns/{turn_id}").json().get("answer"):
        time.sleep(0.05)


@pytest.fixture
def anna(server: Server) -> Iterator[httpx.Client]:
    """A client that has opened the page, and so has its cookie."""
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as client:
        client.get("/")
        yield client


def test_an_unknown_turn_is_said_to_be_unknown(server: Server) -> None:
    problem(httpx.get(f"{server.url}/api/turns/nothing"), 404, "turn_unknown")
    problem(httpx.get(f"{server.url}/api/turns/nothing/events"), 404, "turn_unknown")


def test_a_turn_that_was_followed_to_its_end_is_not_followed_again(anna: httpx.Client) -> None:
    events = anna.post("/api/speech", json={"text": "…"}).json()["events_url"]
    told = follow(str(anna.base_url.join(events)))
    last_id = told[-1][0]
    assert anna.get(events, headers={"Last-Event-ID": last_id}).status_code == 204
    assert anna.get(f"{events}?last_event_id={last_id.split('-')[0]}9").status_code == 204
    assert anna.get(events, headers={"Last-Event-ID": told[-2][0]}).text.count("data: ") == 1
    problem(anna.get(events, headers={"Last-Event-ID": "9" * 30}), 400, "request_invalid")


def test_a_running_reply_is_found_after_a_reload_and_stopped(anna: httpx.Client) -> None:
    turn_id = begin(anna, question=POEM, conversation_id="reloaded", speak=False)
    try:
        address = "/api/conversations/reloaded"
        found = anna.get(address).json()
        assert found["running"] == [turn_id] and found["turns"] == []
        assert found["title"] == POEM
        until_written(anna, turn_id)
    finally:
        stopped = anna.post(f"/api/turns/{turn_id}/stop").json()
    assert (stopped["status"], stopped["reason"]) == ("cancelled", "interrupted")
    events = follow(f"{anna.base_url}/api/turns/{turn_id}/events")
    assert events[-1][1]["type"] == "turn_cancelled"
    found = anna.get(address).json()
    assert found["running"] == []
    (turn,) = found["turns"]
    assert turn["answer"] == stopped["heard"] and turn["kind"] == "text"
    assert anna.post(f"/api/turns/{turn_id}/stop", json={}).json() == stopped, "once more"


def test_a_reply_that_was_partly_heard_is_kept_as_far_as_it_was(anna: httpx.Client) -> None:
    question = "Say three sentences about Paris."
    whole = anna.post("/api/chat", json={"question": question}).json()
    heard_ms = int(whole["audio"][0]["duration_s"] * 1000)
    anna.post(f"/api/turns/{whole['turn_id']}/stop", json={"heard_ms": heard_ms})
    (turn,) = anna.get(f"/api/conversations/{whole['conversation_id']}").json()["turns"]
    assert turn["answer"].rstrip("….") == whole["audio"][0]["text"].rstrip(" ,.")


def test_a_question_is_corrected_and_asked_again(anna: httpx.Client) -> None:
    old = anna.post("/api/chat", json={"question": "What is 2 plus 3?", "speak": False}).json()
    conversation = old["conversation_id"]
    body = {
        "question": "What is 20 plus 3?",
        "conversation_id": conversation,
        "replaces": old["turn_id"],
        "speak": False,
    }
    new = anna.post("/api/chat", json=body).json()
    assert "23" in new["answer"]
    address = f"/api/conversations/{conversation}"
    turns = anna.get(address).json()["turns"]
    assert [turn.get("superseded_by") for turn in turns] == [new["turn_id"], None]
    markdown = anna.get(f"{address}/export").text
    assert "What is 20 plus 3?" in markdown and "What is 2 plus 3?" not in markdown
    assert anna.get(f"{address}/export?format=json").json()["turns"] == turns
    (listed,) = anna.get("/api/conversations").json()["conversations"]
    assert (listed["title"], listed["turn_count"]) == ("What is 20 plus 3?", 1)


def test_only_a_turn_of_the_conversation_can_be_replaced(anna: httpx.Client) -> None:
    first = anna.post("/api/chat", json={"question": "What is 2 plus 3?", "speak": False}).json()
    for conversation in (None, "another"):
        body = {"question": "Hi", "replaces": first["turn_id"], "conversation_id": conversation}
        problem(anna.post("/api/chat", json=body), 404, "turn_unknown")


def test_a_reply_is_rated_and_its_rating_taken_back(anna: httpx.Client) -> None:
    turn = anna.post("/api/chat", json={"question": "What is 2 plus 3?", "speak": False}).json()
    rating = f"/api/turns/{turn['turn_id']}/rating"
    conversation = f"/api/conversations/{turn['conversation_id']}"
    assert anna.put(rating, json={"rating": "down", "comment": " Too long "}).status_code == 204
    for address in (conversation, f"{conversation}/export?format=json"):
        (described,) = anna.get(address).json()["turns"]
        assert (described["rating"], described["rating_comment"]) == ("down", "Too long")
    anna.put(rating, json={"rating": "up"})
    (described,) = anna.get(conversation).json()["turns"]
    assert described["rating"] == "up" and "rating_comment" not in described
    assert anna.delete(rating).status_code == 204
    (described,) = anna.get(conversation).json()["turns"]
    assert "rating" not in described
    problem(anna.put(rating, json={"rating": "fine"}), 400, "request_invalid")
    problem(anna.put("/api/turns/nothing/rating", json={"rating": "up"}), 404, "turn_unknown")


def test_a_stranger_neither_stops_nor_rates(anna: httpx.Client, server: Server) -> None:
    turn = anna.post("/api/chat", json={"question": "What is 2 plus 3?", "speak": False}).json()
    address = f"{server.url}/api/turns/{turn['turn_id']}"
    problem(httpx.post(f"{address}/stop"), 404, "conversation_unknown")
    problem(httpx.put(f"{address}/rating", json={"rating": "up"}), 404, "conversation_unknown")
    problem(httpx.delete(f"{address}/rating"), 404, "conversation_unknown")
    problem(httpx.post(f"{server.url}/api/turns/nothing/stop"), 404, "turn_unknown")
    problem(
        anna.post(f"/api/turns/{turn['turn_id']}/stop", json={"heard_ms": -1}),
        400,
        "request_invalid",
    )
