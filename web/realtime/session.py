"""One conversation over the protocol: what its client sends becomes calls of the live session."""

import logging
import secrets
import threading
from dataclasses import replace
from typing import Any

from assistant.errors import AssistantError
from speech.audio import Audio, encode_pcm16
from speech.errors import SpeechError
from web.realtime import beta
from web.realtime import client_events as sent
from web.realtime.creation import create_item
from web.realtime.items import CallItem, Item, OutputItem
from web.realtime.limits import Allowance
from web.realtime.mcp import SessionMcp
from web.realtime.mcp_items import McpCallItem
from web.realtime.narration import Narrator
from web.realtime.opening import Opening, OpenLive
from web.realtime.outbox import Outbox
from web.realtime.pcm import HEARD_RATE_HZ, Listening
from web.realtime.protocol_errors import ProtocolError, error_event, server_error_event
from web.realtime.responding import cancel, respond
from web.realtime.session_config import SessionConfig
from workers.live.answering import TurnInProgressError
from workers.live.settings import LiveSettings

log = logging.getLogger(__name__)

_SOUND_RATE, _SOUND_BURST_S = 2.0, 60.0
"""Seconds of sound a second: a recording may come at once, a stream little faster than it is."""
_MESSAGE_RATE, _MESSAGE_BURST = 200.0, 4_000.0
"""A minute in frames of 20 ms, as telephony has it, is 3,000."""

