"""Secrets that a program makes for a client of its own, each for a live session it has described.

Only their hashes are kept: what is stored opens nothing.
"""

import hashlib
import secrets
import time
from typing import Any, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

PREFIX = "ek_"


class ClientSecret(BaseModel):
    """What a secret stands for."""

    model_config = ConfigDict(frozen=True)

    user_id: str | None
    """Who made it; None for anybody."""
    session: dict[str, Any]
    """The session's settings, as `session.update` has them."""


class RedisClientSecrets:
    """Thread-safe."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def make(self, client_secret: ClientSecret, lifetime_s: int) -> tuple[str, int]:
        """Return the secret, and when it expires, in seconds since 1970.

        Until then it opens as many sessions as are wanted.
        """
        value = PREFIX + secrets.token_urlsafe(32)
        self._redis.set(_key(value), client_secret.model_dump_json(), ex=lifetime_s)
        return value, int(time.time()) + lifetime_s

    def find(self, value: str) -> ClientSecret | None:
        data = cast("bytes | None", self._redis.get(_key(value)))
        return None if data is None else ClientSecret.model_validate_json(data)


def _key(value: str) -> str:
    return f"client_secret:{hashlib.sha256(value.encode()).hexdigest()}"
