"""Tokens and cost of every turn and user, in Redis: `assistant.llm.usage.UsageStore` for real."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import cast

from redis import Redis

from assistant.llm.router import ModelSpec
from assistant.llm.usage import Usage

# Keys: the turn, the user's day, the day's users, the model's day, the model's minute.
# The turn's own record tells whether it was counted before: a worker may be lost after that.
_ADD = """
local model, user, retention_s = ARGV[1], ARGV[2], ARGV[3]
local counts = {ARGV[4], ARGV[5], ARGV[6], ARGV[7]}
if redis.call('HSETNX', KEYS[1], model, table.concat(counts, ' ')) == 1 then
  for index, name in ipairs({'calls', 'prompt_tokens', 'completion_tokens', 'cost'}) do
    redis.call('HINCRBYFLOAT', KEYS[2], name .. ' ' .. model, counts[index])
  end
  redis.call('SADD', KEYS[3], user)
  redis.call('INCRBY', KEYS[4], counts[2] + counts[3])
  redis.call('INCRBY', KEYS[5], counts[2] + counts[3])
  for index, lifetime_s in ipairs({retention_s, retention_s, retention_s, 172800, 120}) do
    redis.call('EXPIRE', KEYS[index], lifetime_s)
  end
end
"""


@dataclass(frozen=True)
class ReportRow:
    """What one user used of one model on one day."""

    day: date
    user_id: str
    model: str
    usage: Usage


class RedisUsage:
    """Thread-safe. Days are those of UTC; what is counted is kept for `retention_s`."""

    def __init__(
        self,
        redis: Redis,
        retention_s: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._now = now
        self._add = redis.register_script(_ADD)

    def add(self, user_id: str, turn_id: str, model: str, usage: Usage) -> None:
        """Count what a turn used of a model; a second call for the same two changes nothing."""
        now = self._now()
        day = now.date()
        self._add(
            keys=[
                f"usage:turn:{turn_id}",
                _user_key(day, user_id),
                _users_key(day),
                _model_key(model, f"{day}"),
                _model_key(model, f"{now:%Y-%m-%dT%H:%M}"),
            ],
            args=[model, user_id, self._retention_s, *astuple(usage)],
        )

    def turn(self, turn_id: str) -> dict[str, Usage]:
        """Return what a turn used, by model; nothing for an unknown turn."""
        records = self._hash(f"usage:turn:{turn_id}")
        return {model: _parse(record.split()) for model, record in records.items()}

    def today(self, user_id: str) -> Usage:
        """Return what this user has used since midnight (UTC)."""
        return sum(self._by_model(self._now().date(), user_id).values(), Usage())

    def report(self, days: int) -> list[ReportRow]:
        """Return the last `days`, today included, newest first."""
        today = self._now().date()
        return [
            ReportRow(day, user_id, model, usage)
            for day in (today - timedelta(days=back) for back in range(days))
            for user_id in self._users(day)
            for model, usage in sorted(self._by_model(day, user_id).items())
        ]

    def at_limit(self, models: Iterable[ModelSpec]) -> frozenset[str]:
        """Return the names of those that have reached their tokens of this minute or day."""
        now = self._now()
        limits = [
            (model.name, _model_key(model.name, period), limit)
            for model in models
            for period, limit in (
                (f"{now:%Y-%m-%dT%H:%M}", model.tokens_per_minute),
                (f"{now.date()}", model.tokens_per_day),
            )
            if limit is not None
        ]
        if not limits:
            return frozenset()
        used = self._redis.mget([key for _, key, _ in limits])
        return frozenset(
            name
            for (name, _, limit), tokens in zip(limits, used, strict=True)
            if int(tokens or 0) >= limit
        )

    def _by_model(self, day: date, user_id: str) -> dict[str, Usage]:
        counts = self._hash(_user_key(day, user_id))
        models = {field.split(" ", 1)[1] for field in counts}
        return {
            model: _parse([counts[f"{field.name} {model}"] for field in fields(Usage)])
            for model in models
        }

    def _users(self, day: date) -> list[str]:
        return sorted(cast(bytes, user).decode() for user in self._redis.smembers(_users_key(day)))

    def _hash(self, key: str) -> dict[str, str]:
        items = cast(dict[bytes, bytes], self._redis.hgetall(key)).items()
        return {field.decode(): value.decode() for field, value in items}


def _parse(counts: Sequence[str]) -> Usage:
    calls, prompt_tokens, completion_tokens, cost = counts
    return Usage(int(calls), int(prompt_tokens), int(completion_tokens), float(cost))


def _user_key(day: date, user_id: str) -> str:
    return f"usage:user:{day}:{user_id}"


def _users_key(day: date) -> str:
    return f"usage:users:{day}"


def _model_key(model: str, period: str) -> str:
    return f"usage:model:{period}:{model}"
