"""Events as bytes: a line of JSON, more JSON, a payload. https://github.com/OHF-Voice/wyoming

The package's own reader believes every length that a client names, and takes a line that it cannot
read for the end of the connection; what comes in is therefore read here, within bounds.
"""

import asyncio
import functools
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import from_json
from wyoming.event import Event, Eventable

from web.wyoming.errors import ProtocolError, RequestError

MAX_DATA_BYTES = 2**20

_Kind = TypeVar("_Kind", bound=Eventable)
_Length = Annotated[int, Field(ge=0)]


class _Header(BaseModel):
    type: str
    data: dict[str, Any] | None = None
    data_length: _Length | None = None
    payload_length: _Length | None = None


async def read_line(reader: asyncio.StreamReader) -> bytes | None:
    """Return an event's first line, None at the end. Raises ProtocolError.

    May be cancelled: what has come stays in the reader.
    """
    try:
        line = await reader.readline()
    except ValueError as error:  # Longer than the reader's limit, 64 KiB.
        raise ProtocolError(
            "request_invalid", "A line is too long; send long data by data_length."
        ) from error
    except OSError:
        return None
    return line if line.endswith(b"\n") else None


async def read_rest(
    line: bytes, reader: asyncio.StreamReader, max_payload_bytes: int
) -> Event | None:
    """Return the event that begins with `line`, None where the connection ends before it does.

    Raises RequestError, and ProtocolError where the next event cannot be found.
    """
    try:
        header = _Header.model_validate_json(line)
    except ValidationError as error:
        raise RequestError("request_invalid", "A line is not the JSON of an event.") from error
    data_length, payload_length = header.data_length or 0, header.payload_length or 0
    if data_length > MAX_DATA_BYTES:
        raise ProtocolError("request_invalid", f"data_length is more than {MAX_DATA_BYTES} bytes.")
    if payload_length > max_payload_bytes:
        raise ProtocolError(
            "request_invalid", f"payload_length is more than {max_payload_bytes} bytes."
        )
    try:
        data = await reader.readexactly(data_length)
        payload = await reader.readexactly(payload_length)
    except (asyncio.IncompleteReadError, OSError):
        return None
    return Event(header.type, (header.data or {}) | _read_object(data), payload or None)


def parse(kind: type[_Kind], event: Event) -> _Kind:
    """Return the event as one of the package's types, which do not check what they hold.

    Raises RequestError that names the field.
    """
    try:
        parsed: _Kind = _adapter(kind).validate_python(event.data | {"audio": event.payload or b""})
        return parsed
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise RequestError("request_invalid", f"{event.type}: {field}: {problem['msg']}") from error


def _read_object(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    try:
        # Python's own takes NaN and half a surrogate pair, which cannot be written again.
        value = from_json(data, allow_inf_nan=False)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RequestError("request_invalid", "An event's data is not a JSON object.")
    return value


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
