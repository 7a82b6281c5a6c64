"""What users think of replies. Kept with the conversation, and erased with it."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Literal, cast

from redis import Redis

from workers.conversation_records import conversation_key

RatingValue = Literal["up", "down"]


@dataclass(frozen=True, kw_only=True)
class Rating:
    rating: RatingValue
    comment: str | None
    at: float
    """Seconds since 1970."""


class Ratings:
    """Thread-safe. Those of a conversation expire `retention_s` after the last, if not before."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def put(
        self, conversation_id: str, turn_id: str, rating: RatingValue, comment: str | None
    ) -> None:
        """Rate the turn's reply, in place of what was thought of it before."""
        rated = Rating(rating=rating, comment=comment, at=time.time())
        data = json.dumps(asdict(rated), ensure_ascii=False)
        with self._redis.pipeline() as pipe:
            pipe.hset(conversation_key(conversation_id, "ratings"), turn_id, data)
            pipe.expire(conversation_key(conversation_id, "ratings"), self._retention_s)
            pipe.execute()

    def delete(self, conversation_id: str, turn_id: str) -> None:
        self._redis.hdel(conversation_key(conversation_id, "ratings"), turn_id)

    def of(self, conversation_id: str) -> dict[str, Rating]:
        """Return the ratings by turn."""
        fields = cast(
            "dict[bytes, bytes]", self._redis.hgetall(conversation_key(conversation_id, "ratings"))
        )
        return {turn_id.decode(): Rating(**json.loads(data)) for turn_id, data in fields.items()}
