"""What a session is opened with, and what it is opened on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from speech.audio import Samples
from workers.live.events import LiveEvent
from workers.live.settings import LiveSettings

EXTENSIONS = frozenset({"captions", "hold", "pieces", "resume", "timings", "turns"})


class Live(Protocol):
    """What is used of `workers.live.session.LiveSession`."""

    def configure(self, settings: LiveSettings) -> None: ...
    def hear(self, samples: Samples) -> None: ...
    def commit(self) -> str | None: ...
    def clear(self) -> None: ...
    def say(self, text: str, item_id: str | None = None) -> str: ...
    def respond(self, settings: LiveSettings | None = None) -> str: ...
    def forget(self, item_id: str) -> None: ...
    def forget_reply(self, turn_id: str) -> None: ...
    def cancel(self) -> bool: ...
    def played(self, turn_id: str, audio_ms: int, is_playing: bool) -> None: ...
    def truncate(self, turn_id: str, audio_ms: int) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What the address of a new session says."""

    conversation_id: str
    user_id: str
    model: str
    extensions: frozenset[str] = frozenset()
    is_late: bool = False
    """It was asked for in place of an earlier one, which cannot be resumed."""
    settings: LiveSettings = field(default_factory=LiveSettings)


OpenLive = Callable[[Opening, LiveSettings, Callable[[LiveEvent], None]], Live]
