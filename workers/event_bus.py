"""The append-only stream of a turn's events, kept in a Redis Stream.

Everything a client sees is read from here, from any event on, as often as it likes. Nothing
polls: a reader blocks in XREAD until there is more.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis

from assistant.events import TurnEnd, TurnEvent, decode_event, encode_event

FIRST = "0-0"
"""The id before every event."""

# One atomic step, so that an event which may happen once happens once, however many workers
# run the same task, and so that nothing follows the turn's end.
_APPEND = """
if redis.call('SISMEMBER', KEYS[2], 'end') == 1 then return false end
if ARGV[1] ~= '' and redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return false end
local id = redis.call('XADD', KEYS[1], '*', 'event', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return id
"""


@dataclass(frozen=True)
class StoredEvent:
    id: str
    """Its place in the stream; later events have larger ids."""
    event: TurnEvent

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(int(self.id.split("-")[0]) / 1000, UTC)


class EventBus:
    """Thread-safe."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._append = redis.register_script(_APPEND)

    def append(self, event: TurnEvent, once: str = "") -> bool:
        """Add the event; return False where it was dropped.

        `once` names something that happens at most once in a turn: a second event of that name
        is dropped. The three ends of a turn share one name, and whatever comes after is dropped.
        """
        if isinstance(event, TurnEnd):
            once = "end"
        return bool(
            self._append(
                keys=[_stream(event.turn_id), _once(event.turn_id)],
                args=[once, encode_event(event), self._retention_s],
            )
        )

    def events(self, turn_id: str) -> list[StoredEvent]:
        """Return all events so far; an empty list where there is no such turn."""
        return _decode(self._redis.xrange(_stream(turn_id)))

    def unfinished(self, turn_ids: Sequence[str]) -> list[str]:
        """Return those of the turns that began and have not ended."""
        with self._redis.pipeline() as pipe:
            for turn_id in turn_ids:
                pipe.exists(_stream(turn_id))
                pipe.sismember(_once(turn_id), "end")
            answers = pipe.execute()
        known = zip(turn_ids, answers[::2], answers[1::2], strict=True)
        return [turn_id for turn_id, began, ended in known if began and not ended]

    def erase(self, turn_id: str) -> None:
        """Drop the events of a turn that has ended; nothing can be appended to it any more."""
        self._redis.delete(_stream(turn_id))

    def follow(
        self, turn_id: str, after: str = FIRST, timeout_s: float | None = None, ping_s: float = 15.0
    ) -> Iterator[StoredEvent | None]:
        """Yield the events after the id `after` as they happen, up to the turn's end.

        Yields None every `ping_s`, whether anything happens or not, so that a caller can see
        whether its client is still there. Stops early at `timeout_s`, or where the turn has
        expired.
        """
        pinged_at = time.monotonic()
        deadline = None if timeout_s is None else pinged_at + timeout_s
        while True:
            wait_s = ping_s
            if deadline is not None:
                wait_s = min(wait_s, deadline - time.monotonic())
                if wait_s <= 0:
                    return
            # BLOCK 0 would mean for ever.
            block_ms = max(1, int(wait_s * 1000))
            answer = cast(
                "list[Any] | dict[Any, Any] | None",
                self._redis.xread({_stream(turn_id): after}, block=block_ms),
            )
            if not answer:
                if not self._redis.exists(_stream(turn_id)):
                    return
                yield None
                pinged_at = time.monotonic()
                continue
            entries = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
            for stored in _decode(entries):
                yield stored
                after = stored.id
                if isinstance(stored.event, TurnEnd):
                    return
            if time.monotonic() - pinged_at >= ping_s:
                yield None
                pinged_at = time.monotonic()


def _stream(turn_id: str) -> str:
    # The braces keep a turn's keys on one node of a Redis Cluster.
    return f"turn:{{{turn_id}}}:events"


def _once(turn_id: str) -> str:
    return f"turn:{{{turn_id}}}:once"


def _decode(entries: Any) -> list[StoredEvent]:
    return [StoredEvent(id.decode(), decode_event(fields[b"event"])) for id, fields in entries]
