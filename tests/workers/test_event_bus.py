import threading
import time
from pathlib import Path

import pytest
from redis import Redis

from assistant.events import ReplyDelta, TurnCancelled, TurnFailed, TurnFinished, TurnStarted
from workers.event_bus import EventBus
from workers.services import Services
from workers.settings import Settings

STARTED = TurnStarted(turn_id="t", conversation_id="c", kind="text", question="Hi")
FINISHED = TurnFinished(turn_id="t", answer="Hello.", source="model", has_audio=False)


@pytest.fixture
def bus(redis: Redis) -> EventBus:
    return EventBus(redis, retention_s=60)


def delta(text: str) -> ReplyDelta:
    return ReplyDelta(turn_id="t", text=text)


def test_a_late_reader_gets_everything_in_order(bus: EventBus) -> None:
    for event in (STARTED, delta("Hel"), delta("lo."), FINISHED):
        bus.append(event)
    followed = [stored.event for stored in bus.follow("t") if stored]
    assert followed == [STARTED, delta("Hel"), delta("lo."), FINISHED]


def test_a_reader_goes_on_after_the_event_it_saw_last(bus: EventBus) -> None:
    for event in (STARTED, delta("Hel"), delta("lo."), FINISHED):
        bus.append(event)
    seen = bus.events("t")[1].id
    followed = [stored.event for stored in bus.follow("t", after=seen) if stored]
    assert followed == [delta("lo."), FINISHED]


def test_a_waiting_reader_wakes_when_something_happens(bus: EventBus) -> None:
    bus.append(STARTED)
    finishing = threading.Timer(0.2, bus.append, [FINISHED])
    finishing.start()
    begin = time.monotonic()
    followed = [stored.event for stored in bus.follow("t") if stored]
    finishing.join()  # It still reads Redis' answer when the reader has the event.
    assert followed == [STARTED, FINISHED]
    assert time.monotonic() - begin < 2


def test_a_turn_ends_once_and_nothing_follows_its_end(bus: EventBus) -> None:
    bus.append(STARTED)
    failed = TurnFailed(turn_id="t", code="internal", message="No.", is_retryable=False)
    assert bus.append(FINISHED)
    assert not bus.append(failed)
    assert not bus.append(TurnCancelled(turn_id="t", reason="cancelled", heard=None))
    assert not bus.append(delta("late"))
    assert [stored.event for stored in bus.events("t")] == [STARTED, FINISHED]


def test_a_reader_stops_where_the_turn_was_cancelled(bus: EventBus) -> None:
    cancelled = TurnCancelled(turn_id="t", reason="interrupted", heard="Hel…")
    for event in (STARTED, delta("Hel"), cancelled, delta("lo.")):
        bus.append(event)
    followed = [stored.event for stored in bus.follow("t") if stored]
    assert followed == [STARTED, delta("Hel"), cancelled]


def test_what_happens_once_is_kept_once_however_many_workers_say_it(bus: EventBus) -> None:
    kept: list[bool] = []
    threads = [
        threading.Thread(target=lambda: kept.append(bus.append(delta("x"), once="piece:0")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(kept) == 1
    assert len(bus.events("t")) == 1


def test_following_stops_at_the_timeout_and_where_there_is_no_turn(bus: EventBus) -> None:
    bus.append(STARTED)
    assert [stored.event for stored in bus.follow("t", timeout_s=0.3) if stored] == [STARTED]
    assert list(bus.follow("unknown", ping_s=0.1)) == []


def test_a_quiet_stream_pings(bus: EventBus) -> None:
    bus.append(STARTED)
    events = bus.follow("t", ping_s=0.1)
    assert next(events) is not None
    assert next(events) is None


def test_a_turn_expires(redis: Redis) -> None:
    bus = EventBus(redis, retention_s=1)
    bus.append(STARTED)
    time.sleep(1.2)
    assert bus.events("t") == []


def test_a_reader_looks_up_in_time_however_much_happens(bus: EventBus) -> None:
    bus.append(STARTED)

    def write() -> None:
        for _ in range(30):
            bus.append(delta("x"))
            time.sleep(0.02)
        bus.append(FINISHED)

    writing = threading.Thread(target=write)
    writing.start()
    followed = list(bus.follow("t", ping_s=0.1))
    writing.join()
    assert followed.count(None) >= 2
    assert len(followed) - followed.count(None) == 32


def test_as_many_may_read_at_once_as_there_are_clients(redis_socket: Path) -> None:
    settings = Settings(redis_url=f"unix://{redis_socket}")
    services = Services(settings)
    services.bus.append(STARTED)
    ends: list[object] = []

    def read() -> None:
        ends.append([stored.event for stored in services.bus.follow("t") if stored][-1])

    # More than redis-py's own limit: a Wyoming process has 128 threads, a web process more turns.
    readers = [threading.Thread(target=read) for _ in range(150)]
    for reader in readers:
        reader.start()
    services.bus.append(FINISHED)
    for reader in readers:
        reader.join()
    services.redis.close()
    assert ends == [FINISHED] * 150
