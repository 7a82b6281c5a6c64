import pytest
from redis import Redis

from workers.tool_store import MAX_BYTES, ToolStore


@pytest.fixture
def store(redis: Redis) -> ToolStore:
    return ToolStore(redis, retention_s=100)


def test_what_a_tool_keeps_is_there_for_that_tool_and_user_only(store: ToolStore) -> None:
    store.save("ann", "notes", ["买牛奶", {"n": 1}])
    assert store.load("ann", "notes") == ["买牛奶", {"n": 1}]
    assert store.load("ann", "reminders") is None
    assert store.load("bob", "notes") is None


def test_what_is_kept_replaces_what_was(store: ToolStore) -> None:
    store.save("ann", "notes", ["milk"])
    store.save("ann", "notes", [])
    assert store.load("ann", "notes") == []


def test_forgetting_a_user_forgets_all_tools(store: ToolStore) -> None:
    store.save("ann", "notes", ["milk"])
    store.save("ann", "reminders", [1])
    store.save("bob", "notes", ["bread"])
    store.forget("ann")
    assert store.load("ann", "notes") is None
    assert store.load("ann", "reminders") is None
    assert store.load("bob", "notes") == ["bread"]


def test_what_is_kept_expires(store: ToolStore, redis: Redis) -> None:
    store.save("ann", "notes", ["milk"])
    (key,) = redis.keys("*")
    assert 0 < redis.ttl(key) <= 100


@pytest.mark.parametrize("value", ["x" * MAX_BYTES, {"a": object()}, float("nan")])
def test_too_much_and_no_json_are_refused(store: ToolStore, value: object) -> None:
    with pytest.raises(ValueError, match=r"notes|JSON"):
        store.save("ann", "notes", value)
    assert store.load("ann", "notes") is None
