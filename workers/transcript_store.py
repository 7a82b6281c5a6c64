"""What was said in recordings, with times; kept as long as their conversation, erased with it."""

from typing import Literal, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from assistant.events import TranscriptSegment
from speech.subtitles import as_srt, as_text, as_vtt
from workers.conversation_records import conversation_key


class StoredTranscript(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    language: str | None
    duration_s: float
    """Of the recording."""
    segments: tuple[TranscriptSegment, ...]

    def as_file(self, kind: Literal["txt", "srt", "vtt"]) -> str:
        match kind:
            case "txt":
                return as_text(self.segments)
            case "srt":
                return as_srt(self.segments)
            case "vtt":
                return as_vtt(self.segments, self.language)


class TranscriptStore:
    """Thread-safe. `RedisConversations` renews a conversation's transcripts and deletes them."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def put(self, conversation_id: str, turn_id: str, transcript: StoredTranscript) -> None:
        """Keep the turn's transcript; a second one of the same turn changes nothing."""
        with self._redis.pipeline() as pipe:
            pipe.hsetnx(_key(conversation_id), turn_id, transcript.model_dump_json())
            pipe.expire(_key(conversation_id), self._retention_s)
            pipe.execute()

    def get(self, conversation_id: str, turn_id: str) -> StoredTranscript | None:
        data = cast("bytes | None", self._redis.hget(_key(conversation_id), turn_id))
        return None if data is None else StoredTranscript.model_validate_json(data)

    def turn_ids(self, conversation_id: str) -> set[str]:
        """Return the turns of the conversation that have a transcript."""
        names = cast("list[bytes]", self._redis.hkeys(_key(conversation_id)))
        return {turn_id.decode() for turn_id in names}


def _key(conversation_id: str) -> str:
    return conversation_key(conversation_id, "transcripts")
