"""Timers that are set by talking, and speak up by themselves."""

import httpx

from tests.conftest import Server
from tests.web.client import TIMEOUT, follow, sse
from tests.web.test_conversations import ask, browser


def test_a_timer_speaks_up_when_it_is_due(server: Server) -> None:
    with browser(server) as anna:
        told = ask(anna, "Set a timer for 3 seconds")
        assert told["source"] == "tool"
        (pending,) = anna.get("/api/reminders").json()["reminders"]
        with anna.stream("GET", "/api/announcements", timeout=TIMEOUT) as response:
            event_id, announced = next(sse(response.iter_lines()))
        events = [
            event for _, event in follow(f"{server.url}/api/turns/{announced['turn_id']}/events")
        ]
        assert events[0]["kind"] == "reminder"
        assert events[0]["conversation_id"] == told["conversation_id"]
        assert events[-1]["type"] == "turn_finished"
        assert events[-1]["answer"] == pending["text"]
        assert events[-1]["has_audio"]
        assert anna.get("/api/reminders").json()["reminders"] == []
        kept = anna.get(f"/api/conversations/{told['conversation_id']}").json()["turns"]
        assert kept[-1]["answer"] == pending["text"]
        bad = anna.get("/api/announcements", headers={"Last-Event-ID": "x"})
        assert bad.status_code == 400
        assert event_id


def test_a_reminder_is_cancelled_by_voice_or_by_hand(server: Server) -> None:
    with browser(server) as anna:
        ask(anna, "Remind me in 20 minutes to call Anna")
        ask(anna, "十分钟后提醒我关火")
        first, second = anna.get("/api/reminders").json()["reminders"]
        assert "火" in first["text"]
        assert anna.delete(f"/api/reminders/{second['id']}").status_code == 204
        assert "Anna" not in ask(anna, "What are my reminders?")["answer"]
        ask(anna, "取消提醒")
        assert anna.get("/api/reminders").json()["reminders"] == []


def test_nobody_else_hears_of_it(server: Server) -> None:
    with browser(server) as anna, browser(server) as bob:
        ask(anna, "Remind me in 20 minutes to call Anna")
        (pending,) = anna.get("/api/reminders").json()["reminders"]
        assert bob.get("/api/reminders").json()["reminders"] == []
        bob.delete(f"/api/reminders/{pending['id']}")
        assert len(anna.get("/api/reminders").json()["reminders"]) == 1
    assert httpx.get(f"{server.url}/api/reminders").status_code == 401
