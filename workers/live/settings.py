"""What a client may set of its live session."""

from dataclasses import dataclass, field

from assistant.generation import FunctionTool
from assistant.manner import Manner
from speech.turn_taking.events import TurnTaking


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """What a client may change while it talks."""

    turn_taking: TurnTaking = field(default_factory=TurnTaking)
    replies_by_itself: bool = True
    """`create_response`: whether the end of a turn brings a reply."""
    only_transcribes: bool = False
    """What is heard is written down, and is no part of any conversation."""
    idle_timeout_ms: int | None = None
    """After which the assistant speaks up, where the user says nothing to its last reply."""
    speaks: bool = True
    """Whether replies are spoken; text alone where not."""
    can_hold: bool = False
    """The client knows `ReplyHeld` and `ReplyReleased`. For others a false alarm ends the reply's
    sound, and what is left of it comes as a reply of its own."""
    captions: bool = False
    language: str | None = None
    recognition_prompt: str | None = None
    """As `speech.asr.base.RecognitionOptions` has it."""
    voice: str | None = None
    speed: float = 1.0
    manner: Manner | None = None
    timezone: str | None = None
    instructions: str | None = None
    """In place of the assistant's own system prompt."""
    max_reply_tokens: int | None = None
    temperature: float | None = None
    """In place of the server's."""
    functions: tuple[FunctionTool, ...] = ()
    """Which the client runs."""
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the function that must be called."""
