"""One reply of the assistant in the words of the protocol: a response, and its output items."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from assistant.messages import FunctionCall
from web.realtime.items import AnyItem, CallItem, Item, Items, Part, item_added, item_done
from web.realtime.mcp_items import ApprovalItem, McpCallItem, mcp_call_told
from web.realtime.session_config import SessionConfig
from workers.live.events import ReplyDone

Event = dict[str, Any]
AsItem = Callable[[FunctionCall, str], McpCallItem | ApprovalItem | None]
"""From a call, and the id that its item has."""


class Response:
    """Returns the events that each step of a reply is told by. Not thread-safe."""

    def __init__(
        self,
        turn_id: str,
        number: int,
        conversation_id: str | None,
        config: SessionConfig,
        metadata: dict[str, str] | None,
    ) -> None:
        """`number` counts the responses of one turn, from 1. `conversation_id`: None where nothing
        of it becomes part of a conversation."""
        self.number = number
        self._suffix = f"{turn_id}_{number}" if number > 1 else turn_id
        self.id = f"resp_{self._suffix}"
        self.turn_id = turn_id
        self.config = config
        self.status: Literal["in_progress", "completed", "incomplete", "cancelled", "failed"]
        self.status = "in_progress"
        self.item = Item(
            id=f"item_{self._suffix}",
            role="assistant",
            parts=[Part("output_audio" if config.is_spoken else "output_text", "")],
            status="in_progress",
            turn_id=turn_id,
        )
        self._conversation_id = conversation_id
        self.metadata = metadata
        self.calls: list[CallItem | McpCallItem | ApprovalItem] = []
        """Once it is done."""
        self.untold: tuple[FunctionCall, ...] = ()
        """For the client to run, which never heard of them: they waited behind sound that was cut
        off."""
        self._is_open = False
        self._previous: str | None = None

    @property
    def is_apart(self) -> bool:
        return self._conversation_id is None

    def created(self) -> Event:
        return {"type": "response.created", "response": self._describe([], None)}

    def text(self, delta: str, items: Items) -> list[Event]:
        kind = "output_audio_transcript" if self.config.is_spoken else "output_text"
        self.item.text = f"{self.item.text}{delta}"
        return [
            *self.opened(items),
            {"type": f"response.{kind}.delta", **self._place, "delta": delta},
        ]

    def sound(self, duration_ms: float) -> Event:
        """Return the event that each chunk of the sound is the `delta` of."""
        self.item.sound_ms += duration_ms
        return {"type": "response.output_audio.delta", **self._place}

    def opened(self, items: Items) -> list[Event]:
        """Return what comes before the first delta; nothing the second time."""
        if self._is_open:
            return []
        self._is_open = True
        # As it was before its first word.
        empty = Item(
            id=self.item.id,
            role="assistant",
            parts=[Part(self.item.parts[0].type)],
            status="in_progress",
            turn_id=self.turn_id,
        )
        added, self._previous = self._added(self.item, empty, 0, items)
        return [
            *added,
            {"type": "response.content_part.added", **self._place, "part": self._part("")},
        ]

    def done(
        self, event: ReplyDone, items: Items, as_item: AsItem = lambda call, item_id: None
    ) -> list[Event]:
        """Return how it ends. `as_item`: what becomes of a call; None where the client runs it."""
        self.status = event.status
        details: Event | None = None
        if event.status == "cancelled":
            details = {"type": "cancelled", "reason": event.reason or "client_cancelled"}
        elif event.status == "failed":
            error = {"type": "server_error", "code": event.code, "message": event.message}
            details = {"type": "failed", "error": error}
        elif event.is_cut:
            self.status = "incomplete"
            details = {"type": "incomplete", "reason": "max_output_tokens"}
        output: list[Event] = []
        ending: list[Event] = []
        if self._is_open:
            self.item.text = event.text
            self.item.status = "completed" if self.status == "completed" else "incomplete"
            output = [self._finished_item()]
            ending = self._closed()
        for number, call in enumerate(event.calls):
            item_id = f"item_{self._suffix}_call{number}"
            item = as_item(call, item_id) or CallItem(id=item_id, call=call)
            ending += self._called(item, len(output), items)
            output.append(item.describe())
            self.calls.append(item)
        return [
            *ending,
            {"type": "response.done", "response": self._describe(output, details, _usage(event))},
        ]

    def _closed(self) -> list[Event]:
        text = self.item.text or ""
        if self.config.is_spoken:
            finished = [
                {"type": "response.output_audio.done", **self._place},
                {
                    "type": "response.output_audio_transcript.done",
                    **self._place,
                    "transcript": text,
                },
            ]
        else:
            finished = [{"type": "response.output_text.done", **self._place, "text": text}]
        return [
            *finished,
            {"type": "response.content_part.done", **self._place, "part": self._part(text)},
            *self._finished(self.item, self._finished_item(), 0, self._previous),
        ]

    def _called(
        self, item: CallItem | McpCallItem | ApprovalItem, output_index: int, items: Items
    ) -> list[Event]:
        call = item.call
        empty = item
        if not isinstance(item, ApprovalItem):
            empty = replace(item, call=call.model_copy(update={"arguments": ""}))
        if isinstance(empty, CallItem):
            empty.status = "in_progress"
        added, previous = self._added(item, empty, output_index, items)
        place = {"response_id": self.id, "item_id": item.id, "output_index": output_index}
        finished = self._finished(item, item.describe(), output_index, previous)
        if isinstance(item, ApprovalItem):
            return [*added, *finished]
        if isinstance(item, McpCallItem):
            item.response_id, item.output_index = self.id, output_index
            kind = "response.mcp_call_arguments"
            told = {"arguments": call.arguments}
            finished = [mcp_call_told("in_progress", item)]  # Its end is told when it has returned.
        else:
            place["call_id"] = call.id
            kind = "response.function_call_arguments"
            told = {"name": call.name, "arguments": call.arguments}
        return [
            *added,
            {"type": f"{kind}.delta", **place, "delta": call.arguments},
            {"type": f"{kind}.done", **place, **told},
            *finished,
        ]

    def _added(
        self, item: AnyItem, empty: AnyItem, output_index: int, items: Items
    ) -> tuple[list[Event], str | None]:
        """Return how it is told that there is an item, and which is before it."""
        told: Event = {
            "type": "response.output_item.added",
            "response_id": self.id,
            "output_index": output_index,
            "item": empty.describe(),
        }
        if self.is_apart:
            return [told], None
        previous = items.add(item)
        return [told, item_added(empty, previous)], previous

    def _finished(
        self, item: AnyItem, described: Event, output_index: int, previous: str | None
    ) -> list[Event]:
        told = {
            "type": "response.output_item.done",
            "response_id": self.id,
            "output_index": output_index,
            "item": described,
        }
        return [told] if self.is_apart else [item_done(item, previous) | {"item": described}, told]

    def _finished_item(self) -> Event:
        content = [{**part.describe(), _name(part): part.text or ""} for part in self.item.parts]
        return self.item.describe() | {"content": content}

    @property
    def _place(self) -> Event:
        return {
            "response_id": self.id,
            "item_id": self.item.id,
            "output_index": 0,
            "content_index": 0,
        }

    def _part(self, text: str) -> Event:
        if self.config.is_spoken:
            return {"type": "audio", "transcript": text}
        return {"type": "text", "text": text}

    def _describe(
        self, output: list[Event], details: Event | None, usage: Event | None = None
    ) -> Event:
        spoken = self.config.audio.output
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": self.status,
            "status_details": details,
            "output": output,
            "conversation_id": self._conversation_id,
            "output_modalities": list(self.config.output_modalities),
            "max_output_tokens": self.config.max_output_tokens,
            "audio": {"output": {"format": spoken.format.model_dump(), "voice": spoken.voice}},
            "metadata": self.metadata,
            "usage": usage,
        }


def _name(part: Part) -> str:
    return "transcript" if part.type == "output_audio" else "text"


def _usage(event: ReplyDone) -> Event | None:
    """Return what is known; the models read and write text only."""
    read, written = event.prompt_tokens, event.completion_tokens
    if read is None or written is None:
        return None
    return {
        "total_tokens": read + written,
        "input_tokens": read,
        "output_tokens": written,
        "input_token_details": {"text_tokens": read, "audio_tokens": 0, "image_tokens": 0},
        "output_token_details": {"text_tokens": written, "audio_tokens": 0},
    }
