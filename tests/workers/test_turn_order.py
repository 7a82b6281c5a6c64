"""Two turns at once in one conversation are ordered, not interleaved."""

from redis import Redis

from workers.turn_order import TurnOrder


def test_turns_go_in_the_order_in_which_they_came(redis: Redis) -> None:
    order = TurnOrder(redis, 60)
    for turn in ("first", "second", "third"):
        order.enter("c", turn)
    order.enter("other", "elsewhere")
    assert order.first("c") == "first"
    assert order.leave("c", "second") == "first", "one that failed leaves from the middle"
    assert order.leave("c", "first") == "third"
    assert order.leave("c", "first") == "third", "leaving twice changes nothing"
    assert order.leave("c", "third") is None
    assert order.first("other") == "elsewhere"
