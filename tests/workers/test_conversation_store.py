from redis import Redis

from assistant.history import Exchange
from workers.conversation_store import RedisConversations


def test_the_last_turns_come_back_oldest_first(redis: Redis) -> None:
    store = RedisConversations(redis, retention_s=60)
    exchanges = [Exchange(f"question {n}", f"答案 {n}") for n in range(4)]
    for n, exchange in enumerate(exchanges):
        store.add("c", f"turn{n}", exchange)
    assert store.recent("c", 2) == exchanges[2:]
    assert store.recent("c", 0) == []
    assert store.recent("other", 2) == []


def test_a_turn_that_is_finished_twice_is_remembered_once(redis: Redis) -> None:
    store = RedisConversations(redis, retention_s=60)
    store.add("c", "turn", Exchange("q", "a"))
    store.add("c", "turn", Exchange("q", "a"))
    assert store.recent("c", 5) == [Exchange("q", "a")]
