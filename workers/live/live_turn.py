"""A turn as its live session sees it: what came of it, and what of that the client was told."""

from dataclasses import dataclass, field, replace

from assistant.events import CancelReason, ReplyReady, TranscriptReady, TurnEnd, TurnEvent
from assistant.messages import FunctionCall
from workers.event_bus import FIRST
from workers.in_order import InOrder
from workers.live.playback import Playback
from workers.turn_store import REPLY_SAMPLE_RATE_HZ, TurnRequest


@dataclass(frozen=True, kw_only=True)
class Piece:
    index: int
    text: str
    pcm16: bytes
    audio_id: str = ""

    @property
    def duration_ms(self) -> float:
        return len(self.pcm16) / 2 / REPLY_SAMPLE_RATE_HZ * 1000

    def after(self, begin_ms: float) -> "Piece":
        """Return what of the piece comes after its first `begin_ms`; its text in proportion."""
        n_bytes = 2 * round(begin_ms / 1000 * REPLY_SAMPLE_RATE_HZ)
        n_chars = round(len(self.text) * n_bytes / max(1, len(self.pcm16)))
        return replace(self, text=self.text[n_chars:], pcm16=self.pcm16[n_bytes:])


@dataclass
class LiveTurn:
    id: str
    item_id: str
    """What the user said; empty where the assistant speaks up by itself."""
    request: TurnRequest
    end_ms: int | None = None
    """Where the speech in it ended; None for a typed one."""
    is_spoken: bool = True
    transcript: TranscriptReady | None = None
    written: ReplyReady | None = None
    calls: list[FunctionCall] = field(default_factory=list)
    are_calls_told: bool = False
    """The client has them to run; what comes again after a false alarm does not name them again."""
    has_own_input: bool = False
    """It is to something else than the conversation, which keeps only what is said."""
    is_apart: bool = False
    """It is to something else, and nothing of it is kept."""
    is_confirmed: bool = False
    is_waiting: bool = False
    """It has a reply only if the client asks for one."""
    is_replying: bool = False
    """The client knows of the reply."""
    is_withheld: bool = False
    """Its reply was cut off for the client, and may yet go on."""
    cancelled: CancelReason | None = None
    """It is to end as soon as its words are known."""
    end: TurnEnd | None = None
    is_told: bool = False
    """The client knows of the reply's end."""
    seen_id: str = FIRST
    """The last of its events that was taken."""
    is_followed: bool = False
    due_s: float = 0.0
    """On the monotonic clock: when it is given up."""
    backlog: list[tuple[TurnEvent, bytes | None]] = field(default_factory=list)
    """What is not told while the turn is provisional or withheld."""
    pieces: InOrder[Piece] = field(default_factory=InOrder)
    sent: list[Piece] = field(default_factory=list)
    playback: Playback = field(default_factory=Playback)
    is_told_again: bool = False
    """After a false alarm: its text then comes with its sound, piece by piece, for what was written
    ahead went to the response before."""
    heard_before_ms: float = 0.0
    """Of its sound, where the rest came again after a false alarm: `sent` and `playback` are of
    that rest."""
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds since 1970 at which each was reached."""
    spoke_until: float | None = None
    """Seconds since 1970 of the user's last sound."""

    @property
    def question(self) -> str:
        """What the user said, as far as that is known."""
        if self.request.question is not None:
            return self.request.question
        return self.transcript.text if self.transcript else ""

    def played(self, duration_ms: float) -> bytes:
        """Return the last of the sound that was heard."""
        end = 2 * round(self.playback.heard_ms / 1000 * REPLY_SAMPLE_RATE_HZ)
        begin = max(0, end - 2 * round(duration_ms / 1000 * REPLY_SAMPLE_RATE_HZ))
        return b"".join(piece.pcm16 for piece in self.sent)[begin:end]

    @property
    def sent_text(self) -> str:
        return "".join(piece.text for piece in self.sent)

    @property
    def heard_text(self) -> str:
        """Return what was heard of `sent`; within a piece in proportion."""
        unheard = sum(len(piece.text) for piece in self.unheard(self.playback.heard_ms))
        return self.sent_text[: len(self.sent_text) - unheard].strip()

    def unheard(self, heard_ms: float) -> list[Piece]:
        """Return what was sent and not heard."""
        rest = []
        for piece in self.sent:
            if heard_ms < piece.duration_ms:
                rest.append(piece.after(max(0.0, heard_ms)))
            heard_ms -= piece.duration_ms
        return rest

    def timings_ms(self) -> dict[str, float]:
        """Return the stages in milliseconds after the user's last sound."""
        if self.spoke_until is None:
            return {}
        return {name: round((at - self.spoke_until) * 1000, 1) for name, at in self.stages.items()}
