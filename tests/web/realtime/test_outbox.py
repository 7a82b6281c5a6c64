"""The order in which a client is told things, and what it is told again."""

import base64
import json

import pytest

from web.realtime import outbox as outbox_module
from web.realtime.outbox import AHEAD_S, MAX_WAITING_EVENTS, Outbox

RATE = 48_000
"""Bytes a second."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Receiver:
    """Takes everything, or nothing."""

    def __init__(self) -> None:
        self.is_reading = True
        self.received: list[dict[str, str]] = []

    def is_ready(self) -> bool:
        return self.is_reading

    def send(self, text: str) -> None:
        self.received.append(json.loads(text))


def attach(outbox: Outbox) -> Receiver:
    receiver = Receiver()
    outbox.attach(receiver)
    return receiver


def due(outbox: Outbox, receiver: Receiver) -> list[dict[str, str]]:
    """Return what came since the last time."""
    outbox.push()
    received, receiver.received = receiver.received, []
    return received


def kinds(events: list[dict[str, str]]) -> list[str]:
    return [event["type"] for event in events]


def test_sound_waits_until_it_is_due_and_other_events_pass_it() -> None:
    clock = Clock()
    outbox = Outbox(is_kept=False, clock=clock)
    receiver = attach(outbox)
    outbox.put_sound("t", {"type": "sound"}, bytes(60 * RATE), RATE)
    first = due(outbox, receiver)
    sent_s = sum(len(base64.b64decode(event["delta"])) for event in first) / RATE
    assert AHEAD_S <= sent_s <= AHEAD_S + 0.4
    outbox.put({"type": "urgent"})
    outbox.put_last("t", {"type": "end"})
    assert kinds(due(outbox, receiver)) == ["urgent"]
    clock.now += 1.0
    assert kinds(due(outbox, receiver)) == ["sound"] * 5
    rest = []
    for _ in range(4):
        clock.now += 10.0
        rest += kinds(due(outbox, receiver))
    assert rest[-1] == "end"
    assert rest.count("end") == 1


def test_text_passes_the_sound_of_its_own_reply_and_not_that_of_an_earlier_one() -> None:
    clock = Clock()
    outbox = Outbox(is_kept=False, clock=clock)
    receiver = attach(outbox)
    outbox.put_sound("a", {"type": "sound"}, bytes(30 * RATE), RATE)
    outbox.put_reply("a", {"type": "text of a"})
    outbox.put_last("a", {"type": "end of a"})
    outbox.put_reply("b", {"type": "start of b"})
    told = kinds(due(outbox, receiver))
    assert told[-1] == "text of a"
    assert set(told[:-1]) == {"sound"}
    clock.now += 30
    assert kinds(due(outbox, receiver))[-2:] == ["end of a", "start of b"]


def test_what_is_dropped_is_never_sent() -> None:
    outbox = Outbox(is_kept=False, clock=Clock())
    receiver = attach(outbox)
    outbox.put_sound("a", {"type": "sound"}, bytes(60 * RATE), RATE)
    due(outbox, receiver)
    assert outbox.drop("a") is True
    assert outbox.drop("a") is False
    outbox.put_sound("b", {"type": "next"}, bytes(RATE // 5), RATE)
    # And nobody waits for the sound that will not be played.
    assert kinds(due(outbox, receiver)) == ["next"]


def test_what_came_after_an_event_is_sent_again_in_order() -> None:
    outbox = Outbox(is_kept=True, clock=Clock())
    receiver = attach(outbox)
    for number in range(5):
        outbox.put({"type": f"event {number}"})
    known = due(outbox, receiver)[1]["event_id"]
    outbox.detach()
    outbox.put({"type": "meanwhile"})
    assert outbox.rewind(known, {"id": "sess"})
    outbox.put({"type": "between"})
    newer = attach(outbox)
    told = due(outbox, newer)
    again = ["event 2", "event 3", "event 4", "meanwhile"]
    assert kinds(told) == ["x.session.resumed", *again, "between"]
    assert (told[0]["event_id"], told[0]["replayed"]) == (known, 3)


def test_what_is_kept_is_bounded_in_bytes_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "KEPT_BYTES", 10_000)
    clock = Clock()
    outbox = Outbox(is_kept=True, clock=clock)
    receiver = attach(outbox)
    for _ in range(20):
        outbox.put({"type": "long", "text": "x" * 1_000})
    ids = [event["event_id"] for event in due(outbox, receiver)]
    assert not outbox.rewind(ids[5], {})
    assert outbox.rewind(ids[15], {})
    clock.now += 121.0
    outbox.put({"type": "late"})
    attach(outbox)
    assert not outbox.rewind(ids[15], {})
    assert outbox.rewind(ids[19], {})


@pytest.mark.parametrize("event_id", ["event_000009", "event_", "nonsense", "event_²", "event_-1"])
def test_an_event_that_never_was_cannot_be_gone_on_from(event_id: str) -> None:
    outbox = Outbox(is_kept=True, clock=Clock())
    attach(outbox)
    assert not outbox.rewind(event_id, {})


def test_a_client_that_takes_nothing_is_told_all_when_it_does() -> None:
    outbox = Outbox(is_kept=False, clock=Clock())
    receiver = attach(outbox)
    receiver.is_reading = False
    outbox.put({"type": "first"})
    outbox.put({"type": "second"})
    assert due(outbox, receiver) == []
    receiver.is_reading = True
    assert kinds(due(outbox, receiver)) == ["first", "second"]


def test_more_than_anyone_waits_for_is_not_kept() -> None:
    outbox = Outbox(is_kept=True, clock=Clock())
    receiver = attach(outbox)
    receiver.is_reading = False
    for _ in range(MAX_WAITING_EVENTS + 1):
        outbox.put({"type": "one of many"})
    assert outbox.is_full
    receiver.is_reading = True
    assert due(outbox, receiver) == []
