"""What tools keep for a user (`Answer.store`), in Redis."""

import json
from typing import Any

from redis import Redis

MAX_BYTES = 256 * 1024
"""Of one tool's JSON for one user."""


class ToolStore:
    """Thread-safe. All of a user's expires `retention_s` after any of it was last written."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def load(self, user_id: str, tool: str) -> Any:
        """Return what the tool kept last; None where it kept nothing."""
        kept = self._redis.hget(_key(user_id), tool)
        return None if kept is None else json.loads(kept)

    def save(self, user_id: str, tool: str, value: Any) -> None:
        """Replace what the tool kept. Raises ValueError where it is too large or no JSON."""
        try:
            data = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except TypeError as error:
            raise ValueError(f"{tool} wants to keep what is no JSON: {error}") from error
        if len(data.encode()) > MAX_BYTES:
            raise ValueError(f"{tool} wants to keep more than {MAX_BYTES} bytes")
        with self._redis.pipeline() as pipe:
            pipe.hset(_key(user_id), tool, data)
            pipe.expire(_key(user_id), self._retention_s)
            pipe.execute()

    def forget(self, user_id: str) -> None:
        self._redis.delete(_key(user_id))


def _key(user_id: str) -> str:
    return f"user:{{{user_id}}}:tools"
