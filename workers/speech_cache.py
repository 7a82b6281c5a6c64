"""The sound of what was spoken before: greetings, refusals, answers out of the cache."""

import hashlib
import json
from typing import cast

from redis import Redis

_USED = "{speech}:used"
_SIZES = "{speech}:sizes"
_TOTAL = "{speech}:bytes"

_GET = """
local sound = redis.call('GET', KEYS[1])
if sound then redis.call('ZADD', KEYS[2], 'XX', redis.call('TIME')[1], ARGV[1]) end
return sound
"""

# What expired by itself still counts until it is the longest unheard: the bound is never exceeded.
_PUT = """
local function drop(id)
  local size = redis.call('HGET', KEYS[3], id)
  if size then
    redis.call('DECRBY', KEYS[4], size)
    redis.call('HDEL', KEYS[3], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('DEL', '{speech}:sound:' .. id)
  end
end
drop(ARGV[1])
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], #ARGV[2])
local total = redis.call('INCRBY', KEYS[4], #ARGV[2])
while total > tonumber(ARGV[4]) do
  drop(redis.call('ZRANGE', KEYS[2], 0, 0)[1])
  total = tonumber(redis.call('GET', KEYS[4]))
end
"""


class SpeechCache:
    """Thread-safe. Keeps up to `max_bytes`, each sound for `ttl_s`.

    Where there is no more room, the longest unheard goes first.
    """

    def __init__(self, redis: Redis, *, ttl_s: int, max_bytes: int) -> None:
        self._redis = redis
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._get = redis.register_script(_GET)
        self._put = redis.register_script(_PUT)

    def get(self, key: str) -> bytes | None:
        """Return the samples (PCM16, mono, `turn_store.REPLY_SAMPLE_RATE_HZ`)."""
        sound = self._get(keys=[_sound(key), _USED], args=[key])
        return cast("bytes | None", sound)

    def put(self, key: str, pcm16: bytes) -> None:
        """Keep the samples; sound that alone exceeds the bound is not kept."""
        if pcm16 and len(pcm16) <= self._max_bytes:
            self._put(
                keys=[_sound(key), _USED, _SIZES, _TOTAL],
                args=[key, pcm16, self._ttl_s, self._max_bytes],
            )


def speech_key(text: str, voice: str, speed: float, language: str) -> str:
    """Name the sound of a piece: the text to the letter, by this voice at this speed."""
    named = json.dumps([text, voice, round(speed, 3), language], ensure_ascii=False)
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _sound(key: str) -> str:
    return f"{{speech}}:sound:{key}"
