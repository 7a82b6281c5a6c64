"""A session that outlives its sockets: sends and receives in threads of its own."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from speech.talk.errors import ConnectionLostError, ServerUnavailableError, TalkError
from speech.talk.realtime_client import RealtimeClient, ServerEvent

# What the microphone hears while the network is away is sent afterwards: a sentence, not a minute.
_KEPT_SOUNDS = 250
"""Pieces of 20 ms."""
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 3.0)
_OPENINGS = ("session.created", "x.session.resumed")


class Link:
    """Sends in order, whether the network is there or not, and tells what comes and goes.

    `on_event`, `on_lost` and `on_end` are called from its reading thread: for each server event;
    where the socket broke, with the reason (it connects again by itself, for as long as it takes);
    and where the session is over, with the reason.
    """

    def __init__(
        self,
        client: RealtimeClient,
        *,
        on_event: Callable[[ServerEvent], None],
        on_lost: Callable[[str], None],
        on_end: Callable[[TalkError], None],
    ) -> None:
        self._client = client
        self._on_event = on_event
        self._on_lost = on_lost
        self._on_end = on_end
        self._waiting: deque[tuple[str, dict[str, Any]] | bytes] = deque()
        self._n_sounds = 0
        self._changed = threading.Condition()
        self._is_open = False
        self._has_session = False
        self._is_closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, name="socket-reader", daemon=True),
            threading.Thread(target=self._write, name="socket-writer", daemon=True),
        ]

    def start(self) -> None:
        """Connect. Raises ServerUnavailableError, ServerRefusedError."""
        self._client.connect()
        for thread in self._threads:
            thread.start()

    def send(self, event_type: str, **fields: Any) -> None:
        with self._changed:
            self._waiting.append((event_type, fields))
            self._changed.notify()

    def append(self, pcm16: bytes) -> None:
        """Send sound of the microphone; of what cannot be sent the last five seconds are kept."""
        with self._changed:
            if self._n_sounds >= _KEPT_SOUNDS:
                oldest = next(item for item in self._waiting if isinstance(item, bytes))
                self._waiting.remove(oldest)
                self._n_sounds -= 1
            self._waiting.append(pcm16)
            self._n_sounds += 1
            self._changed.notify()

    def close(self, timeout_s: float = 1.0) -> None:
        """End the session, after what waits was sent if that takes no longer than `timeout_s`."""
        ends_s = time.monotonic() + timeout_s
        with self._changed:
            self._changed.wait_for(
                lambda: not (self._waiting and self._is_open), ends_s - time.monotonic()
            )
        self._is_closed.set()
        with self._changed:
            self._changed.notify_all()
        self._client.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.1, ends_s - time.monotonic()))

    def _read(self) -> None:
        while not self._is_closed.is_set():
            try:
                for event in self._client.events():
                    if event.type in _OPENINGS:
                        self._begin(is_new=event.type == "session.created")
                    self._on_event(event)
            except ConnectionLostError as error:
                with self._changed:
                    self._is_open = False
                if not self._is_closed.is_set():
                    self._on_lost(str(error))
                    self._connect_again()
            except TalkError as error:
                self._on_end(error)
                return

    def _begin(self, *, is_new: bool) -> None:
        with self._changed:
            if is_new and self._has_session:
                # What was meant for the session before has no meaning in this one.
                self._waiting.clear()
                self._n_sounds = 0
            self._is_open = self._has_session = True
            self._changed.notify()

    def _connect_again(self) -> None:
        for attempt in range(2**31):
            if self._is_closed.wait(_RETRY_S[min(attempt, len(_RETRY_S) - 1)]):
                return
            try:
                self._client.connect()
                return
            except ServerUnavailableError as error:
                self._on_lost(str(error))
            except TalkError as error:
                self._is_closed.set()
                self._on_end(error)
                return

    def _write(self) -> None:
        while not self._is_closed.is_set():
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_closed.is_set() or (self._is_open and self._waiting)
                )
                if self._is_closed.is_set():
                    return
                item = self._waiting.popleft()
                self._n_sounds -= isinstance(item, bytes)
            try:
                if isinstance(item, bytes):
                    self._client.append(item)
                else:
                    self._client.send(item[0], **item[1])
            except ConnectionLostError:
                # The reading thread sees it, too, and connects again.
                with self._changed:
                    self._is_open = False
                    self._waiting.appendleft(item)
                    self._n_sounds += isinstance(item, bytes)
            with self._changed:
                self._changed.notify_all()
