"""Conversations in Redis: `assistant.history.ConversationStore` for real, and what clients list."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from redis import Redis

from assistant.history import SHOWN_SOURCES, Exchange, Recollection
from workers.conversation_scripts import ADD, AMEND, SUMMARISE

_TITLE_CHARS = 60


@dataclass(frozen=True, kw_only=True)
class Conversation:
    id: str
    title: str
    created_at: float
    updated_at: float
    """Seconds since 1970."""
    turns: int


@dataclass(frozen=True, kw_only=True)
class Unsummarised:
    """What a summary is made from."""

    user_id: str
    summary: str
    summarised: int
    """How many of the oldest exchanges the summary stands for."""
    exchanges: tuple[Exchange, ...]
    """All that follow, those included that the model must not see."""
    hidden: frozenset[str]
    """Their turns' ids."""
    preamble: str | None
    version: str


class RedisConversations:
    """Thread-safe. A conversation expires `retention_s` after its last turn.

    `turns`: the model is shown the last of them, and up to three times as many while
    `is_summarised` and the summary is yet to be made.
    """

    def __init__(self, redis: Redis, retention_s: int, turns: int, is_summarised: bool) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._shown = turns * 3 if is_summarised else turns
        self._add = redis.register_script(ADD)
        self._amend = redis.register_script(AMEND)
        self._summarise = redis.register_script(SUMMARISE)

    def claim(self, conversation_id: str, user_id: str) -> bool:
        """Return whether the conversation is this user's; a new one becomes so."""
        key = _key(conversation_id)
        if self._redis.hsetnx(key, "user_id", user_id):
            self._redis.expire(key, self._retention_s)
            return True
        return self.owner(conversation_id) == user_id

    def owner(self, conversation_id: str) -> str | None:
        owner = cast("bytes | None", self._redis.hget(_key(conversation_id), "user_id"))
        return None if owner is None else owner.decode()

    def recall(self, conversation_id: str) -> Recollection:
        with self._redis.pipeline() as pipe:
            pipe.hmget(_key(conversation_id), "preamble", "summary", "summarised")
            pipe.lrange(_key(conversation_id, "exchanges"), -self._shown, -1)
            pipe.llen(_key(conversation_id, "exchanges"))
            pipe.smembers(_key(conversation_id, "hidden"))
            (preamble, summary, summarised), entries, count, hidden = pipe.execute()
        # The window must not reach back into what the summary stands for.
        entries = entries[max(0, int(summarised or 0) - (count - len(entries))) :]
        if self._shown == 0:
            entries = []
        return Recollection(
            preamble=None if preamble is None else preamble.decode(),
            summary=(summary or b"").decode(),
            exchanges=tuple(_shown(map(_decode, entries), {item.decode() for item in hidden})),
        )

    def set_preamble(self, conversation_id: str, preamble: str) -> None:
        self._redis.hsetnx(_key(conversation_id), "preamble", preamble)
        self._redis.expire(_key(conversation_id), self._retention_s)

    def add(self, conversation_id: str, user_id: str, exchange: Exchange) -> None:
        self.claim(conversation_id, user_id)
        now = exchange.at or time.time()
        title = " ".join((exchange.question or exchange.answer).split())
        if len(title) > _TITLE_CHARS:
            title = title[:_TITLE_CHARS].rstrip() + "…"
        self._add(
            keys=[
                _key(conversation_id),
                _key(conversation_id, "exchanges"),
                _key(conversation_id, "turns"),
                _key(conversation_id, "hidden"),
            ],
            args=[
                exchange.turn_id,
                _encode(replace(exchange, at=now)),
                title,
                now,
                self._retention_s,
            ],
        )
        with self._redis.pipeline() as pipe:
            pipe.zadd(_users(user_id), {conversation_id: now})
            pipe.zremrangebyscore(_users(user_id), "-inf", time.time() - self._retention_s)
            pipe.expire(_users(user_id), self._retention_s)
            pipe.execute()

    def amend(self, conversation_id: str, turn_id: str, answer: str) -> None:
        """Have an exchange say `answer`; one that is not there stays away.

        A summary of it stays right: it tells of questions only.
        """
        entries = self._redis.lrange(_key(conversation_id, "exchanges"), 0, -1)
        for place, entry in enumerate(entries):
            exchange = _decode(entry)
            if exchange.turn_id == turn_id and exchange.answer != answer:
                self._amend(
                    keys=[_key(conversation_id, "exchanges")],
                    args=[place, entry, _encode(replace(exchange, answer=answer))],
                )

    def latest(self, user_id: str, start: int = 0, count: int = 50) -> list[Conversation]:
        """Return the user's conversations, the last used first."""
        ids = self._ids(user_id)[::-1][start : start + count]
        found = (self.get(conversation_id) for conversation_id in ids)
        return [conversation for conversation in found if conversation]

    def get(self, conversation_id: str) -> Conversation | None:
        """Return None where there is none, or nothing was said in it yet."""
        fields = cast("dict[bytes, bytes]", self._redis.hgetall(_key(conversation_id)))
        if b"created_at" not in fields:
            return None
        return Conversation(
            id=conversation_id,
            title=fields[b"title"].decode(),
            created_at=float(fields[b"created_at"]),
            updated_at=float(fields[b"updated_at"]),
            turns=self._redis.llen(_key(conversation_id, "exchanges")),
        )

    def exchanges(self, conversation_id: str) -> list[Exchange]:
        """Return all that was said, oldest first, whether a model is still shown it or not."""
        entries = self._redis.lrange(_key(conversation_id, "exchanges"), 0, -1)
        return [_decode(entry) for entry in entries]

    def rename(self, conversation_id: str, title: str) -> None:
        self._redis.hset(_key(conversation_id), "title", title)

    def delete(self, conversation_id: str) -> None:
        if owner := self.owner(conversation_id):
            self._redis.zrem(_users(owner), conversation_id)
        names = ("", "exchanges", "turns", "hidden")
        self._redis.delete(*(_key(conversation_id, name) for name in names))

    def unsummarised(self, conversation_id: str) -> Unsummarised | None:
        fields = cast("dict[bytes, bytes]", self._redis.hgetall(_key(conversation_id)))
        if b"created_at" not in fields:
            return None
        summarised = int(fields.get(b"summarised", 0))
        entries = self._redis.lrange(_key(conversation_id, "exchanges"), summarised, -1)
        hidden = cast("set[bytes]", self._redis.smembers(_key(conversation_id, "hidden")))
        return Unsummarised(
            user_id=fields[b"user_id"].decode(),
            summary=fields.get(b"summary", b"").decode(),
            summarised=summarised,
            exchanges=tuple(_decode(entry) for entry in entries),
            hidden=frozenset(turn_id.decode() for turn_id in hidden),
            preamble=fields[b"preamble"].decode() if b"preamble" in fields else None,
            version=fields.get(b"version", b"0").decode(),
        )

    def summarise(
        self, conversation_id: str, version: str, summary: str, summarised: int, preamble: str
    ) -> bool:
        """Replace the summary; return False where the conversation has changed since `version`."""
        args: list[str | int] = [version, summary, summarised, preamble]
        return bool(self._summarise(keys=[_key(conversation_id)], args=args))

    def renew_preambles(self, user_id: str) -> None:
        """Have what is known of the user read anew in all their conversations."""
        for conversation_id in self._ids(user_id):
            self._redis.hdel(_key(conversation_id), "preamble")

    def forget(self, user_id: str, is_about: Callable[[str], bool]) -> None:
        """Hide from the model, in all conversations of the user, what `is_about` finds in.

        Summaries are made anew from the rest. The user still sees what was said.
        """
        for conversation_id in self._ids(user_id):
            if not self._redis.exists(_key(conversation_id)):
                continue  # Expired.
            about = [
                exchange.turn_id
                for exchange in self.exchanges(conversation_id)
                if is_about(exchange.question) or is_about(exchange.answer)
            ]
            self.hide(conversation_id, about)

    def hide(self, conversation_id: str, turn_ids: Sequence[str]) -> None:
        """Hide these turns from the model, also one that is yet to come; the user still sees them.

        The summary is made anew from the rest.
        """
        with self._redis.pipeline() as pipe:
            if turn_ids:
                pipe.sadd(_key(conversation_id, "hidden"), *turn_ids)
                pipe.expire(_key(conversation_id, "hidden"), self._retention_s)
                pipe.hdel(_key(conversation_id), "summary", "summarised")
            pipe.hdel(_key(conversation_id), "preamble")
            pipe.hincrby(_key(conversation_id), "version", 1)
            pipe.execute()

    def _ids(self, user_id: str) -> list[str]:
        """The last used last."""
        ids = cast("list[bytes]", self._redis.zrange(_users(user_id), 0, -1))
        return [conversation_id.decode() for conversation_id in ids]


def visible(known: Unsummarised, exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Return those of the exchanges that a model may see."""
    return _shown(exchanges, known.hidden)


def _shown(exchanges: Iterable[Exchange], hidden: Iterable[str]) -> list[Exchange]:
    left_out = set(hidden)
    return [
        exchange
        for exchange in exchanges
        # A reminder is no part of what was talked about.
        if (exchange.question or exchange.source == "model")
        and exchange.source in SHOWN_SOURCES
        and exchange.turn_id not in left_out
    ]


def _encode(exchange: Exchange) -> str:
    return json.dumps(asdict(exchange), ensure_ascii=False)


def _decode(entry: Any) -> Exchange:
    return Exchange(**json.loads(entry))


def _key(conversation_id: str, name: str = "") -> str:
    return f"conversation:{{{conversation_id}}}" + (f":{name}" if name else "")


def _users(user_id: str) -> str:
    return f"user:{{{user_id}}}:conversations"
