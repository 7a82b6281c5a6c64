"""What a turn's tasks read by id: its request, its upload, the sound of its reply, and whether they
are to go on at all."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from assistant.events import CancelReason
from assistant.generation import FunctionTool, Generation
from assistant.manner import Manner
from assistant.messages import Message

AnswerWish = Literal["auto", "always", "never"]
"""`auto`: a recording longer than the setting `long_recording_s` is only written down."""


class TranscriptionWish(BaseModel):
    """How an upload is to be heard; as it stands, as questions are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str | None = None
    """As `speech.asr.base.RecognitionOptions` has it; likewise the temperature."""
    temperature: float = 0.0
    translates: bool = False
    """Into English."""
    has_details: bool = False
    """Segments with times even of what is heard at once, and with what Whisper says of them."""
    has_words: bool = False
    """The words' times, too."""


class TurnRequest(BaseModel):
    """What the user asked for, apart from the sound itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: str
    """Empty where the turn is outside every conversation: a text that is only spoken."""
    user_id: str
    question: str | None = None
    """None for a spoken turn."""
    cue: str | None = None
    """Not None where the assistant speaks by itself: what it is to say, or nothing."""
    answer: AnswerWish = "always"
    """Of a spoken turn."""
    transcription: TranscriptionWish = TranscriptionWish()
    history: tuple[Message, ...] = ()
    language: str | None = None
    speak: bool = True
    voice: str | None = None
    manner: Manner | None = None
    timezone: str | None = None
    """IANA name."""
    replaces: str | None = None
    """A turn of the conversation, which this one supersedes with all that began after it."""
    fresh: bool = False
    """No remembered answer: the model is to write one."""
    instructions: str | None = None
    """In place of the system prompt."""
    lasting_instructions: str | None = None
    """What of them goes along where another turn goes on from this one."""
    max_reply_tokens: int | None = None
    generation: Generation | None = None
    """In place of the server's settings."""
    functions: tuple[FunctionTool, ...] = ()
    """Which the client runs, when the model calls them."""
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the function that must be called."""
    steps: tuple[Message, ...] = ()
    """What followed the question in turns before this one: calls of functions, their results."""
    speed: float | None = None
    """Of speaking; multiplies the setting."""


@dataclass(frozen=True, kw_only=True)
class TurnControl:
    """What was decided about a turn; see `workers.turn_control`. Mostly nothing was."""

    provisional_until: float | None = None
    """Seconds since 1970; None where it is meant for certain."""
    replies: bool = True
    is_held: bool = False
    cancelled: CancelReason | None = None

    @property
    def goes_on(self) -> bool:
        return not (self.is_held or self.cancelled)

    @property
    def is_overdue(self) -> bool:
        """True where nobody has said in time that the turn is meant."""
        return self.provisional_until is not None and time.time() > self.provisional_until


# Nothing is decided about a turn after it was cancelled; and where ARGV[2] is set, only about one
# that is still provisional.
_DECIDE = """
if redis.call('HEXISTS', KEYS[1], 'cancelled') == 1 then return 0 end
if ARGV[2] == '1' and (redis.call('HGET', KEYS[1], 'provisional_until') or '') == '' then
  return 0
end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""


class TurnStore:
    """Thread-safe. Everything expires `retention_s` after it was written."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._decide = redis.register_script(_DECIDE)

    def put_request(self, turn_id: str, request: TurnRequest) -> None:
        self._redis.set(_key(turn_id, "request"), request.model_dump_json(), ex=self._retention_s)

    def request(self, turn_id: str) -> TurnRequest | None:
        data = self._redis.get(_key(turn_id, "request"))
        return None if data is None else TurnRequest.model_validate_json(data)

    def put_upload(self, turn_id: str, data: bytes) -> None:
        self._redis.set(_key(turn_id, "upload"), data, ex=self._retention_s)

    def upload(self, turn_id: str) -> bytes | None:
        return cast("bytes | None", self._redis.get(_key(turn_id, "upload")))

    def drop_upload(self, turn_id: str) -> None:
        self._redis.delete(_key(turn_id, "upload"))

    def put_audio(self, turn_id: str, index: int, pcm16: bytes) -> str:
        """Keep one spoken piece (mono, `REPLY_SAMPLE_RATE_HZ`); return the id it is read by."""
        self._redis.set(_key(turn_id, f"audio:{index}"), pcm16, ex=self._retention_s)
        return f"{turn_id}.{index}"

    def audio(self, turn_id: str, index: int) -> bytes | None:
        return cast("bytes | None", self._redis.get(_key(turn_id, f"audio:{index}")))

    def erase(self, turn_id: str, pieces: Iterable[int]) -> None:
        """Drop what the user gave and was given; what was decided stays, for tasks to stop by."""
        for name in ("request", "upload", *(f"audio:{index}" for index in pieces)):
            self._redis.delete(_key(turn_id, name))

    def count_attempt(self, turn_id: str, stage: str) -> int:
        """Return how often this stage was begun, this time included."""
        key = _key(turn_id, f"attempts:{stage}")
        with self._redis.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, self._retention_s)
            count, _ = pipe.execute()
        return int(count)

    def take_back_attempt(self, turn_id: str, stage: str) -> None:
        """The stage was stopped on purpose, which speaks against nobody."""
        self._redis.decr(_key(turn_id, f"attempts:{stage}"))

    def control(self, turn_id: str) -> TurnControl:
        fields = cast("dict[bytes, bytes]", self._redis.hgetall(_key(turn_id, "control")))
        until = fields.get(b"provisional_until")
        cancelled = fields.get(b"cancelled")
        return TurnControl(
            provisional_until=float(until) if until else None,
            replies=fields.get(b"replies") != b"0",
            is_held=fields.get(b"is_held") == b"1",
            cancelled=cast("CancelReason", cancelled.decode()) if cancelled else None,
        )

    def decide(
        self, turn_id: str, *, only_provisional: bool = False, **fields: str | int | float
    ) -> bool:
        """Change `TurnControl`, empty for None; return False where the turn was cancelled before.

        `only_provisional`: False, too, where the turn is meant for certain.
        """
        args: list[str | int | float] = [self._retention_s, int(only_provisional)]
        for name, value in fields.items():
            args += [name, value]
        return bool(self._decide(keys=[_key(turn_id, "control")], args=args))


REPLY_SAMPLE_RATE_HZ = 24_000
"""Every spoken piece is kept at this rate, whatever its engine gave, so that pieces of several
voices join without a gap. It is also what OpenAI's speech and Realtime protocols send."""


def _key(turn_id: str, name: str) -> str:
    return f"turn:{{{turn_id}}}:{name}"
