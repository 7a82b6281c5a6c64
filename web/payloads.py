"""Requests as typed values; what is wrong with one is said field by field."""

import uuid
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from assistant.manner import Manner
from assistant.messages import Message
from speech.tts.voices import VOICES, find_voice
from web.context import services
from web.errors import ProblemError
from web.identity import user_of
from workers.ratings import RatingValue
from workers.turn_store import AnswerWish, TurnRequest

_Payload = TypeVar("_Payload", bound=BaseModel)

_MAX_PROBLEMS = 10
"""Said of one request: each of thousands of messages may be wrong in several ways."""

ConversationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Language = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$", max_length=35)
]

ASKING_ERRORS = (
    "question_empty",
    "question_too_long",
    "unknown_voice",
    "conversation_unknown",
    "turn_unknown",
)
"""What can be wrong with a question before it is a turn."""

VoiceId = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["", *(voice.id for voice in VOICES)]})
]
"""Empty for the default of what is spoken."""

Speed = Annotated[float, Field(ge=0.5, le=2)]


class _JsonBody(BaseModel):
    """Its values have the types that they say, as those of a form or query cannot."""

    model_config = ConfigDict(strict=True)


class _TurnFields(BaseModel):
    model_config = ConfigDict(extra="ignore")

    conversation_id: ConversationId | None = None
    speak: bool = True
    voice: VoiceId | None = None
    language: Language | None = None
    manner: Manner | None = None
    timezone: Annotated[str, StringConstraints(max_length=64)] | None = None
    speed: Speed | None = None
    replaces: Annotated[str, StringConstraints(max_length=64)] | None = None
    fresh: bool = False


class ChatPayload(_TurnFields):
    model_config = ConfigDict(strict=True)

    question: Annotated[str, Field(json_schema_extra={"pattern": r"\S"})]
    history: list[Message] = Field(default_factory=list, max_length=100)


class VoicePayload(_TurnFields):
    answer: AnswerWish = "auto"


class VoiceForm(VoicePayload):
    audio: Annotated[bytes, Field(min_length=1)]
    """The recording, in any format that FFmpeg reads."""


class SpeechPayload(_JsonBody):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    """Longer than any reply."""
    voice: VoiceId | None = None
    language: Language | None = None
    speed: Speed | None = None


class StopPayload(_JsonBody):
    heard_ms: Annotated[int, Field(ge=0)] | None = None


class RatingPayload(_JsonBody):
    rating: RatingValue
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] | None = None


class PageArguments(BaseModel):
    start: int = Field(0, ge=0)
    count: int = Field(50, ge=1, le=200)
    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


class TitlePayload(_JsonBody):
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class FactPayload(_JsonBody):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class ProfilePayload(_JsonBody):
    manner: Manner | None = None
    is_enabled: bool | None = None


def chat_request(data: Any) -> TurnRequest:
    payload = parse(ChatPayload, data)
    return TurnRequest(
        question=payload.question, history=tuple(payload.history), **_common(payload)
    )


def voice_request(form: dict[str, str]) -> TurnRequest:
    # An empty form field is one that the user left empty.
    payload = parse(VoicePayload, {name: value for name, value in form.items() if value})
    return TurnRequest(answer=payload.answer, **_common(payload))


def speech_request(data: Any) -> tuple[str, TurnRequest]:
    """Return the text to speak, and how."""
    payload = parse(SpeechPayload, data)
    return payload.text, TurnRequest(
        conversation_id="",
        user_id="",
        language=_language(payload.language),
        voice=_voice(payload.voice),
        speed=payload.speed,
    )


def _common(payload: _TurnFields) -> dict[str, Any]:
    conversation_id = payload.conversation_id or uuid.uuid4().hex
    voice = _voice(payload.voice)
    user_id = user_of(conversation_id)
    if payload.replaces and not services().conversations.knows(conversation_id, payload.replaces):
        raise ProblemError("turn_unknown", "There is no such turn in this conversation.")
    return {
        "conversation_id": conversation_id,
        "user_id": user_id,
        "language": _language(payload.language),
        "speak": payload.speak,
        "voice": voice,
        "manner": payload.manner,
        "timezone": payload.timezone,
        "speed": payload.speed,
        "replaces": payload.replaces,
        "fresh": payload.fresh,
    }


def _voice(voice: str | None) -> str | None:
    if voice:
        find_voice(voice)  # Raises UnknownVoiceError.
    return voice or None


def _language(language: str | None) -> str | None:
    # Whisper and the voices go by the language alone: zh for zh-CN.
    return language.split("-")[0].lower() if language else None


def parse_body(kind: type[_Payload]) -> _Payload:
    """Return the request's JSON; where it has no body, that is an object without fields."""
    return parse(kind, request.get_json() if request.data else {})


def parse(kind: type[_Payload], data: Any) -> _Payload:
    if not isinstance(data, dict):
        raise ProblemError("request_invalid", "Send a JSON object.")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in errors[:_MAX_PROBLEMS]
        ]
        # The first field that is wrong; none where the object as a whole is.
        param = next((str(part) for item in errors for part in item["loc"][:1]), None)
        raise ProblemError("request_invalid", "; ".join(problems), param) from error
