"""What a client may set of its live session."""

from dataclasses import dataclass, field

from assistant.manner import Manner
from speech.turn_taking.events import TurnTaking


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """What a client may change while it talks."""

    turn_taking: TurnTaking = field(default_factory=TurnTaking)
    replies_by_itself: bool = True
    """`create_response`: whether the end of a turn brings a reply."""
    speaks: bool = True
    """Whether replies are spoken; text alone where not."""
    can_hold: bool = False
    """The client knows `ReplyHeld` and `ReplyReleased`. For others a false alarm ends the reply's
    sound, and what is left of it comes as a reply of its own."""
    captions: bool = False
    language: str | None = None
    voice: str | None = None
    speed: float = 1.0
    manner: Manner | None = None
    timezone: str | None = None
    instructions: str | None = None
    """In place of the assistant's own system prompt."""
    max_reply_tokens: int | None = None
