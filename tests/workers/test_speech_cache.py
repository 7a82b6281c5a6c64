from redis import Redis

from workers.speech_cache import SpeechCache, speech_key


def test_what_was_spoken_once_is_not_spoken_again(redis: Redis) -> None:
    cache = SpeechCache(redis, ttl_s=60, max_bytes=1000)
    key = speech_key("Hello.", "piper:joe", 1.0, "en")
    assert cache.get(key) is None
    cache.put(key, b"\x01\x00" * 10)
    assert cache.get(key) == b"\x01\x00" * 10
    assert 0 < redis.ttl(f"{{speech}}:sound:{key}") <= 60


def test_another_voice_speed_language_or_text_sounds_different() -> None:
    keys = {
        speech_key("Hello.", "piper:joe", 1.0, "en"),
        speech_key("Hello!", "piper:joe", 1.0, "en"),
        speech_key("Hello.", "kokoro:zf", 1.0, "en"),
        speech_key("Hello.", "piper:joe", 1.2, "en"),
        speech_key("Hello.", "piper:joe", 1.0, "zh"),
    }
    assert len(keys) == 5


def test_the_longest_unheard_goes_where_there_is_no_more_room(redis: Redis) -> None:
    cache = SpeechCache(redis, ttl_s=60, max_bytes=100)
    for age, key in enumerate(("a", "b")):
        cache.put(key, b"0" * 40)
        redis.zadd("{speech}:used", {key: age})
    assert cache.get("a"), "heard just now"
    cache.put("c", b"0" * 40)
    assert [cache.get(key) is not None for key in "abc"] == [True, False, True]
    assert redis.get("{speech}:bytes") == b"80"


def test_the_same_sound_again_takes_its_own_place(redis: Redis) -> None:
    cache = SpeechCache(redis, ttl_s=60, max_bytes=100)
    for _ in range(5):
        cache.put("a", b"0" * 60)
    assert redis.get("{speech}:bytes") == b"60"
    assert cache.get("a") is not None


def test_sound_that_expired_leaves_its_room_to_others(redis: Redis) -> None:
    cache = SpeechCache(redis, ttl_s=60, max_bytes=100)
    cache.put("a", b"0" * 80)
    redis.delete("{speech}:sound:a")
    assert cache.get("a") is None
    cache.put("b", b"0" * 80)
    assert cache.get("b") is not None
    assert redis.get("{speech}:bytes") == b"80"


def test_sound_larger_than_the_whole_cache_is_not_kept(redis: Redis) -> None:
    cache = SpeechCache(redis, ttl_s=60, max_bytes=100)
    cache.put("a", b"0" * 60)
    cache.put("b", b"0" * 101)
    cache.put("c", b"")
    assert [cache.get(key) is not None for key in "abc"] == [True, False, False]
