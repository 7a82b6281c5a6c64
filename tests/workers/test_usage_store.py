from datetime import UTC, date, datetime, timedelta

import pytest
from redis import Redis

from assistant.llm.router import ModelSpec
from assistant.llm.usage import Usage
from workers.usage_store import RedisUsage, ReportRow

NOON = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(redis: Redis, clock: Clock) -> RedisUsage:
    return RedisUsage(redis, retention_s=60, now=clock)


def test_what_a_user_uses_in_a_day_adds_up_over_turns_and_models(store: RedisUsage) -> None:
    store.add("anna", "turn1", "qwen 1.5b", Usage(1, 100, 20, 0.0000003))
    store.add("anna", "turn2", "qwen 1.5b", Usage(1, 200, 30, 0.25))
    store.add("anna", "turn2", "qwen 0.5b", Usage(1, 10, 5))
    store.add("贝拉", "turn3", "qwen 0.5b", Usage(1, 7, 7))
    assert store.today("anna") == Usage(3, 310, 55, 0.2500003)
    assert store.today("贝拉") == Usage(1, 7, 7)
    assert store.today("nobody") == Usage()


def test_a_turn_that_is_counted_twice_counts_once(store: RedisUsage) -> None:
    store.add("anna", "turn", "qwen", Usage(1, 100, 20, 0.5))
    store.add("anna", "turn", "qwen", Usage(1, 100, 20, 0.5))
    assert store.today("anna") == Usage(1, 100, 20, 0.5)


def test_a_turn_tells_what_it_used_of_each_model(store: RedisUsage) -> None:
    store.add("anna", "turn", "small", Usage(1, 100, 2, 0.125))
    store.add("anna", "turn", "large", Usage(1, 120, 20, 0.5))
    assert store.turn("turn") == {"small": Usage(1, 100, 2, 0.125), "large": Usage(1, 120, 20, 0.5)}
    assert store.turn("other") == {}


def test_a_new_day_begins_at_midnight_utc(store: RedisUsage, clock: Clock) -> None:
    store.add("anna", "turn", "qwen", Usage(1, 100, 20))
    clock.now = NOON + timedelta(hours=11, minutes=59)
    assert store.today("anna").tokens == 120
    clock.now = NOON + timedelta(hours=12)
    assert store.today("anna") == Usage()


def test_the_report_lists_days_users_and_models(store: RedisUsage, clock: Clock) -> None:
    store.add("anna", "turn1", "large", Usage(1, 100, 20, 0.5))
    clock.now = NOON + timedelta(days=1)
    store.add("bella", "turn2", "small", Usage(1, 10, 2))
    store.add("anna", "turn3", "large", Usage(1, 10, 2))
    assert store.report(days=2) == [
        ReportRow(date(2026, 11, 23), "anna", "large", Usage(1, 10, 2)),
        ReportRow(date(2026, 11, 23), "bella", "small", Usage(1, 10, 2)),
        ReportRow(date(2026, 11, 22), "anna", "large", Usage(1, 100, 20, 0.5)),
    ]
    assert len(store.report(days=1)) == 2


def test_a_model_is_at_its_limit_until_the_minute_or_the_day_is_over(
    store: RedisUsage, clock: Clock
) -> None:
    models = [
        ModelSpec(name="free"),
        ModelSpec(name="slow", tokens_per_minute=100),
        ModelSpec(name="daily", tokens_per_day=150),
    ]
    for turn, model in enumerate(["free", "slow", "daily"]):
        store.add("anna", f"turn{turn}", model, Usage(1, 90, 10))
    assert store.at_limit(models) == {"slow"}
    assert store.at_limit(models[:1]) == frozenset()
    clock.now = NOON + timedelta(minutes=1)
    store.add("bella", "turn9", "daily", Usage(1, 90, 10))
    assert store.at_limit(models) == {"daily"}
    clock.now = NOON + timedelta(days=1)
    assert store.at_limit(models) == frozenset()


def test_nothing_is_kept_for_ever(redis: Redis, store: RedisUsage) -> None:
    store.add("anna", "turn", "qwen", Usage(1, 100, 20))
    lifetimes_s = [redis.ttl(key) for key in redis.scan_iter()]
    assert len(lifetimes_s) == 5
    assert all(0 < lifetime_s <= 2 * 24 * 3600 for lifetime_s in lifetimes_s)
