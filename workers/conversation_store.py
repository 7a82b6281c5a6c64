"""Conversations in Redis: `assistant.history.ConversationStore` for real."""

import json

from redis import Redis

from assistant.history import Exchange

# The turn's id is remembered beside the list, so that a turn which is finished twice is kept once.
_ADD = """
if redis.call('SADD', KEYS[2], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[1], ARGV[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
"""


class RedisConversations:
    """Thread-safe. A conversation expires `retention_s` after its last turn."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._add = redis.register_script(_ADD)

    def recent(self, conversation_id: str, turns: int) -> list[Exchange]:
        """Return the last `turns` exchanges, oldest first."""
        if turns <= 0:
            return []
        entries = self._redis.lrange(_key(conversation_id, "exchanges"), -turns, -1)
        return [Exchange(**json.loads(entry)) for entry in entries]

    def add(self, conversation_id: str, turn_id: str, exchange: Exchange) -> None:
        entry = json.dumps(
            {"question": exchange.question, "answer": exchange.answer}, ensure_ascii=False
        )
        self._add(
            keys=[_key(conversation_id, "exchanges"), _key(conversation_id, "turns")],
            args=[turn_id, entry, self._retention_s],
        )


def _key(conversation_id: str, name: str) -> str:
    return f"conversation:{{{conversation_id}}}:{name}"
