"""Answers once given, in Redis: `assistant.cache.answer_cache.AnswerStore` for real."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, cast

from redis import Redis

from assistant.cache.normal_form import normalise
from assistant.cache.store import Neighbour, QuestionPair, StoredAnswer

# The braces keep all keys on one node of a Redis Cluster, as the scripts touch several.
_ANSWERS = "{cache}:answers"  # id → JSON, without the vector
_VECTORS = "{cache}:vectors"
_USED = "{cache}:used"  # id → when it was last read; the longest unread goes first
_EXPIRES = "{cache}:expires"
_VERSION = "{cache}:version"
_COUNTERS = "{cache}:counters"
_PENDING = "{cache}:pending"  # pair as JSON → when it was met; the newest is judged first

_MAX_PENDING = 200
"""About an hour of the model's idle time on two cores."""

_FIND = """
local now = redis.call('TIME')[1]
local expires = redis.call('ZSCORE', KEYS[3], ARGV[1])
local version = redis.call('ZCARD', KEYS[3]) > 0 and redis.call('GET', KEYS[4]) or '0'
if not expires or tonumber(expires) <= tonumber(now) then return {false, version} end
local answer = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('HINCRBY', KEYS[5], ARGV[2], 1)
redis.call('HINCRBYFLOAT', KEYS[5], 'saved_s', cjson.decode(answer)['took_s'])
return {answer, version}
"""

_PUT = """
local now = tonumber(redis.call('TIME')[1])
local function drop(ids)
  for _, id in ipairs(ids) do
    redis.call('HDEL', KEYS[1], id); redis.call('HDEL', KEYS[5], id)
    redis.call('ZREM', KEYS[2], id); redis.call('ZREM', KEYS[3], id)
  end
end
drop(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[5], ARGV[1], ARGV[3]) end
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZADD', KEYS[3], now + ARGV[4], ARGV[1])
drop(redis.call('ZRANGE', KEYS[2], 0, -ARGV[5] - 1))
redis.call('INCR', KEYS[4])
"""

_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
"""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class RedisAnswers:
    """Thread-safe. Keeps up to `max_answers`, each for `ttl_s`; the longest unread goes first."""

    def __init__(self, redis: Redis, *, ttl_s: int, max_answers: int = 2000) -> None:
        self._redis = redis
        self._ttl_s = ttl_s
        self._max_answers = max_answers
        self._find = redis.register_script(_FIND)
        self._put = redis.register_script(_PUT)
        self._claim = redis.register_script(_CLAIM)
        self._release = redis.register_script(_RELEASE)

    def find(self, id: str, counter: Literal["hits", "similar"]) -> tuple[StoredAnswer | None, int]:
        answer, version = cast(
            "tuple[bytes | None, bytes]",
            self._find(keys=[_ANSWERS, _USED, _EXPIRES, _VERSION, _COUNTERS], args=[id, counter]),
        )
        return (StoredAnswer(**json.loads(answer)) if answer else None), int(version)

    def put(self, answer: StoredAnswer, vector: bytes) -> None:
        self._put(
            keys=[_ANSWERS, _USED, _EXPIRES, _VERSION, _VECTORS],
            args=[answer.id, _dump(asdict(answer)), vector, self._ttl_s, self._max_answers],
        )

    def ids(self) -> list[str]:
        """Return the ids of the answers that have a vector."""
        return [id.decode() for id in cast("list[bytes]", self._redis.hkeys(_VECTORS))]

    def neighbours(self, ids: Sequence[str]) -> list[Neighbour]:
        if not ids:
            return []
        with self._redis.pipeline() as pipe:
            pipe.hmget(_ANSWERS, list(ids))
            pipe.hmget(_VECTORS, list(ids))
            answers, vectors = pipe.execute()
        found = []
        for data, vector in zip(answers, vectors, strict=True):
            if data and vector:
                answer = StoredAnswer(**json.loads(data))
                found.append(
                    Neighbour(
                        id=answer.id, group=answer.group, question=answer.question, vector=vector
                    )
                )
        return found

    def verdicts(self, pairs: Sequence[QuestionPair]) -> list[bool | None]:
        known = cast("list[bytes | None]", self._redis.mget([_verdict(pair.id) for pair in pairs]))
        new = [pair for pair, verdict in zip(pairs, known, strict=True) if verdict is None]
        if new:
            now, _ = self._redis.time()
            with self._redis.pipeline() as pipe:
                pipe.zadd(_PENDING, {_dump(asdict(pair)): now for pair in new})
                pipe.zremrangebyrank(_PENDING, 0, -_MAX_PENDING - 1)
                pipe.execute()
        return [None if verdict is None else verdict == b"1" for verdict in known]

    def pending_pairs(self) -> list[QuestionPair]:
        members = cast("list[bytes]", self._redis.zrange(_PENDING, 0, -1, desc=True))
        return [QuestionPair(**json.loads(member)) for member in members]

    def put_verdict(self, pair: QuestionPair, is_same: bool) -> None:
        with self._redis.pipeline() as pipe:
            # A verdict outlives the answer it was made for: the question comes again.
            pipe.set(_verdict(pair.id), int(is_same), ex=10 * self._ttl_s)
            pipe.zrem(_PENDING, _dump(asdict(pair)))
            pipe.execute()

    def forget(self, terms: Sequence[str]) -> int:
        if not terms:
            return 0
        answers = cast("dict[bytes, bytes]", self._redis.hgetall(_ANSWERS))
        dropped = [id for id, data in answers.items() if _mentions(json.loads(data), terms)]
        pending = cast("list[bytes]", self._redis.zrange(_PENDING, 0, -1))
        with self._redis.pipeline() as pipe:
            for id in dropped:
                pipe.hdel(_ANSWERS, id)
                pipe.hdel(_VECTORS, id)
                pipe.zrem(_USED, id)
                pipe.zrem(_EXPIRES, id)
            for member in pending:
                if _mentions(json.loads(member), terms):
                    pipe.zrem(_PENDING, member)
            pipe.incr(_VERSION)
            pipe.execute()
        return len(dropped)

    def claim(self, key: str, turn_id: str, ttl_s: int) -> str | None:
        holder = self._claim(keys=[_in_flight(key)], args=[turn_id, ttl_s])
        return holder.decode() if isinstance(holder, bytes) else None

    def release(self, key: str, turn_id: str) -> None:
        self._release(keys=[_in_flight(key)], args=[turn_id])

    def count(self, counter: Literal["shared", "misses", "bypassed"], saved_s: float) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hincrby(_COUNTERS, counter, 1)
            if saved_s:
                pipe.hincrbyfloat(_COUNTERS, "saved_s", saved_s)
            pipe.execute()

    def counters(self) -> dict[str, float]:
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(_COUNTERS))
        names = ("hits", "similar", "shared", "misses", "bypassed", "saved_s")
        return {name: float(kept.get(name.encode(), 0)) for name in names}


def _mentions(fields: dict[str, Any], terms: Sequence[str]) -> bool:
    # With spaces left out a term is also found where it was spelled with a hyphen.
    said = normalise(" ".join(value for value in fields.values() if isinstance(value, str)))
    return any(term.replace(" ", "") in said.replace(" ", "") for term in terms)


def _verdict(id: str) -> str:
    return f"{{cache}}:verdict:{id}"


def _in_flight(key: str) -> str:
    return f"{{cache}}:in_flight:{key}"


def _dump(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
