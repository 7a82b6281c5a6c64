"""The turns of a conversation in the order in which they began, and which of them were replaced.

A turn that `replaces` another supersedes it and all that began after it: no model sees those any
more, and the user still does. Where it ends without a reply, they are as they were.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from redis import Redis

from workers.conversation_records import conversation_key

TurnKind = Literal["text", "voice", "reminder"]

# One step, so that of two turns which replace the same one the later replaces the earlier, too.
# Times are whole milliseconds, and no two are the same.
_BEGIN = """
local at = tonumber(ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] and tonumber(last[2]) >= at then at = tonumber(last[2]) + 1 end
redis.call('ZADD', KEYS[1], 'NX', at, ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
local superseded = {}
local from = ARGV[5] ~= '' and redis.call('ZSCORE', KEYS[1], ARGV[5])
if from then
  local spared = {[ARGV[1]] = true}
  for index = 6, #ARGV do spared[ARGV[index]] = true end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], from, '(' .. at)) do
    if not spared[id] and redis.call('HSETNX', KEYS[2], id, ARGV[1]) == 1 then
      superseded[#superseded + 1] = id
    end
  end
  redis.call('HINCRBY', KEYS[4], 'version', 1)
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[4]) end
return superseded
"""

# What a turn superseded that is superseded itself is its successor's from then on.
_RESTORE = """
local heir = redis.call('HGET', KEYS[1], ARGV[1])
local entries = redis.call('HGETALL', KEYS[1])
local restored = {}
for index = 1, #entries, 2 do
  if entries[index + 1] == ARGV[1] then
    if heir then
      redis.call('HSET', KEYS[1], entries[index], heir)
    else
      redis.call('HDEL', KEYS[1], entries[index])
      restored[#restored + 1] = entries[index]
    end
  end
end
if #restored > 0 then redis.call('HINCRBY', KEYS[2], 'version', 1) end
return restored
"""


@dataclass(frozen=True, kw_only=True)
class BegunTurn:
    id: str
    at: float
    """Seconds since 1970."""


class TurnSuccession:
    """Thread-safe. Expires `retention_s` after the conversation's last turn began."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._begin = redis.register_script(_BEGIN)
        self._restore = redis.register_script(_RESTORE)

    def begin(
        self,
        conversation_id: str,
        turn_id: str,
        kind: TurnKind,
        at: float,
        replaces: str | None = None,
        spared: Collection[str] = (),
    ) -> list[str]:
        """Note that a turn begins; return those that it supersedes, oldest first.

        `at`: seconds since 1970. `spared`: turns that it leaves as they are.
        """
        self._redis.set(_conversation(turn_id), conversation_id, ex=self._retention_s)
        superseded = self._begin(
            keys=[
                conversation_key(conversation_id, name)
                for name in ("begun", "superseded", "kinds", "")
            ],
            args=[turn_id, kind, round(at * 1000), self._retention_s, replaces or "", *spared],
        )
        return [item.decode() for item in cast("list[bytes]", superseded)]

    def note(self, conversation_id: str, times: Mapping[str, float]) -> None:
        """Give turns that did not `begin` a place: what was said without one, by when it was."""
        if times:
            known = {turn_id: round(at * 1000) for turn_id, at in times.items()}
            self._redis.zadd(conversation_key(conversation_id, "begun"), known, nx=True)
            self._redis.expire(conversation_key(conversation_id, "begun"), self._retention_s)

    def begun(self, conversation_id: str, count: int = 0) -> list[BegunTurn]:
        """Return the last `count` turns, or all; oldest first."""
        found = cast(
            "list[tuple[bytes, float]]",
            self._redis.zrange(
                conversation_key(conversation_id, "begun"), -count, -1, withscores=True
            ),
        )
        return [BegunTurn(id=turn_id.decode(), at=score / 1000) for turn_id, score in found]

    def has_begun(self, conversation_id: str, turn_id: str) -> bool:
        return self._redis.zscore(conversation_key(conversation_id, "begun"), turn_id) is not None

    def kinds(self, conversation_id: str) -> dict[str, str]:
        return self._hash(conversation_key(conversation_id, "kinds"))

    def superseded(self, conversation_id: str) -> dict[str, str]:
        """Return by which turn each one was superseded."""
        return self._hash(conversation_key(conversation_id, "superseded"))

    def restore(self, conversation_id: str, turn_id: str) -> list[str]:
        """Have what the turn superseded be as if there were no such turn; return what is back."""
        keys = [conversation_key(conversation_id, "superseded"), conversation_key(conversation_id)]
        restored = self._restore(keys=keys, args=[turn_id])
        return [item.decode() for item in cast("list[bytes]", restored)]

    def conversation_of(self, turn_id: str) -> str | None:
        """Return None for a turn that is unknown, or outside every conversation."""
        found = cast("bytes | None", self._redis.get(_conversation(turn_id)))
        return None if found is None else found.decode()

    def erase(self, turn_ids: Collection[str]) -> None:
        """Forget to which conversation these belonged."""
        with self._redis.pipeline() as pipe:
            for turn_id in turn_ids:
                pipe.delete(_conversation(turn_id))
            pipe.execute()

    def _hash(self, key: str) -> dict[str, str]:
        fields = cast("dict[bytes, bytes]", self._redis.hgetall(key))
        return {name.decode(): value.decode() for name, value in fields.items()}


def _conversation(turn_id: str) -> str:
    return f"turn:{{{turn_id}}}:conversation"
