"""Reminders in Redis: they survive restarts, and speak up when they are due.

A reminder is removed after it was spoken, so a worker that dies in between speaks it again:
`speak_up` must do nothing the second time it sees a turn id.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Literal, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict
from redis import Redis
from redis.exceptions import RedisError

from assistant.plugins.base import Reminder
from workers.lease import lease

log = logging.getLogger(__name__)

MAX_PER_USER = 100
_MAX_WAIT_S = 15.0
"""After which a loop looks for itself: the one that was woken for a reminder may have died."""
_RETRY_S = 5.0
_TURNS = uuid.UUID("6f2c3a34-62c3-4b0e-9d6a-6a1f3b0f9f11")

_DUE = "reminders:due"
_ENTRIES = "reminders:entries"
_WAKE = "reminders:wake"

_SCHEDULE = """
if redis.call('SCARD', KEYS[3]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('LPUSH', KEYS[4], ARGV[1])
redis.call('LTRIM', KEYS[4], 0, 99)
return 1
"""


class DueReminder(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    """One of the user's; a tool may give the same to every user, and again when it was spoken."""
    user_id: str
    conversation_id: str
    language: Literal["en", "zh"]
    at: AwareDatetime
    text: str
    """What is said, as a whole sentence."""

    @property
    def turn_id(self) -> str:
        """Of the turn in which it speaks: the same however often that is tried."""
        return uuid.uuid5(_TURNS, f"{self.user_id} {self.id} {self.at.timestamp()}").hex


class RedisReminders:
    """Thread-safe."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._schedule = redis.register_script(_SCHEDULE)

    def schedule(
        self,
        reminder: Reminder,
        *,
        user_id: str,
        conversation_id: str,
        language: Literal["en", "zh"],
    ) -> bool:
        """Keep the reminder; the same id again replaces it. False where the user has too many."""
        entry = DueReminder(
            id=reminder.id,
            user_id=user_id,
            conversation_id=conversation_id,
            language=language,
            at=reminder.at,
            text=reminder.text,
        )
        is_kept = self._schedule(
            keys=[_DUE, _ENTRIES, _of_user(user_id), _WAKE],
            args=[
                _name(user_id, entry.id),
                entry.at.timestamp(),
                entry.model_dump_json(),
                MAX_PER_USER,
            ],
        )
        if not is_kept:
            log.warning("a reminder is dropped: its user has %d already", MAX_PER_USER)
        return bool(is_kept)

    def cancel(self, user_id: str, ids: Iterable[str]) -> None:
        """Remove these reminders of this user; ids of others, or of none, change nothing."""
        for reminder_id in ids:
            self._remove(user_id, _name(user_id, reminder_id))

    def pending(self, user_id: str) -> list[DueReminder]:
        """Return the user's reminders, the next one first."""
        found = [self._read(name) for name in self._names(user_id)]
        return sorted((entry for entry in found if entry), key=lambda entry: entry.at)

    def forget(self, user_id: str) -> None:
        for name in self._names(user_id):
            self._remove(user_id, name)

    def run(self, speak_up: Callable[[DueReminder], None], stopping: threading.Event) -> None:
        """Speak up for each reminder when it is due, until `stopping`; for a thread of a worker.

        Several workers may do this at once. Sleeps in Redis until the next one is due or another
        is scheduled, 15 s at the most, so `wake` ends it faster.
        """
        while not stopping.is_set():
            try:
                wait_s = self._speak_due(speak_up)
                if not stopping.is_set():
                    # A timeout of 0 would mean for ever.
                    self._redis.blpop([_WAKE], timeout=max(0.01, wait_s))
            except RedisError as error:
                log.warning("reminders: %s", error)
                stopping.wait(1.0)

    def wake(self) -> None:
        """Let one `run` look around now."""
        self._redis.lpush(_WAKE, "")

    def _speak_due(self, speak_up: Callable[[DueReminder], None]) -> float:
        """Return in how many seconds to look again."""
        due = cast("list[bytes]", self._redis.zrange(_DUE, "-inf", time.time(), byscore=True))
        for name in map(bytes.decode, due):
            with lease(self._redis, f"reminder:{name}") as is_mine:
                # Another worker can have spoken it between the look and the lease.
                if not is_mine or (entry := self._read(name)) is None:
                    continue
                try:
                    speak_up(entry)
                except Exception:
                    log.exception("reminder %s could not be spoken; it is tried again", entry.id)
                    self._redis.zadd(_DUE, {name: time.time() + _RETRY_S}, xx=True)
                else:
                    self._remove(entry.user_id, name)
        following = cast(
            "list[tuple[bytes, float]]", self._redis.zrange(_DUE, 0, 0, withscores=True)
        )
        wait_s = following[0][1] - time.time() if following else _MAX_WAIT_S
        # What is due and still there is another worker's: it has a lease on it.
        return 1.0 if wait_s < 0 else min(wait_s, _MAX_WAIT_S)

    def _names(self, user_id: str) -> list[str]:
        members = cast("set[bytes]", self._redis.smembers(_of_user(user_id)))
        return [name.decode() for name in members]

    def _read(self, name: str) -> DueReminder | None:
        data = cast("bytes | None", self._redis.hget(_ENTRIES, name))
        return None if data is None else DueReminder.model_validate_json(data)

    def _remove(self, user_id: str, name: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.zrem(_DUE, name)
            pipe.hdel(_ENTRIES, name)
            pipe.srem(_of_user(user_id), name)
            pipe.execute()


def _name(user_id: str, reminder_id: str) -> str:
    return f"{user_id}:{reminder_id}"


def _of_user(user_id: str) -> str:
    return f"user:{{{user_id}}}:reminders"
