"""The events of a session's turns, taken as they happen, by a thread for each turn."""

import logging
import threading
import time
from collections.abc import Callable

from assistant.events import (
    AudioReady,
    ReplyDelta,
    ReplyReady,
    SpeechQueued,
    TranscriptReady,
    TurnEnd,
    TurnEvent,
    TurnFailed,
)
from workers import turn_control
from workers.event_bus import StoredEvent
from workers.live.live_turn import LiveTurn
from workers.services import Services

log = logging.getLogger(__name__)

_LOOK_S = 5.0
"""So often a turn in which nothing happens is looked after."""

_STAGES: dict[type, str] = {
    TranscriptReady: "transcribed",
    ReplyDelta: "first_word",
    SpeechQueued: "first_clause",
    AudioReady: "first_sound",
}

Take = Callable[[LiveTurn, TurnEvent, bytes | None], None]
"""Gets an event, and the sound that it names."""


class Following:
    def __init__(self, services: Services, lock: threading.RLock, take: Take) -> None:
        """`take` is called with `lock` held."""
        self._services = services
        self._lock = lock
        self._take = take

    def follow(self, turn: LiveTurn) -> None:
        """Take the turn's events, from the last one that was taken. Call with the lock held.

        One that waits to be asked for its reply rests when its words are known; then call again.
        """
        turn.due_s = time.monotonic() + self._services.settings.turn_timeout_s
        if not turn.is_followed:
            turn.is_followed = True
            threading.Thread(
                target=self._follow, args=[turn], name=f"live-{turn.id[:8]}", daemon=True
            ).start()

    def _follow(self, turn: LiveTurn) -> None:
        try:
            for stored in self._services.bus.follow(turn.id, turn.seen_id, ping_s=_LOOK_S):
                sound = None
                if stored is not None and isinstance(stored.event, AudioReady):
                    sound = self._services.turns.audio(turn.id, stored.event.index)
                with self._lock:
                    if stored is not None:
                        self._note(turn, stored)
                        self._take(turn, stored.event, sound)
                    if turn.end is not None:
                        return
                    if turn.is_waiting and turn.transcript is not None:
                        turn.is_followed = False
                        return
                    if time.monotonic() > turn.due_s:
                        break
        except Exception:
            log.exception("the events of turn %s cannot be followed", turn.id)
        with self._lock:
            turn.end = TurnFailed(
                turn_id=turn.id,
                code="turn_timeout",
                message="The answer took too long; please ask again.",
                is_retryable=True,
            )
            self._take(turn, turn.end, None)
            # Last: it may be Redis that is gone, and the session is to know of the end.
            turn_control.cancel(self._services, turn.id, "superseded")

    def _note(self, turn: LiveTurn, stored: StoredEvent) -> None:
        event = stored.event
        turn.seen_id = stored.id
        if name := _STAGES.get(type(event)):
            turn.stages.setdefault(name, stored.at.timestamp())
        if isinstance(event, ReplyReady):
            turn.written = event
        if isinstance(event, TurnEnd):
            turn.end = event
