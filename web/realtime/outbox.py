"""What is still to be sent to one client, in order, and what was sent a short while ago.

A reply's sound waits here until it is due: a client is never more than `AHEAD_S` of sound ahead
of the clock, so that what it holds stays small, and what is interrupted was mostly never sent.
"""

import base64
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Event = Mapping[str, Any]

AHEAD_S = 20.0
CHUNK_S = 0.2
"""Of sound in one event."""
MAX_WAITING_SOUND_BYTES = 24 * 1024 * 1024
MAX_WAITING_EVENTS = 20_000
"""Far more than a reply of the largest size; a client this far behind does not come back."""
KEPT_BYTES = 8 * 1024 * 1024
KEPT_S = 120.0
"""Of what was sent, for a client whose connection drops or whose page is loaded again: two minutes
of sound, which few replies have, and more of text."""


class Receiver(Protocol):
    """A client's connection; neither method waits."""

    def is_ready(self) -> bool: ...
    def send(self, text: str) -> None: ...


@dataclass
class _Sound:
    turn_id: str
    event: Event
    """Of each chunk, without its `delta`."""
    sound: memoryview
    bytes_per_s: int


@dataclass
class _Events:
    turn_id: str
    events: tuple[Event, ...]


class Outbox:
    """Thread-safe. What is due is sent by whoever puts it there, the rest by `push`."""

    def __init__(
        self,
        *,
        is_kept: bool,
        translate: Callable[[Event], Event | None] = dict,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_kept`: whether what was sent is kept for `rewind`. `translate` gives each event in
        the client's dialect, None where that has nothing for it."""
        self._is_kept = is_kept
        self._translate = translate
        self._clock = clock
        self._lock = threading.Lock()
        self._now: deque[Event] = deque()
        self._replies: deque[_Sound | _Events] = deque()
        self._again: deque[str] = deque()
        self._sent: deque[tuple[int, float, str]] = deque()
        self._sent_bytes = 0
        self._waiting_bytes = 0
        self._count = 0
        self._receiver: Receiver | None = None
        self._attached = 0
        self._heard_until = 0.0
        self._is_full = False

    def put(self, *events: Event) -> None:
        """To be sent before any sound that waits."""
        with self._lock:
            self._now.extend(events)
            self._check()

    def put_reply(self, turn_id: str, *events: Event) -> None:
        """To be sent after the sound and the events of earlier replies."""
        with self._lock:
            if all(isinstance(e, _Sound) and e.turn_id == turn_id for e in self._replies):
                self._now.extend(events)
            else:
                self._replies.append(_Events(turn_id, events))
            self._check()

    def put_sound(self, turn_id: str, event: Event, sound: bytes, bytes_per_s: int) -> None:
        """To be sent in chunks as it becomes due, each as the `delta` of `event`."""
        with self._lock:
            self._replies.append(_Sound(turn_id, event, memoryview(sound), bytes_per_s))
            self._waiting_bytes += len(sound)
            self._check()

    def put_last(self, turn_id: str, *events: Event) -> None:
        """To be sent after the turn's sound."""
        with self._lock:
            if self._replies:
                self._replies.append(_Events(turn_id, events))
            else:
                self._now.extend(events)
            self._check()

    def drop(self, *turn_ids: str) -> bool:
        """Forget what waits of these replies; return whether there was anything."""
        with self._lock:
            kept = [entry for entry in self._replies if entry.turn_id not in turn_ids]
            is_dropped = len(kept) < len(self._replies)
            self._replies = deque(kept)
            self._waiting_bytes = sum(len(e.sound) for e in kept if isinstance(e, _Sound))
            self._heard_until = self._clock()
            self._push()
            return is_dropped

    def is_waiting(self, turn_id: str) -> bool:
        """Return whether anything of a reply is yet to be sent."""
        with self._lock:
            return any(entry.turn_id == turn_id for entry in self._replies)

    @property
    def is_full(self) -> bool:
        """Whether more had to wait than is kept for anyone: the session is lost to its client."""
        return self._is_full

    @property
    def attached(self) -> int:
        """How often a connection was attached."""
        return self._attached

    def attach(self, receiver: Receiver) -> None:
        """Send to this one from now on."""
        with self._lock:
            self._attached += 1
            self._receiver = receiver
            self._push()

    def rewind(self, last_event_id: str, session: Event) -> bool:
        """Send again what came after that event; return False where that is no longer kept.

        Until the next `attach` nothing is sent.
        """
        with self._lock:
            self._receiver = None
            last = event_number(last_event_id)
            if last is None or last > self._count:
                return False
            again = [text for number, _, text in self._sent if number > last]
            if len(again) < self._count - last:
                return False
            # It has the id of the event that the client knows: should the connection drop again
            # before all is sent, nothing is missed.
            resumed = {
                "type": "x.session.resumed",
                "event_id": last_event_id,
                "session": session,
                "replayed": len(again),
            }
            self._again = deque([_as_json(self._translate(resumed) or resumed), *again])
            return True

    def detach(self) -> None:
        with self._lock:
            self._receiver = None

    def push(self) -> None:
        """Send what has become due, as far as the client takes it."""
        with self._lock:
            self._push()

    def _push(self) -> None:
        while self._receiver is not None and not self._is_full and self._receiver.is_ready():
            text = self._again.popleft() if self._again else self._next()
            if text is None:
                return
            self._receiver.send(text)

    def _next(self) -> str | None:
        """Return the event that is due, as JSON."""
        while (event := self._next_event()) is not None:
            if (told := self._translate(event)) is not None:
                return self._number(told)
        return None

    def _next_event(self) -> Event | None:
        while not self._now:
            if not self._replies:
                return None
            if isinstance(first := self._replies[0], _Sound):
                return self._next_sound(first)
            self._now.extend(first.events)
            self._replies.popleft()
        return self._now.popleft()

    def _next_sound(self, waiting: _Sound) -> Event | None:
        now = self._clock()
        if self._heard_until > now + AHEAD_S:
            return None
        size = int(CHUNK_S * waiting.bytes_per_s) & ~1  # A sample may have two bytes.
        chunk, waiting.sound = waiting.sound[:size], waiting.sound[size:]
        if not waiting.sound:
            self._replies.popleft()
        self._waiting_bytes -= len(chunk)
        self._heard_until = max(self._heard_until, now) + len(chunk) / waiting.bytes_per_s
        return {**waiting.event, "delta": base64.b64encode(chunk).decode()}

    def _number(self, event: Event) -> str:
        self._count += 1
        text = _as_json({"type": event["type"], "event_id": event_id(self._count), **event})
        if self._is_kept:
            now = self._clock()
            self._sent.append((self._count, now, text))
            self._sent_bytes += len(text)
            while self._sent_bytes > KEPT_BYTES or self._sent[0][1] < now - KEPT_S:
                self._sent_bytes -= len(self._sent.popleft()[2])
        return text

    def _check(self) -> None:
        self._push()
        if (
            self._waiting_bytes > MAX_WAITING_SOUND_BYTES
            or len(self._now) + len(self._replies) > MAX_WAITING_EVENTS
        ):
            self._is_full = True
            self._now.clear()
            self._replies.clear()
            self._waiting_bytes = 0


def _as_json(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def event_id(number: int) -> str:
    return f"event_{number:06d}"


def event_number(text: str) -> int | None:
    """Return which event of its session has that id, None where none can have it."""
    digits = text.removeprefix("event_")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else None
