import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from assistant.plugins.base import Reminder
from workers import reminders as reminders_module
from workers.reminders import DueReminder, RedisReminders


@pytest.fixture
def reminders(redis: Redis) -> RedisReminders:
    return RedisReminders(redis)


class Speaker:
    """Runs `loops` loops, as workers do, and notes what they speak and when."""

    def __init__(self, reminders: RedisReminders, loops: int = 1) -> None:
        self.spoken: list[tuple[str, float]] = []
        self.failures = 0
        self._reminders = reminders
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=reminders.run, args=(self._speak_up, self._stopping))
            for _ in range(loops)
        ]
        for thread in self._threads:
            thread.start()

    def _speak_up(self, reminder: DueReminder) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("no worker for speech")
        self.spoken.append((reminder.text, time.time()))

    def wait_for(self, number: int, timeout_s: float = 5.0) -> None:
        deadline = time.monotonic() + timeout_s
        while len(self.spoken) < number and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        self._stopping.set()
        for _ in self._threads:
            self._reminders.wake()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def speaker(reminders: RedisReminders) -> Iterator[Speaker]:
    speaker = Speaker(reminders)
    yield speaker
    speaker.stop()


def schedule(reminders: RedisReminders, text: str, in_s: float, user_id: str = "ann") -> float:
    at = datetime.now(UTC) + timedelta(seconds=in_s)
    is_kept = reminders.schedule(
        Reminder(id=f"id-{text}", at=at, text=text),
        user_id=user_id,
        conversation_id="c",
        language="en",
    )
    assert is_kept
    return at.timestamp()


def test_a_reminder_speaks_up_when_it_is_due(reminders: RedisReminders, speaker: Speaker) -> None:
    time.sleep(0.3)  # The loop is waiting by now.
    at = schedule(reminders, "later", 1.0)
    earlier = schedule(reminders, "sooner", 0.3)
    speaker.wait_for(2)
    (first, first_at), (second, second_at) = speaker.spoken
    assert (first, second) == ("sooner", "later")
    assert 0 <= first_at - earlier < 0.4
    assert 0 <= second_at - at < 0.4
    assert reminders.pending("ann") == []


def test_what_came_due_while_nobody_was_there_is_spoken_afterwards(
    reminders: RedisReminders,
) -> None:
    schedule(reminders, "missed", -60)
    speaker = Speaker(reminders)
    speaker.wait_for(1)
    speaker.stop()
    assert [text for text, _ in speaker.spoken] == ["missed"]


def test_several_workers_speak_each_reminder_once(reminders: RedisReminders) -> None:
    speaker = Speaker(reminders, loops=4)
    for number in range(20):
        schedule(reminders, str(number), 0.5)
    speaker.wait_for(20)
    time.sleep(0.5)
    speaker.stop()
    assert sorted(text for text, _ in speaker.spoken) == sorted(str(n) for n in range(20))


def test_a_reminder_that_could_not_be_spoken_is_tried_again(
    reminders: RedisReminders, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders_module, "_RETRY_S", 0.2)
    speaker.failures = 2
    schedule(reminders, "hello", 0.0)
    speaker.wait_for(1)
    assert [text for text, _ in speaker.spoken] == ["hello"]
    assert reminders.pending("ann") == []


def test_a_cancelled_reminder_stays_silent(reminders: RedisReminders, speaker: Speaker) -> None:
    schedule(reminders, "tea", 2.0)
    schedule(reminders, "eggs", 2.0)
    reminders.cancel("ann", ["id-tea", "id-unknown"])
    speaker.wait_for(1)
    time.sleep(0.3)
    assert [text for text, _ in speaker.spoken] == ["eggs"]


def test_pending_are_the_users_own_the_next_one_first(reminders: RedisReminders) -> None:
    schedule(reminders, "late", 200)
    schedule(reminders, "early", 100)
    schedule(reminders, "other", 100, user_id="bob")
    assert [entry.text for entry in reminders.pending("ann")] == ["early", "late"]


def test_nobody_cancels_the_reminders_of_others(reminders: RedisReminders) -> None:
    schedule(reminders, "tea", 100)
    reminders.cancel("bob", ["id-tea"])
    assert len(reminders.pending("ann")) == 1


def test_two_users_can_have_reminders_of_one_id(reminders: RedisReminders) -> None:
    schedule(reminders, "tea", 100)
    schedule(reminders, "tea", 200, user_id="bob")
    reminders.cancel("bob", ["id-tea"])
    assert len(reminders.pending("ann")) == 1
    assert reminders.pending("bob") == []


def test_a_reminder_that_is_set_again_speaks_in_a_turn_of_its_own(
    reminders: RedisReminders,
) -> None:
    turns = set()
    for in_s in (100, 100, 200):
        schedule(reminders, "tea", in_s)
        (entry,) = reminders.pending("ann")
        turns.add(entry.turn_id)
        assert entry.turn_id == reminders.pending("ann")[0].turn_id
    assert len(turns) == 3


def test_forgetting_a_user_leaves_nothing_behind(reminders: RedisReminders, redis: Redis) -> None:
    schedule(reminders, "tea", 100)
    reminders.forget("ann")
    assert reminders.pending("ann") == []
    assert [key for key in redis.keys("*") if key != b"reminders:wake"] == []


def test_scheduling_twice_changes_the_reminder(reminders: RedisReminders) -> None:
    schedule(reminders, "tea", 100)
    schedule(reminders, "tea", 200)
    (entry,) = reminders.pending("ann")
    assert entry.at > datetime.now(UTC) + timedelta(seconds=150)


def test_there_is_an_end_to_how_many_a_user_has(
    reminders: RedisReminders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders_module, "MAX_PER_USER", 2)
    schedule(reminders, "one", 100)
    schedule(reminders, "two", 100)
    third = Reminder(id="three", at=datetime.now(UTC) + timedelta(seconds=100), text="three")
    assert not reminders.schedule(third, user_id="ann", conversation_id="c", language="en")


def test_scheduling_is_safe_from_many_threads(reminders: RedisReminders) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: schedule(reminders, str(n), 100 + n), range(40)))
    assert [entry.text for entry in reminders.pending("ann")] == [str(n) for n in range(40)]
