"""Transcripts with times, kept beside their conversation."""

from redis import Redis

from assistant.events import TranscriptSegment
from assistant.history import Exchange
from workers.conversation_store import RedisConversations
from workers.transcript_store import StoredTranscript, TranscriptStore


def transcript(text: str) -> StoredTranscript:
    segment = TranscriptSegment(start_s=0.5, end_s=2.25, text=text)
    return StoredTranscript(text=text, language="zh", duration_s=3.0, segments=(segment,))


def test_the_first_transcript_of_a_turn_is_kept(redis: Redis) -> None:
    store = TranscriptStore(redis, 3600)
    store.put("c", "t", transcript("博物馆早上九点开门。"))
    store.put("c", "t", transcript("Another."))
    assert store.get("c", "t") == transcript("博物馆早上九点开门。")
    assert store.get("c", "u") is None
    assert store.get("d", "t") is None
    assert (store.turn_ids("c"), store.turn_ids("d")) == ({"t"}, set())


def test_transcripts_live_as_long_as_their_conversation(redis: Redis) -> None:
    store = TranscriptStore(redis, 60)
    store.put("c", "t", transcript("Hi."))
    conversations = RedisConversations(redis, 3600, turns=5, is_summarised=True)
    conversations.add("c", "anna", Exchange("Hi?", "Hi.", turn_id="u"))
    (key,) = redis.keys("*:transcripts")
    assert redis.ttl(key) > 60
    conversations.delete("c")
    assert store.get("c", "t") is None
