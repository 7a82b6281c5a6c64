"""Conversations in Redis: `assistant.history.ConversationStore` for real, and what clients list."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import cast

from redis import Redis

from assistant.history import Exchange, Recollection
from workers.conversation_records import (
    Conversation,
    Unsummarised,
    conversation_key,
    decode_exchange,
    encode_exchange,
    shown,
    title_of,
)
from workers.conversation_scripts import ADD, AMEND, SUMMARISE
from workers.ratings import Ratings
from workers.turn_succession import TurnSuccession

_LATE_S = 3600
"""Longer than a turn that was cancelled can still go on somewhere."""
# Those that `ADD` reads and writes, in its order; then those that only expire together with them.
_KEYS = (
    "",
    "exchanges",
    "turns",
    "superseded",
    "hidden",
    "begun",
    "kinds",
    "ratings",
    "transcripts",
)


class RedisConversations:
    """Thread-safe. A conversation expires `retention_s` after its last turn.

    `turns`: the model is shown the last of them, and up to three times as many while
    `is_summarised` and the summary is yet to be made.
    """

    def __init__(self, redis: Redis, retention_s: int, turns: int, is_summarised: bool) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._shown = turns * 3 if is_summarised else turns
        self.succession = TurnSuccession(redis, retention_s)
        self.ratings = Ratings(redis, retention_s)
        self._add = redis.register_script(ADD)
        self._amend = redis.register_script(AMEND)
        self._summarise = redis.register_script(SUMMARISE)

    def claim(self, conversation_id: str, user_id: str) -> bool:
        """Return whether the conversation is this user's; a new one becomes so."""
        key = conversation_key(conversation_id)
        if self._redis.hsetnx(key, "user_id", user_id):
            self._redis.expire(key, self._retention_s)
            return True
        return self.owner(conversation_id) == user_id

    def owner(self, conversation_id: str) -> str | None:
        owner = cast("bytes | None", self._redis.hget(conversation_key(conversation_id), "user_id"))
        return None if owner is None else owner.decode()

    def recall(self, conversation_id: str) -> Recollection:
        with self._redis.pipeline() as pipe:
            pipe.hmget(conversation_key(conversation_id), "preamble", "summary", "summarised")
            pipe.llen(conversation_key(conversation_id, "exchanges"))
            pipe.smembers(conversation_key(conversation_id, "hidden"))
            pipe.hkeys(conversation_key(conversation_id, "superseded"))
            (preamble, summary, summarised), count, hidden, superseded = pipe.execute()
        unseen = {turn_id.decode() for turn_id in (*hidden, *superseded)}
        # The window must not reach back into what the summary stands for.
        first = max(int(summarised or 0), count - self._shown - len(unseen))
        entries = cast(
            "list[bytes]",
            self._redis.lrange(conversation_key(conversation_id, "exchanges"), first, count - 1),
        )
        seen = [item for item in map(decode_exchange, entries) if item.turn_id not in unseen]
        return Recollection(
            preamble=None if preamble is None else preamble.decode(),
            summary=(summary or b"").decode(),
            exchanges=tuple(shown(seen[-self._shown :] if self._shown else [], ())),
        )

    def set_preamble(self, conversation_id: str, preamble: str) -> None:
        self._redis.hsetnx(conversation_key(conversation_id), "preamble", preamble)
        self._redis.expire(conversation_key(conversation_id), self._retention_s)

    def add(self, conversation_id: str, user_id: str, exchange: Exchange) -> None:
        now = exchange.at or time.time()
        is_new = self._add(
            keys=[conversation_key(conversation_id, name) for name in _KEYS],
            args=[
                exchange.turn_id,
                encode_exchange(replace(exchange, at=now)),
                title_of(exchange.question or exchange.answer),
                now,
                self._retention_s,
                user_id,
            ],
        )
        if is_new:
            with self._redis.pipeline() as pipe:
                pipe.zadd(_users(user_id), {conversation_id: now})
                pipe.zremrangebyscore(_users(user_id), "-inf", time.time() - self._retention_s)
                pipe.expire(_users(user_id), self._retention_s)
                pipe.execute()

    def amend(self, conversation_id: str, turn_id: str, answer: str) -> None:
        """Have an exchange say `answer`; one that is not there stays away.

        A summary of it stays right: it tells of questions only.
        """
        entries = self._redis.lrange(conversation_key(conversation_id, "exchanges"), 0, -1)
        for place, entry in enumerate(entries):
            exchange = decode_exchange(entry)
            if exchange.turn_id == turn_id and exchange.answer != answer:
                self._amend(
                    keys=[conversation_key(conversation_id, "exchanges")],
                    args=[place, entry, encode_exchange(replace(exchange, answer=answer))],
                )

    def ids(self, user_id: str) -> list[str]:
        """Return the ids of the user's conversations, the last used first."""
        ids = cast("list[bytes]", self._redis.zrange(_users(user_id), 0, -1, desc=True))
        return [conversation_id.decode() for conversation_id in ids]

    def latest(self, user_id: str, start: int = 0, count: int = 50) -> list[Conversation]:
        """Return the user's conversations, the last used first."""
        return self.get_all(self.ids(user_id)[start : start + count])

    def get(self, conversation_id: str) -> Conversation | None:
        """Return None where there is none, or nothing was said in it yet."""
        return next(iter(self.get_all([conversation_id])), None)

    def get_all(self, conversation_ids: Sequence[str]) -> list[Conversation]:
        """Return those of them in which something was said."""
        with self._redis.pipeline() as pipe:
            for conversation_id in conversation_ids:
                pipe.hgetall(conversation_key(conversation_id))
                pipe.llen(conversation_key(conversation_id, "exchanges"))
                pipe.hkeys(conversation_key(conversation_id, "superseded"))
            answers = pipe.execute()
        found = []
        for place, conversation_id in enumerate(conversation_ids):
            fields, count, superseded = answers[3 * place : 3 * place + 3]
            if b"created_at" not in fields:
                continue
            if superseded:
                turns = conversation_key(conversation_id, "turns")
                count -= sum(cast("list[int]", self._redis.smismember(turns, superseded)))
            found.append(
                Conversation(
                    id=conversation_id,
                    title=fields[b"title"].decode(),
                    created_at=float(fields[b"created_at"]),
                    updated_at=float(fields[b"updated_at"]),
                    turns=count,
                )
            )
        return found

    def knows(self, conversation_id: str, turn_id: str) -> bool:
        """Return whether the turn is, or was, one of this conversation."""
        return self.has(conversation_id, turn_id) or self.succession.has_begun(
            conversation_id, turn_id
        )

    def has(self, conversation_id: str, turn_id: str) -> bool:
        """Return whether anything is kept of the turn."""
        return bool(self._redis.sismember(conversation_key(conversation_id, "turns"), turn_id))

    def exchanges(self, conversation_id: str) -> list[Exchange]:
        """Return all that was said, oldest first, whether a model is still shown it or not."""
        entries = self._redis.lrange(conversation_key(conversation_id, "exchanges"), 0, -1)
        return [decode_exchange(entry) for entry in entries]

    def rename(self, conversation_id: str, title: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hset(conversation_key(conversation_id), "title", title)
            pipe.hdel(conversation_key(conversation_id), "titled_by")
            pipe.execute()

    def delete(self, conversation_id: str, running: Collection[str] = ()) -> None:
        """Erase it; `running` turns leave nothing in it either, should they still end."""
        if owner := self.owner(conversation_id):
            self._redis.zrem(_users(owner), conversation_id)
        with self._redis.pipeline() as pipe:
            pipe.delete(*(conversation_key(conversation_id, name) for name in _KEYS))
            if running:
                pipe.sadd(conversation_key(conversation_id, "turns"), *running)
                pipe.expire(conversation_key(conversation_id, "turns"), _LATE_S)
            pipe.execute()

    def unsummarised(self, conversation_id: str) -> Unsummarised | None:
        fields = cast("dict[bytes, bytes]", self._redis.hgetall(conversation_key(conversation_id)))
        if b"created_at" not in fields:
            return None
        summarised = int(fields.get(b"summarised", 0))
        entries = self._redis.lrange(conversation_key(conversation_id, "exchanges"), summarised, -1)
        hidden = cast(
            "set[bytes]", self._redis.smembers(conversation_key(conversation_id, "hidden"))
        )
        superseded = self.succession.superseded(conversation_id)
        return Unsummarised(
            user_id=fields[b"user_id"].decode(),
            summary=fields.get(b"summary", b"").decode(),
            summarised=summarised,
            exchanges=tuple(decode_exchange(entry) for entry in entries),
            hidden=frozenset(turn_id.decode() for turn_id in hidden) | superseded.keys(),
            preamble=fields[b"preamble"].decode() if b"preamble" in fields else None,
            version=fields.get(b"version", b"0").decode(),
        )

    def summarise(
        self, conversation_id: str, version: str, summary: str, summarised: int, preamble: str
    ) -> bool:
        """Replace the summary; return False where the conversation has changed since `version`."""
        args: list[str | int] = [version, summary, summarised, preamble]
        return bool(self._summarise(keys=[conversation_key(conversation_id)], args=args))

    def renew_preambles(self, user_id: str) -> None:
        """Have what is known of the user read anew in all their conversations."""
        for conversation_id in self.ids(user_id):
            self._redis.hdel(conversation_key(conversation_id), "preamble")

    def forget(self, user_id: str, is_about: Callable[[str], bool]) -> None:
        """Hide from the model, in all conversations of the user, what `is_about` finds in.

        Summaries are made anew from the rest. The user still sees what was said.
        """
        for conversation_id in self.ids(user_id):
            if not self._redis.exists(conversation_key(conversation_id)):
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
                pipe.sadd(conversation_key(conversation_id, "hidden"), *turn_ids)
                pipe.expire(conversation_key(conversation_id, "hidden"), self._retention_s)
                pipe.hdel(conversation_key(conversation_id), "summary", "summarised")
            pipe.hdel(conversation_key(conversation_id), "preamble")
            pipe.hincrby(conversation_key(conversation_id), "version", 1)
            pipe.execute()

    def renew_summary(self, conversation_id: str, turn_ids: Collection[str]) -> None:
        """Have the summary made anew where any of these turns is among those it stands for."""
        summarised = int(self._redis.hget(conversation_key(conversation_id), "summarised") or 0)
        if summarised == 0:
            return
        entries = self._redis.lrange(
            conversation_key(conversation_id, "exchanges"), 0, summarised - 1
        )
        if any(decode_exchange(entry).turn_id in turn_ids for entry in entries):
            self._forget_summary(conversation_id)

    def _forget_summary(self, conversation_id: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.hdel(conversation_key(conversation_id), "summary", "summarised", "preamble")
            pipe.hincrby(conversation_key(conversation_id), "version", 1)
            pipe.execute()

    def set_aside(self, conversation_id: str, turn_id: str) -> None:
        """Hide from the model a turn that has not been in any summary yet."""
        self._redis.sadd(conversation_key(conversation_id, "hidden"), turn_id)
        self._redis.expire(conversation_key(conversation_id, "hidden"), self._retention_s)


def _users(user_id: str) -> str:
    return f"user:{{{user_id}}}:conversations"
