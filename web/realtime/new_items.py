"""The items that a client sends, for its conversation or as the input of one response."""

import base64
import secrets
from collections.abc import Callable
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from assistant.messages import FunctionCall
from web.realtime.items import AnyItem, CallItem, Item, OutputItem, Part, PartType
from web.realtime.mcp_items import ApprovalAnswerItem
from web.realtime.protocol_errors import ProtocolError

Id = Annotated[str, Field(min_length=1, max_length=64)]
Hear = Callable[[bytes], bytes]
"""The client's sound to PCM16 at 16 kHz. Raises ProtocolError."""

_PARTS: dict[str, tuple[PartType, ...]] = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio"),
    "assistant": ("output_text", "output_audio"),
}
"""By role."""
_KNOWN = "message, function_call, function_call_output and mcp_approval_response"
_MAX_CHARS = 200_000
"""Of one item: far more than a model reads, and a thousand of them are kept."""


class Content(BaseModel):
    type: str
    text: str | None = None
    transcript: str | None = None
    audio: str | None = None

    def part(self, role: str) -> Part:
        """Raises ProtocolError."""
        # Before GA an assistant's text was called so, and clients still bring it.
        kind = "output_text" if (role, self.type) == ("assistant", "text") else self.type
        for known in _PARTS[role]:
            if kind == known:
                text = self.transcript if known.endswith("audio") else self.text or ""
                return Part(known, text)
        if self.type == "input_image":
            raise ProtocolError(
                "unsupported_item", "The assistant here cannot see images.", "item.content"
            )
        raise ProtocolError(
            "unsupported_item",
            f"A message of the role {role} holds {' or '.join(_PARTS[role])}, and no {self.type}.",
            "item.content",
        )

    def sound(self) -> bytes:
        """Raises ProtocolError."""
        try:
            return base64.b64decode(self.audio or "", validate=True)
        except ValueError as error:  # binascii.Error, or characters that are not ASCII.
            raise ProtocolError(
                "invalid_audio", "The sound is not base64.", "item.content"
            ) from error


class NewItem(BaseModel):
    id: Id | None = None
    type: str
    role: str | None = None
    content: list[Content] = Field(default_factory=list, max_length=100)
    call_id: Id | None = None
    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    arguments: str | None = None
    output: str | None = None
    approval_request_id: str | None = None
    approve: bool | None = None
    reason: Annotated[str, Field(max_length=1_000)] | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        texts = [text for part in self.content for text in (part.text, part.transcript)]
        if sum(len(text or "") for text in (*texts, self.arguments, self.output)) > _MAX_CHARS:
            raise ProtocolError("invalid_value", f"An item has at most {_MAX_CHARS:,} characters.")
        return self

    def made(self) -> AnyItem:
        """Return it as it stands in the conversation. Raises ProtocolError."""
        item_id = self.id or f"item_{secrets.token_hex(10)}"
        match self.type:
            case "message":
                return self._message(item_id)
            case "function_call":
                call = FunctionCall(
                    id=self.call_id or f"call_{secrets.token_hex(10)}",
                    name=_needed(self.name, "name"),
                    arguments=_needed(self.arguments, "arguments"),
                )
                return CallItem(id=item_id, call=call)
            case "function_call_output":
                call_id = _needed(self.call_id, "call_id")
                return OutputItem(
                    id=item_id, call_id=call_id, output=_needed(self.output, "output")
                )
            case "mcp_approval_response":
                request_id = _needed(self.approval_request_id, "approval_request_id")
                if self.approve is None:
                    raise _missing("approve")
                return ApprovalAnswerItem(item_id, request_id, self.approve, self.reason)
        raise ProtocolError(
            "unsupported_item",
            f"There is no item of the type {self.type!r} here; known are {_KNOWN}.",
            "item.type",
        )

    def _message(self, item_id: str) -> Item:
        match self.role:
            case "system" | "user" | "assistant":
                parts = [content.part(self.role) for content in self.content]
                has_sound = any(content.audio for content in self.content)
                if not has_sound and not any(part.text for part in parts):
                    raise ProtocolError("invalid_value", "The message is empty.", "item.content")
                return Item(id=item_id, role=self.role, parts=parts)
        raise ProtocolError(
            "invalid_value", "The role of a message is system, user or assistant.", "item.role"
        )

    def said(self, hear: Hear) -> list[str | bytes]:
        """Return a user's text and sound (PCM16 at 16 kHz), each in one, the first part's first.

        Raises ProtocolError.
        """
        texts = [part.text for part in self.content if part.type == "input_text" and part.text]
        sounds = [part.sound() for part in self.content if part.type == "input_audio"]
        said: list[str | bytes] = []
        if texts:
            said.append("\n".join(texts).strip())
        if sound := b"".join(sounds):
            said.insert(0 if self.content[0].type == "input_audio" else len(said), hear(sound))
        if not any(said):
            raise ProtocolError("invalid_value", "The message is empty.", "item.content")
        return said


def _needed(value: str | None, name: str) -> str:
    if value is None:
        raise _missing(name)
    return value


def _missing(name: str) -> ProtocolError:
    param = f"item.{name}"
    return ProtocolError("missing_required_parameter", f"{param} is missing.", param)


def text_of(item: Item) -> str:
    """Return all of a message's text, as far as it is known."""
    return "\n".join(part.text for part in item.parts if part.text).strip()
