"""What the assistant knows of a user: seen, changed, switched off, forgotten; typed and by API."""

import httpx

from tests.conftest import Server
from tests.web.client import problem
from tests.web.test_conversations import ask, browser


def texts(client: httpx.Client) -> list[str]:
    return [fact["text"] for fact in client.get("/api/profile").json()["facts"]]


def test_what_is_to_be_remembered_reaches_a_new_conversation_and_is_forgotten_again(
    server: Server,
) -> None:
    with browser(server) as anna:
        told = ask(anna, "Remember that my dog is called Bartholomew.")
        assert told["source"] == "memory"
        assert "Bartholomew" in texts(anna)[0]
        answer = ask(anna, "What is the name of my dog?")["answer"]
        assert "Bartholomew" in answer
        assert "Bartholomew" in ask(anna, "What do you know about me?")["answer"]
        ask(anna, "Forget that my dog is called Bartholomew.", told["conversation_id"])
        assert texts(anna) == []
        for conversation in (told["conversation_id"], None):
            answer = ask(anna, "What is the name of my dog?", conversation)["answer"]
            assert "Bartholomew" not in answer


def test_facts_are_added_edited_and_deleted_by_their_owner_only(server: Server) -> None:
    with browser(server) as anna, browser(server) as bob:
        added = anna.post("/api/profile/facts", json={"text": "is vegetarian"})
        assert added.status_code == 201
        (fact,) = added.json()["facts"]
        address = f"/api/profile/facts/{fact['id']}"
        problem(bob.delete(address), 404, "fact_unknown")
        assert texts(bob) == []
        edited = anna.patch(address, json={"text": "is vegan"}).json()
        assert [fact["text"] for fact in edited["facts"]] == ["is vegan"]
        assert anna.delete(address).status_code == 204
        assert texts(anna) == []
        problem(anna.delete(address), 404, "fact_unknown")


def test_a_profile_that_is_switched_off_neither_speaks_nor_learns(server: Server) -> None:
    with browser(server) as anna:
        anna.post("/api/profile/facts", json={"text": "their dog is called Bartholomew"})
        assert anna.patch("/api/profile", json={"is_enabled": False}).json()["is_enabled"] is False
        assert "Bartholomew" not in ask(anna, "What is the name of my dog?")["answer"]
        ask(anna, "Remember that I live in Wales.")
        assert not any("Wales" in text for text in texts(anna))
        assert anna.delete("/api/profile").status_code == 204
        assert texts(anna) == []


def test_a_manner_is_chosen_and_left_again(server: Server) -> None:
    with browser(server) as anna:
        chosen = anna.patch("/api/profile", json={"manner": "concise"}).json()
        assert chosen["manner"] == "concise"
        assert anna.patch("/api/profile", json={"manner": None}).json()["manner"] is None
        problem(anna.patch("/api/profile", json={"manner": "rude"}), 400, "request_invalid")


def test_a_client_without_the_cookie_has_no_profile(server: Server) -> None:
    problem(httpx.get(f"{server.url}/api/profile"), 401, "guest_unknown")
