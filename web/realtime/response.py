"""One reply in the protocol's words: a response with one item of one content part."""

from typing import Any, Literal

from web.realtime.items import Item, Items, item_added, item_done
from web.realtime.session_config import SessionConfig
from workers.live.events import ReplyDone

Event = dict[str, Any]


class Response:
    """Returns the events that each step of a reply is told by. Not thread-safe."""

    def __init__(
        self,
        turn_id: str,
        number: int,
        conversation_id: str,
        config: SessionConfig,
        metadata: dict[str, str] | None,
    ) -> None:
        """`number` counts the responses of one turn, from 1."""
        self.number = number
        suffix = f"{turn_id}_{number}" if number > 1 else turn_id
        self.id = f"resp_{suffix}"
        self.turn_id = turn_id
        self.config = config
        self.status: Literal["in_progress", "completed", "cancelled", "failed"] = "in_progress"
        self.item = Item(
            id=f"item_{suffix}",
            content="output_audio" if config.is_spoken else "output_text",
            text="",
            status="in_progress",
            turn_id=turn_id,
        )
        self._conversation_id = conversation_id
        self.metadata = metadata
        self._is_open = False
        self._previous: str | None = None

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
            id=self.item.id, content=self.item.content, status="in_progress", turn_id=self.turn_id
        )
        self._previous = items.add(self.item)
        return [
            {
                "type": "response.output_item.added",
                "response_id": self.id,
                "output_index": 0,
                "item": empty.describe(),
            },
            item_added(empty, self._previous),
            {"type": "response.content_part.added", **self._place, "part": self._part("")},
        ]

    def done(self, event: ReplyDone) -> list[Event]:
        """Return how it ends."""
        self.status = event.status
        details: Event | None = None
        if event.status == "cancelled":
            details = {"type": "cancelled", "reason": event.reason or "client_cancelled"}
        elif event.status == "failed":
            error = {"type": "server_error", "code": event.code, "message": event.message}
            details = {"type": "failed", "error": error}
        output: list[Event] = []
        ending: list[Event] = []
        if self._is_open:
            self.item.text = event.text
            self.item.status = "completed" if event.status == "completed" else "incomplete"
            output = [self._finished_item()]
            ending = self._closed()
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
            item_done(self.item, self._previous) | {"item": self._finished_item()},
            {
                "type": "response.output_item.done",
                "response_id": self.id,
                "output_index": 0,
                "item": self._finished_item(),
            },
        ]

    def _finished_item(self) -> Event:
        name = "transcript" if self.config.is_spoken else "text"
        content = [{"type": self.item.content, name: self.item.text or ""}]
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
