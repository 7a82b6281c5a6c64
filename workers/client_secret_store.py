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
    """Whose sessions it opens; None for a user of its own, whom `find` names."""
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
        """Return what the secret stands for, with its user; None where it has expired."""
        data = cast("bytes | None", self._redis.get(_key(value)))
        if data is None:
            return None
        found = ClientSecret.model_validate_json(data)
        own = f"secret-{_hash(value)[:32]}"
        return found if found.user_id else found.model_copy(update={"user_id": own})


def _key(value: str) -> str:
    return f"client_secret:{_hash(value)}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
