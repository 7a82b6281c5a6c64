"""Whether a person is waiting, as background work asks it."""

from redis import Redis

from workers import foreground
from workers.foreground import Foreground


def test_a_turn_counts_from_its_start_to_its_end(redis: Redis) -> None:
    people = Foreground(redis)
    assert not people.is_busy()
    people.enter("a")
    people.enter("b")
    assert people.turns() == 2
    people.leave("a")
    assert people.is_busy()
    people.leave("b")
    assert not people.is_busy()


def test_a_turn_that_was_lost_does_not_count_for_ever(redis: Redis, monkeypatch) -> None:
    monkeypatch.setattr(foreground, "_LONGEST_S", -1.0)
    people = Foreground(redis)
    people.enter("lost")
    assert not people.is_busy()
