"""What a live session tells, in the protocol's words and order."""

import threading
from collections.abc import Callable
from typing import Any

from web.realtime.items import Item, Items, item_added, item_done
from web.realtime.outbox import Outbox
from web.realtime.replies import Replies
from web.realtime.session_config import SessionConfig
from workers.live.events import (
    Caption,
    LiveEvent,
    TranscriptionFailed,
    TurnNamed,
    UserCommitted,
    UserSaidNothing,
    UserSpeechStarted,
    UserSpeechStopped,
    UserTranscribed,
)

_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_MAX_UTTERANCES = 100
"""That were begun and never committed, of which the times are known."""


class Narrator:
    """`tell` is called by the session's threads."""

    def __init__(
        self,
        outbox: Outbox,
        config: Callable[[], SessionConfig],
        conversation_id: str,
        extensions: frozenset[str],
    ) -> None:
        self.items = Items()
        self.replies = Replies(outbox, self.items, config, conversation_id, extensions)
        self.lock = threading.Lock()
        """Held while `items` and `replies` are used, and never while the session is called."""
        self._outbox = outbox
        self._config = config
        self._extensions = extensions
        self._utterances: dict[str, tuple[int, int]] = {}
        self.typed: tuple[Item, str | None] | None = None
        """What is being given to the session, which then says that it has it, and the item that it
        comes after."""

    def tell(self, event: LiveEvent) -> None:
        with self.lock:
            match event:
                case UserSpeechStarted():
                    self._speech_started(event)
                case UserSpeechStopped():
                    self._speech_stopped(event)
                case UserCommitted():
                    self._committed(event)
                case UserSaidNothing():
                    self._put(
                        "input_audio_buffer.timeout_triggered",
                        audio_start_ms=event.start_ms,
                        audio_end_ms=event.end_ms,
                        item_id=event.item_id,
                    )
                case Caption():
                    if "captions" in self._extensions:
                        self._put("x.caption", item_id=event.item_id, text=event.text)
                case TurnNamed():
                    if "turns" in self._extensions:
                        self._put("x.turn", turn_id=event.turn_id, item_id=event.item_id)
                case UserTranscribed():
                    self._transcribed(event)
                case TranscriptionFailed():
                    self._not_transcribed(event)
                case _:
                    self.replies.tell(event)

    def _speech_started(self, event: UserSpeechStarted) -> None:
        self._utterances[event.item_id] = (event.start_ms, event.start_ms)
        if len(self._utterances) > _MAX_UTTERANCES:
            del self._utterances[next(iter(self._utterances))]
        self._put(
            "input_audio_buffer.speech_started",
            audio_start_ms=event.start_ms,
            item_id=event.item_id,
        )
        if event.interrupted:
            self.replies.cut_off_sound()

    def _speech_stopped(self, event: UserSpeechStopped) -> None:
        start_ms, _ = self._utterances.get(event.item_id, (event.end_ms, 0))
        self._utterances[event.item_id] = (start_ms, event.end_ms)
        self._put(
            "input_audio_buffer.speech_stopped", audio_end_ms=event.end_ms, item_id=event.item_id
        )

    def _committed(self, event: UserCommitted) -> None:
        is_heard = event.heard_ms is not None or event.item_id in self._utterances
        start_ms, end_ms = self._utterances.pop(event.item_id, event.heard_ms or (0, 0))
        item, after = self.typed or (None, None)
        if item is None or is_heard:
            after = None
            item = Item.heard(event.item_id, start_ms, end_ms)
            self._put(
                "input_audio_buffer.committed",
                item_id=item.id,
                previous_item_id=self.items.last_id,
            )
        else:
            self.typed = None
        previous = self.items.add(item, after)
        self._outbox.put(item_added(item, previous), item_done(item, previous))

    def _transcribed(self, event: UserTranscribed) -> None:
        item = self.items.message(event.item_id)
        if item is not None:
            item.text = event.text
        if not self._config().is_transcribed:
            return
        place = {
            "item_id": event.item_id,
            "content_index": item.content_index if item else 0,
        }
        if event.text:
            self._put(f"{_TRANSCRIPTION}.delta", **place, delta=event.text)
        seconds = (item.end_ms - item.start_ms) / 1000 if item else 0.0
        self._put(
            f"{_TRANSCRIPTION}.completed",
            **place,
            transcript=event.text,
            usage={"type": "duration", "seconds": seconds},
        )

    def _not_transcribed(self, event: TranscriptionFailed) -> None:
        if not self._config().is_transcribed:
            return
        item = self.items.message(event.item_id)
        error = {"type": "server_error", "code": event.code, "message": event.message}
        self._put(
            f"{_TRANSCRIPTION}.failed",
            item_id=event.item_id,
            content_index=item.content_index if item else 0,
            error=error | {"param": None},
        )

    def _put(self, kind: str, **fields: Any) -> None:
        self._outbox.put({"type": kind, **fields})
