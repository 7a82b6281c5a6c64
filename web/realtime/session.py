"""One conversation over the protocol: what its client sends becomes calls of the live session."""

import logging
import secrets
import threading
from typing import Any

from assistant.errors import AssistantError
from speech.errors import SpeechError
from web.realtime import client_events as sent
from web.realtime.items import Item
from web.realtime.limits import Allowance
from web.realtime.narration import Narrator
from web.realtime.opening import Opening, OpenLive
from web.realtime.outbox import Outbox
from web.realtime.pcm import Listening
from web.realtime.protocol_errors import ProtocolError, error_event, server_error_event
from web.realtime.session_config import SessionConfig
from workers.live.session import TurnInProgressError

log = logging.getLogger(__name__)

_SOUND_RATE, _SOUND_BURST_S = 2.0, 60.0
"""Seconds of sound a second: a recording may come at once, a stream little faster than it is."""
_MESSAGE_RATE, _MESSAGE_BURST = 200.0, 1_000.0


class FloodError(Exception):
    """The client sends more messages than anyone means to."""


class RealtimeSession:
    """Thread-safe."""

    def __init__(self, opening: Opening, open_live: OpenLive, kept_s: float) -> None:
        """`kept_s`: how long it waits for a client whose connection has dropped."""
        self.id = f"sess_{secrets.token_hex(12)}"
        self.token = secrets.token_urlsafe(24)
        self.opening = opening
        self.can_resume = "resume" in opening.extensions
        self.outbox = Outbox(is_kept=self.can_resume)
        self.config = SessionConfig()
        self._listening = Listening(self.config.audio.input.format.rate)
        self._sound = Allowance(_SOUND_RATE, _SOUND_BURST_S)
        self._messages = Allowance(_MESSAGE_RATE, _MESSAGE_BURST)
        self._narrator = Narrator(
            self.outbox, lambda: self.config, opening.conversation_id, opening.extensions
        )
        self._base = opening.settings
        self._receiving = threading.Lock()
        if opening.is_late:
            late = ProtocolError("session_expired", "The session before is no longer kept.")
            self.outbox.put(error_event(late, None))
        self.outbox.put({"type": "session.created", "session": self.describe()})
        if self.can_resume:
            self.outbox.put(
                {
                    "type": "x.session.resumable",
                    "token": self.token,
                    "expires_in_s": round(kept_s),
                }
            )
        self._live = open_live(opening, self.config.live_settings(self._base), self._narrator.tell)

    def close(self) -> None:
        self.outbox.detach()
        self._live.close()

    def describe(self) -> dict[str, Any]:
        described = {
            "id": self.id,
            "object": "realtime.session",
            "model": self.opening.model,
            **self.config.describe(),
        }
        if self.opening.extensions:
            described["conversation_id"] = self.opening.conversation_id
        return described

    def receive(self, message: str | bytes) -> None:
        """Do what the client asks, or tell it why not. Raises FloodError."""
        with self._receiving:
            self._receive(message)

    def _receive(self, message: str | bytes) -> None:
        if not self._messages.take(1):
            raise FloodError
        event_id = None
        try:
            data = sent.parse_json(message)
            if isinstance(data.get("event_id"), str):
                event_id = data["event_id"]
            self._handle(sent.parse_event(data))
        except ProtocolError as error:
            self.outbox.put(error_event(error, event_id))
        except (AssistantError, SpeechError) as error:
            self.outbox.put(error_event(ProtocolError(error.code, str(error)), event_id))
        except Exception:
            log.exception("a live session could not do what its client asked")
            text = "Something went wrong on our side."
            self.outbox.put(server_error_event("internal", text, event_id))

    def _handle(self, event: sent.ClientEvent) -> None:
        match event:
            case sent.AudioAppend():
                self._append(event)
            case sent.PlaybackPosition():
                with self._narrator.lock:
                    _, turn_id = self._narrator.items.reply(event.item_id)
                self._live.played(turn_id, event.audio_ms, event.is_playing)
            case sent.SessionUpdate():
                self._update(event)
            case sent.AudioCommit():
                self._commit()
            case sent.AudioClear():
                self._live.clear()
                self.outbox.put({"type": "input_audio_buffer.cleared"})
            case sent.ItemCreate():
                self._create_item(event)
            case sent.ItemRetrieve():
                with self._narrator.lock:
                    item = self._narrator.items.get(event.item_id).describe()
                self.outbox.put({"type": "conversation.item.retrieved", "item": item})
            case sent.ItemDelete():
                self._delete(event.item_id)
            case sent.ItemTruncate():
                with self._narrator.lock:
                    turn_id = self._narrator.replies.truncating(event.item_id, event.audio_end_ms)
                self._live.truncate(turn_id, event.audio_end_ms)
            case sent.ResponseCreate():
                self._respond(event)
            case sent.ResponseCancel():
                self._cancel(event)

    def _update(self, event: sent.SessionUpdate) -> None:
        self.config = self.config.updated(event.session)
        rate = self.config.audio.input.format.rate
        if rate != self._listening.rate_hz:
            self._listening = Listening(rate)
        self._live.configure(self.config.live_settings(self._base))
        self.outbox.put({"type": "session.updated", "session": self.describe()})

    def _append(self, event: sent.AudioAppend) -> None:
        pcm16 = event.pcm16()
        if not self._sound.take(len(pcm16) / 2 / self._listening.rate_hz):
            raise ProtocolError(
                "rate_limit_exceeded",
                "This sound was left out: sound may come at twice its own speed, and a minute of "
                "it at once.",
                "audio",
            )
        self._live.hear(self._listening.feed(pcm16))

    def _commit(self) -> None:
        if self._live.commit() is None:
            raise ProtocolError(
                "input_audio_buffer_commit_empty",
                "There is no sound to commit since the last time.",
            )

    def _create_item(self, event: sent.ItemCreate) -> None:
        text = event.item.text()
        with self._narrator.lock:
            items = self._narrator.items
            if event.item.id is not None and event.item.id in items:
                raise ProtocolError(
                    "item_exists", f"There is an item {event.item.id!r} already.", "item.id"
                )
            if event.previous_item_id not in (None, "root") and event.previous_item_id not in items:
                raise ProtocolError(
                    "item_not_found",
                    f"There is no item {event.previous_item_id!r}.",
                    "previous_item_id",
                )
            self._narrator.typed = Item(id=event.item.id or "", content="input_text", text=text)
        self._live.say(text, event.item.id)

    def _delete(self, item_id: str) -> None:
        with self._narrator.lock:
            item = self._narrator.items.remove(item_id)
        if item.turn_id is None:
            self._live.forget(item_id)
        else:
            self._live.forget_reply(item.turn_id)
        self.outbox.put({"type": "conversation.item.deleted", "item_id": item_id})

    def _respond(self, event: sent.ResponseCreate) -> None:
        config = self.config.for_response(event.response)
        metadata = event.response.get("metadata")
        with self._narrator.lock:
            if self._narrator.replies.in_progress():
                raise _already_active()
            self._narrator.replies.expect(config, metadata if isinstance(metadata, dict) else None)
        try:
            self._live.respond(config.live_settings(self._base))
        except TurnInProgressError as error:
            raise _already_active() from error
        finally:
            with self._narrator.lock:
                self._narrator.replies.expect(None, None)

    def _cancel(self, event: sent.ResponseCancel) -> None:
        replies = self._narrator.replies
        with self._narrator.lock:
            meant = replies.unfinished()
            if meant is not None and event.response_id not in (None, meant.id):
                meant = None
            is_told = meant is not None and replies.cut_off(meant.turn_id, "client_cancelled")
        if meant is None or not (self._live.cancel() or is_told):
            raise ProtocolError(
                "response_cancel_not_active",
                "There is no such response in progress that could be cancelled.",
                "response_id" if event.response_id else None,
            )


def _already_active() -> ProtocolError:
    return ProtocolError(
        "conversation_already_has_active_response",
        "A response is still in progress; wait for its end, or cancel it.",
    )
