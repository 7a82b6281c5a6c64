"""What a client may send: OpenAI's client events as far as they mean something here, and ours.

The `openai` package has types of its own. They allow 24 kHz only and bound nothing, and to import
them costs half a second and 22 MB; the tests hold these against them.
"""

import base64
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from web import strict_json
from web.realtime.new_items import NewItem
from web.realtime.protocol_errors import ProtocolError

_Milliseconds = Annotated[int, Field(ge=0, le=2**31)]
"""Of sound: more than three weeks."""


class _ClientEvent(BaseModel):
    event_id: Annotated[str, Field(max_length=512)] | None = None


class SessionUpdate(_ClientEvent):
    type: Literal["session.update"]
    session: dict[str, Any]
    """As `session_config` understands it."""


class AudioAppend(_ClientEvent):
    type: Literal["input_audio_buffer.append"]
    audio: str

    def sound(self) -> bytes:
        """Raises ProtocolError."""
        try:
            return base64.b64decode(self.audio, validate=True)
        except ValueError as error:  # binascii.Error, or characters that are not ASCII.
            raise ProtocolError("invalid_audio", "The sound is not base64.", "audio") from error


class AudioCommit(_ClientEvent):
    type: Literal["input_audio_buffer.commit"]


class AudioClear(_ClientEvent):
    type: Literal["input_audio_buffer.clear"]


class ItemCreate(_ClientEvent):
    type: Literal["conversation.item.create"]
    item: NewItem
    previous_item_id: str | None = None


class ItemRetrieve(_ClientEvent):
    type: Literal["conversation.item.retrieve"]
    item_id: str


class ItemDelete(_ClientEvent):
    type: Literal["conversation.item.delete"]
    item_id: str


class ItemTruncate(_ClientEvent):
    type: Literal["conversation.item.truncate"]
    item_id: str
    content_index: int
    audio_end_ms: _Milliseconds


class ResponseCreate(_ClientEvent):
    type: Literal["response.create"]
    response: dict[str, Any] = Field(default_factory=dict)
    """As `session_config` understands it."""

    @field_validator("response", mode="before")
    @classmethod
    def _null_is_nothing(cls, value: Any) -> Any:
        return {} if value is None else value


class ResponseCancel(_ClientEvent):
    type: Literal["response.cancel"]
    response_id: str | None = None


class PlaybackPosition(_ClientEvent):
    """Ours: how much of a reply the client has played."""

    type: Literal["x.playback.position"]
    item_id: str
    audio_ms: _Milliseconds
    is_playing: bool = True


ClientEvent = (
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | ItemCreate
    | ItemRetrieve
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
    | PlaybackPosition
)

_KINDS: dict[str, type[ClientEvent]] = {
    kind.model_fields["type"].annotation.__args__[0]: kind for kind in ClientEvent.__args__
}


def parse_json(message: str | bytes) -> dict[str, Any]:
    """Return the message's object. Raises ProtocolError."""
    try:
        data = strict_json.loads(message)
    except ValueError as error:
        raise ProtocolError("invalid_json", "This message is not JSON.") from error
    if not isinstance(data, dict):
        raise ProtocolError("invalid_json", "A message is a JSON object with a type.")
    return data


def parse_event(data: dict[str, Any]) -> ClientEvent:
    """Raises ProtocolError."""
    kind = data.get("type")
    if kind is None:
        raise ProtocolError("missing_required_parameter", "A message needs a type.", "type")
    if not isinstance(kind, str) or kind not in _KINDS:
        known = ", ".join(name for name in _KINDS if not name.startswith("x."))
        raise ProtocolError(
            "unknown_event_type", f"There is no client event {kind!r}; known are {known}.", "type"
        )
    try:
        return _KINDS[kind].model_validate(data)
    except ValidationError as error:
        raise as_protocol_error(error) from error


_TAGS = {
    *("server_vad", "semantic_vad", "audio/pcm", "audio/pcmu", "audio/pcma", "function", "mcp"),
    *("FunctionChoice", "McpChoice", "Approvals", "constrained-int", "[key]"),
}
"""Which pydantic puts into the path of what is wrong in a union's member."""


def as_protocol_error(error: ValidationError, prefix: str = "") -> ProtocolError:
    """Return the first of what is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in first["loc"] if not _is_tag(part)]
    param = ".".join([prefix, *path] if prefix else path)
    if isinstance(reason := first.get("ctx", {}).get("error"), ProtocolError):
        return ProtocolError(reason.code, reason.message, param)
    if first["type"] == "missing":
        return ProtocolError("missing_required_parameter", f"{param} is missing.", param)
    if first["type"] == "extra_forbidden":
        return ProtocolError("unknown_parameter", f"There is no parameter {param}.", param)
    return ProtocolError("invalid_value", f"{param}: {first['msg']}.", param)


def _is_tag(part: int | str) -> bool:
    return part in _TAGS or str(part).startswith("literal[")