_OF_CONVERSATIONS = (
    sent.ItemCreate,
    sent.ItemTruncate,
    sent.ResponseCreate,
    sent.ResponseCancel,
)


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
        self.outbox = Outbox(
            is_kept=self.can_resume, translate=beta.server_event if opening.is_beta else dict
        )
        self.config = opening.config
        self._listening = Listening(self.config.audio.input.format)
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
        settings = self._settings(self.config, is_apart=True)  # No tools are listed yet.
        self._live = open_live(opening, settings, self._narrator.tell)
        self._mcp = SessionMcp(
            self._live,
            self._narrator.items,
            self._narrator.lock,
            self.outbox,
            on_tools=self._offer_tools,
            go_on=self._go_on,
        )
        self._narrator.replies.mcp = self._mcp
        try:
            self._mcp.use(self._mcp.servers(self.config.mcp_servers))
        except ProtocolError as error:
            self.outbox.put(error_event(error, None))
        except AssistantError as error:
            self.outbox.put(error_event(ProtocolError(error.code, str(error)), None))

    def close(self) -> None:
        self.outbox.detach()
        self._mcp.close()
        self._live.close()

    def describe(self) -> dict[str, Any]:
        described = self.config.describe(self.id, self.opening.model)
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
        data: dict[str, Any] = {}
        try:
            data = sent.parse_json(message)
            if isinstance(data.get("event_id"), str):
                event_id = data["event_id"]
            if self.opening.is_beta:
                data = beta.client_event(data)
            self._handle(sent.parse_event(data))
        except ProtocolError as error:
            self.outbox.put(error_event(error, event_id, data.get("type")))
        except (AssistantError, SpeechError) as error:
            self.outbox.put(error_event(ProtocolError(error.code, str(error)), event_id))
        except Exception:
            log.exception("a live session could not do what its client asked")
            text = "Something went wrong on our side."
            self.outbox.put(server_error_event("internal", text, event_id))

    def _handle(self, event: sent.ClientEvent) -> None:
        if self.config.only_transcribes and isinstance(event, _OF_CONVERSATIONS):
            raise ProtocolError(
                "unsupported_session_type",
                f"This session only transcribes; {event.type} is for sessions of the type "
                "realtime.",
                "type",
            )
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
                create_item(
                    event,
                    self._live,
                    self._narrator,
                    self.outbox,
                    self._hear_recorded,
                    self._mcp,
                )
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
                respond(
                    event,
                    self.config,
                    self._settings,
                    self._live,
                    self._narrator,
                    self._hear_recorded,
                )
            case sent.ResponseCancel():
                cancel(event, self._live, self._narrator)

    def _update(self, event: sent.SessionUpdate) -> None:
        config = self.config.updated(event.session)
        self._check_voice(config)
        names_tools = event.session.get("tools") is not None
        servers = self._mcp.servers(config.mcp_servers) if names_tools else None
        self.config = config
        sound_format = self.config.audio.input.format
        if sound_format != self._listening.format:
            self._listening = Listening(sound_format)
        self._live.configure(self._settings(self.config))
        self.outbox.put({"type": "session.updated", "session": self.describe()})
        if servers is not None:
            self._mcp.use(servers)

    def _settings(self, config: SessionConfig, *, is_apart: bool = False) -> LiveSettings:
        """Return what the live session is told; MCP tools are for the conversation alone."""
        settings = config.live_settings(self._base)
        functions = settings.functions
        if not is_apart:
            labels = {server.server_label for server in config.mcp_servers}
            with self._narrator.lock:
                functions += self._mcp.offered(labels)
        choice = settings.tool_choice
        if choice not in ("auto", "none", *(function.name for function in functions)):
            choice = "required" if functions else "auto"  # What is chosen is not there (yet).
        return replace(settings, functions=functions, tool_choice=choice)

    def _offer_tools(self) -> None:
        with self._receiving:
            self._live.configure(self._settings(self.config))

    def _go_on(self, may_call: bool) -> None:
        """Have the assistant reply with what MCP tools returned."""
        choice = "auto" if may_call else "none"
        try:
            with self._receiving:
                self._live.respond(replace(self._settings(self.config), tool_choice=choice))
        except TurnInProgressError:
            pass  # The next reply sees it, too.
        except Exception:
            log.exception("a live session could not go on after its tools")
            text = "Something went wrong on our side."
            self.outbox.put(server_error_event("internal", text, None))

    def _check_voice(self, config: SessionConfig) -> None:
        """Raises ProtocolError where the voice changes after its first sound.

        OpenAI's clients expect that. Ours may change it, as their user does in the middle.
        """
        is_new = config.audio.output.voice != self.config.audio.output.voice
        if is_new and not self.opening.extensions and self._narrator.replies.have_sounded:
            raise ProtocolError(
                "cannot_update_voice",
                "The voice cannot change once the assistant has spoken in the session.",
                "session.audio.output.voice",
            )

    def _append(self, event: sent.AudioAppend) -> None:
        sound = event.sound()
        self._allow(self._listening.duration_s(sound), "audio")
        self._live.hear(self._listening.feed(sound))

    def _allow(self, sound_s: float, param: str) -> None:
        """Raises ProtocolError."""
        if not self._sound.take(sound_s):
            raise ProtocolError(
                "rate_limit_exceeded",
                "This sound was left out: sound may come at twice its own speed, and a minute of "
                "it at once.",
                param,
            )

    def _commit(self) -> None:
        if self._live.commit() is None:
            raise ProtocolError(
                "input_audio_buffer_commit_empty",
                "There is no sound to commit since the last time.",
            )

    def _hear_recorded(self, sound: bytes) -> bytes:
        """Return sound that is part of an item as PCM16 at 16 kHz. Raises ProtocolError."""
        listening = Listening(self.config.audio.input.format)
        self._allow(listening.duration_s(sound), "item.content")
        return encode_pcm16(Audio(listening.feed(sound), HEARD_RATE_HZ))

    def _delete(self, item_id: str) -> None:
        with self._narrator.lock:
            item = self._narrator.items.remove(item_id)
            if isinstance(item, Item) and item.turn_id and self.outbox.is_waiting(item.turn_id):
                self._narrator.replies.cut_off(item.turn_id, "client_cancelled")
        match item:
            case CallItem() | McpCallItem():
                self._live.forget_call(item.call.id)
            case OutputItem():
                self._live.forget_result(item.call_id)
            case Item(turn_id=str(turn_id)):
                self._live.forget_reply(turn_id)
            case _:
                self._live.forget(item_id)
        self.outbox.put({"type": "conversation.item.deleted", "item_id": item_id})
