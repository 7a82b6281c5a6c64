"""What a turn's tasks read by id: its request, its upload, the sound of its reply."""

from typing import cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from assistant.manner import Manner
from assistant.messages import Message


class TurnRequest(BaseModel):
    """What the user asked for, apart from the sound itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: str
    user_id: str
    question: str | None = None
    """None for a spoken turn."""
    history: tuple[Message, ...] = ()
    language: str | None = None
    speak: bool = True
    voice: str | None = None
    manner: Manner | None = None
    timezone: str | None = None
    """IANA name."""


class TurnStore:
    """Thread-safe. Everything expires `retention_s` after it was written."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def put_request(self, turn_id: str, request: TurnRequest) -> None:
        self._redis.set(_key(turn_id, "request"), request.model_dump_json(), ex=self._retention_s)

    def request(self, turn_id: str) -> TurnRequest | None:
        data = self._redis.get(_key(turn_id, "request"))
        return None if data is None else TurnRequest.model_validate_json(data)

    def put_upload(self, turn_id: str, data: bytes) -> None:
        self._redis.set(_key(turn_id, "upload"), data, ex=self._retention_s)

    def upload(self, turn_id: str) -> bytes | None:
        return cast("bytes | None", self._redis.get(_key(turn_id, "upload")))

    def drop_upload(self, turn_id: str) -> None:
        self._redis.delete(_key(turn_id, "upload"))

    def put_audio(self, turn_id: str, index: int, pcm16: bytes) -> str:
        """Keep one spoken piece (mono, `REPLY_SAMPLE_RATE_HZ`); return the id it is read by."""
        self._redis.set(_key(turn_id, f"audio:{index}"), pcm16, ex=self._retention_s)
        return f"{turn_id}.{index}"

    def audio(self, turn_id: str, index: int) -> bytes | None:
        return cast("bytes | None", self._redis.get(_key(turn_id, f"audio:{index}")))

    def count_attempt(self, turn_id: str, stage: str) -> int:
        """Return how often this stage was begun, this time included."""
        key = _key(turn_id, f"attempts:{stage}")
        with self._redis.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, self._retention_s)
            count, _ = pipe.execute()
        return int(count)


REPLY_SAMPLE_RATE_HZ = 24_000
"""Every spoken piece is kept at this rate, whatever its engine gave, so that pieces of several
voices join without a gap. It is also what OpenAI's speech and Realtime protocols send."""


def _key(turn_id: str, name: str) -> str:
    return f"turn:{{{turn_id}}}:{name}"
