"""The replies of a session, each told as a response, in order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol

from assistant.messages import FunctionCall
from web.realtime.items import CallItem, Items
from web.realtime.mcp_items import ApprovalItem, McpCallItem
from web.realtime.outbox import Outbox
from web.realtime.pcm import SPOKEN_RATE_HZ, in_format
from web.realtime.response import Response
from web.realtime.session_config import SessionConfig
from workers.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyReleased,
    ReplyStarted,
    ReplyText,
    ReplyTruncated,
    TurnTimings,
)

ReplyEvent = (
    ReplyStarted
    | ReplyText
    | ReplyAudio
    | ReplyHeld
    | ReplyReleased
    | ReplyDone
    | ReplyTruncated
    | TurnTimings
)

_MAX_RESPONSES = 100
"""The oldest are forgotten then."""


class Mcp(Protocol):
    """What is used of `web.realtime.mcp.SessionMcp`."""

    def as_item(self, call: FunctionCall, item_id: str) -> McpCallItem | ApprovalItem | None: ...
    def take(self, turn_id: str, items: Sequence[Any]) -> None: ...


def _no_item(call: FunctionCall, item_id: str) -> None:
    """The client runs every call."""


class Replies:
    """Not thread-safe."""

    def __init__(
        self,
        outbox: Outbox,
        items: Items,
        config: Callable[[], SessionConfig],
        conversation_id: str,
        extensions: frozenset[str],
    ) -> None:
        self._outbox = outbox
        self._items = items
        self._config = config
        self._conversation_id = conversation_id
        self._extensions = extensions
        self._responses: dict[str, Response] = {}
        self._next_config: SessionConfig | None = None
        self._next_metadata: dict[str, str] | None = None
        self._truncated_ms: dict[str, int] = {}
        self.mcp: Mcp | None = None
        """Which runs calls on our side."""

    def expect(self, config: SessionConfig | None, metadata: dict[str, str] | None) -> None:
        """Give the response that is asked for next these settings, in place of the session's."""
        self._next_config = config
        self._next_metadata = metadata

    def in_progress(self) -> Response | None:
        """Return the conversation's response that is being made."""
        return next((r for r in self._own() if r.status == "in_progress"), None)

    def unfinished(self) -> Response | None:
        """Return the conversation's response whose end the client has not been told."""
        unsent = (r for r in self._own() if self._outbox.is_waiting(r.turn_id))
        return self.in_progress() or next(unsent, None)

    @property
    def have_sounded(self) -> bool:
        """Whether the client has got sound of any."""
        return any(response.item.sound_ms for response in self._responses.values())

    def apart(self, response_id: str | None) -> Response | None:
        """Return that response if it is no part of the conversation."""
        return next((r for r in self._latest() if r.is_apart and r.id == response_id), None)

    def _own(self) -> Iterator[Response]:
        return (response for response in self._latest() if not response.is_apart)

    def truncating(self, item_id: str, audio_end_ms: int) -> str:
        """Return the turn to truncate. Raises ProtocolError."""
        item, turn_id = self._items.reply(item_id)
        self._truncated_ms[turn_id] = min(audio_end_ms, round(item.sound_ms))
        self.cut_off(turn_id, "client_cancelled")
        return turn_id

    def cut_off(self, turn_id: str, reason: Literal["turn_detected", "client_cancelled"]) -> bool:
        """Forget what the client has not got of a reply; return whether its end is told by that,
        as it is where the session has told all of it."""
        response = self._responses.get(turn_id)
        was_waiting = self._outbox.drop(turn_id)
        if response is None or response.status == "in_progress" or not was_waiting:
            return False
        self._end_early(response, reason)
        return True

    def cut_off_sound(self) -> None:
        """Forget the sound that waits of all replies which are made: the user speaks, and whatever
        the client has to play, it stops."""
        made = [
            response
            for response in self._responses.values()
            if not response.is_apart
            and response.config.is_spoken
            and response.status != "in_progress"
            and self._outbox.is_waiting(response.turn_id)
        ]
        self._outbox.drop(*(response.turn_id for response in made))
        for response in made:
            self._end_early(response, "turn_detected")

    def _end_early(
        self, response: Response, reason: Literal["turn_detected", "client_cancelled"]
    ) -> None:
        response.untold = tuple(item.call for item in response.calls if isinstance(item, CallItem))
        text = response.item.text or ""
        done = ReplyDone(turn_id=response.turn_id, status="cancelled", text=text, reason=reason)
        self._outbox.put_last(response.turn_id, *response.done(done, self._items))

    def tell(self, event: ReplyEvent) -> None:
        if isinstance(event, ReplyStarted):
            self._start(event)
            return
        response = self._responses.get(event.turn_id)
        if response is None:
            return
        match event:
            case ReplyHeld():
                self._extra("hold", "x.playback.hold", item_id=response.item.id)
            case ReplyReleased():
                self._extra("hold", "x.playback.resume", item_id=response.item.id)
            case TurnTimings():
                self._extra(
                    "timings", "x.turn.timings", response_id=response.id, stages=event.stages
                )
            case ReplyTruncated():
                self._truncated(response, event)
            case _ if response.status != "in_progress":
                return  # Cut off, and told so.
            case ReplyText():
                self._put(response, *response.text(event.text, self._items))
            case ReplyAudio():
                self._sound(response, event)
            case ReplyDone():
                if event.status == "completed":
                    event = replace(event, calls=(*response.untold, *event.calls))
                else:
                    self._outbox.drop(event.turn_id)
                as_item = self.mcp.as_item if self.mcp and not response.is_apart else _no_item
                done = response.done(event, self._items, as_item)
                if response.is_apart and not response.config.is_spoken:
                    self._outbox.put(*done)
                else:
                    self._outbox.put_last(event.turn_id, *done)
                if self.mcp and event.status == "completed" and not response.is_apart:
                    self.mcp.take(event.turn_id, response.calls)

    def _start(self, event: ReplyStarted) -> None:
        turn_id = event.turn_id
        config, metadata = self._config(), None
        if before := self._responses.pop(turn_id, None):
            config, metadata = before.config, before.metadata
        elif event.is_asked:
            config, metadata = self._next_config or config, self._next_metadata
            self.expect(None, None)
        response = Response(
            turn_id,
            before.number + 1 if before else 1,
            None if event.is_apart else self._conversation_id,
            config,
            metadata,
        )
        if before is not None:
            response.untold = before.untold
        self._responses[turn_id] = response
        if len(self._responses) > _MAX_RESPONSES:
            del self._responses[next(iter(self._responses))]
        named = {"turn_id": turn_id, "item_id": event.item_id, "response_id": response.id}
        self._put(response, response.created(), *self._ours("turns", "x.turn", named))

    def _put(self, response: Response, *events: dict[str, Any]) -> None:
        if response.is_apart and not response.config.is_spoken:
            self._outbox.put(*events)  # Beside whatever is being said.
        else:
            self._outbox.put_reply(response.turn_id, *events)

    def _sound(self, response: Response, event: ReplyAudio) -> None:
        if not response.config.is_spoken:
            return
        opened = response.opened(self._items)
        sound_format = response.config.audio.output.format
        duration_ms = len(event.pcm16) / 2 / SPOKEN_RATE_HZ * 1000
        piece = {
            "item_id": response.item.id,
            "index": event.index,
            "text": event.text,
            "audio_id": event.audio_id,
            "audio_start_ms": round(response.item.sound_ms),
            "duration_ms": round(duration_ms),
        }
        told = self._ours("pieces", "x.speech.piece", piece)
        self._outbox.put_reply(event.turn_id, *opened, *told)
        self._outbox.put_sound(
            event.turn_id,
            response.sound(duration_ms),
            in_format(event.pcm16, sound_format),
            sound_format.bytes_per_s,
        )

    def _truncated(self, response: Response, event: ReplyTruncated) -> None:
        response.item.text = event.text
        played_ms = self._truncated_ms.pop(event.turn_id, round(response.item.sound_ms))
        self._outbox.put(
            {
                "type": "conversation.item.truncated",
                "item_id": response.item.id,
                "content_index": 0,
                "audio_end_ms": played_ms,
            }
        )

    def _latest(self) -> Iterator[Response]:
        return reversed(self._responses.values())

    def _extra(self, extension: str, kind: str, **fields: Any) -> None:
        self._outbox.put(*self._ours(extension, kind, fields))

    def _ours(self, extension: str, kind: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the event for a client that asked for that extension, and nothing for others."""
        return [{"type": kind, **fields}] if extension in self._extensions else []
