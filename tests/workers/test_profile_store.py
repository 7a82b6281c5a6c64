import threading
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from assistant.memory.profile import MAX_FACTS, Profile
from workers.profile_store import RedisProfiles

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def profiles(redis: Redis) -> RedisProfiles:
    return RedisProfiles(redis, retention_s=600)


def texts(profiles: RedisProfiles, user_id: str = "u") -> list[str]:
    return [fact.text for fact in profiles.get(user_id).facts]


def test_facts_come_back_in_the_order_they_were_told(profiles: RedisProfiles) -> None:
    fact = profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW)
    profiles.add_fact("u", "住在上海", turn_id=None, at=NOW)
    assert fact is not None and fact.turn_id == "t1" and fact.at == NOW
    assert texts(profiles) == ["is vegetarian", "住在上海"]
    assert profiles.get("other") == Profile()


def test_the_same_fact_is_kept_once(profiles: RedisProfiles) -> None:
    fact = profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW)
    assert profiles.add_fact("u", "Is vegetarian", turn_id="t2", at=LATER) == fact
    assert profiles.add_fact("u", " ; ", turn_id="t2", at=LATER) is None
    assert texts(profiles) == ["is vegetarian"]


def test_what_was_told_later_stands_whatever_is_read_first(profiles: RedisProfiles) -> None:
    profiles.add_fact("u", "lives in Shanghai", turn_id="t1", at=NOW)
    profiles.add_fact("u", "lives in Beijing", turn_id="t2", at=LATER)
    assert texts(profiles) == ["lives in Beijing"]
    assert profiles.add_fact("u", "lives in Ulm", turn_id="t0", at=NOW) is None


def test_the_oldest_fact_makes_room(profiles: RedisProfiles) -> None:
    for n in range(MAX_FACTS + 1):
        profiles.add_fact("u", f"plays game{n}", turn_id=None, at=NOW)
    assert len(texts(profiles)) == MAX_FACTS and texts(profiles)[0] == "plays game1"


def test_a_fact_can_be_corrected(profiles: RedisProfiles) -> None:
    fact = profiles.add_fact("u", "is called Ana", turn_id="t", at=NOW)
    assert fact is not None
    edited = profiles.edit_fact("u", fact.id, "is called Anna\n")
    assert edited is not None and edited.id == fact.id
    assert profiles.add_fact("u", "is called Ana", turn_id="t", at=NOW) is None
    assert texts(profiles) == ["is called Anna"]
    assert profiles.edit_fact("u", fact.id, "  ") is None
    assert profiles.edit_fact("u", "unknown", "is tall") is None


def test_what_was_deleted_does_not_come_back_from_an_old_turn(profiles: RedisProfiles) -> None:
    fact = profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW)
    assert fact is not None
    assert profiles.delete_fact("u", fact.id, at=LATER) == fact
    assert profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW) is None
    assert profiles.delete_fact("u", fact.id, at=LATER) is None
    # The user may tell it anew.
    assert profiles.add_fact("u", "is vegetarian", turn_id="t9", at=LATER + timedelta(minutes=1))


def test_what_is_forgotten_before_it_was_learned_is_never_learned(profiles: RedisProfiles) -> None:
    assert profiles.forget("u", "I am vegetarian", [], at=LATER) == []
    assert profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW) is None
    assert profiles.add_fact("u", "is a pilot", turn_id="t1", at=NOW)


def test_everything_can_be_forgotten(profiles: RedisProfiles) -> None:
    fact = profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW)
    profiles.set_manner("u", "formal")
    assert profiles.forget_everything("u", at=LATER) == [fact]
    assert texts(profiles) == [] and profiles.get("u").manner is None
    assert profiles.add_fact("u", "is a pilot", turn_id="t1", at=NOW) is None
    assert profiles.add_fact("u", "is a pilot", turn_id="t2", at=LATER + timedelta(seconds=1))


def test_a_profile_that_is_off_learns_nothing(profiles: RedisProfiles) -> None:
    profiles.set_enabled("u", False)
    assert profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW) is None
    profiles.set_enabled("u", True)
    assert profiles.add_fact("u", "is vegetarian", turn_id="t1", at=NOW)


def test_a_manner_is_kept_until_it_is_taken_back(profiles: RedisProfiles) -> None:
    profiles.set_manner("u", "humorous")
    assert profiles.get("u").manner == "humorous"
    profiles.set_manner("u", None)
    assert profiles.get("u").manner is None


def test_a_profile_lives_as_long_as_it_is_used(profiles: RedisProfiles, redis: Redis) -> None:
    profiles.set_manner("u", "formal")
    (key,) = redis.keys()
    redis.expire(key, 5)
    profiles.get("u")
    assert redis.ttl(key) > 500


def test_facts_that_are_told_at_once_are_all_kept(profiles: RedisProfiles) -> None:
    def add(n: int) -> None:
        profiles.add_fact("u", f"plays game{n}", turn_id=None, at=NOW)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts(profiles)) == 8
