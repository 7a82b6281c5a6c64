"""Messages of the Realtime protocol as tests look at them."""

import base64
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    type: str
    data: dict[str, Any]
    at_s: float
    """By `time.monotonic`."""

    @property
    def audio(self) -> bytes:
        return base64.b64decode(self.data["audio"])


def decode(text: str | bytes, at_s: float) -> Message:
    data = json.loads(text)
    return Message(data["type"], data, at_s)


def encode(event: dict[str, Any]) -> str:
    return json.dumps(event)
