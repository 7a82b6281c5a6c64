"""What a client may set of the sound of a session, both ways."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator

from speech.errors import UnknownVoiceError
from speech.tts.voices import find_voice
from speech.turn_taking.events import TurnTaking
from web.realtime.protocol_errors import ProtocolError

_OPENAI_VOICES = """
    alloy ash ballad coral echo fable onyx nova sage shimmer verse marin cedar
"""
OPENAI_VOICES = frozenset(_OPENAI_VOICES.split())
"""Each stands for the default voice of the language that is spoken."""


def _pcm(value: Any) -> Any:
    """Say in plain words what else is not understood."""
    if isinstance(value, dict) and value.get("type", "audio/pcm") != "audio/pcm":
        raise ProtocolError(
            "unsupported_format",
            f"This server takes and sends audio/pcm only, not {value['type']}.",
        )
    return value


class _PcmFormat(BaseModel):
    type: Literal["audio/pcm"] = "audio/pcm"
    rate: int = Field(24_000, ge=8_000, le=48_000)
    """OpenAI's is always 24 kHz."""


_Format = Annotated[_PcmFormat, BeforeValidator(_pcm)]


class _ServerVad(BaseModel):
    type: Literal["server_vad"]
    threshold: float = Field(0.5, ge=0, le=1)
    prefix_padding_ms: int = Field(300, ge=0, le=5_000)
    silence_duration_ms: int = Field(500, ge=100, le=10_000)
    create_response: bool = True
    interrupt_response: bool = True


class _SemanticVad(BaseModel):
    type: Literal["semantic_vad"] = "semantic_vad"
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


class _Transcription(BaseModel):
    model: str = "default"
    language: (
        Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$", max_length=35)] | None
    ) = None
    prompt: Annotated[str, Field(max_length=8_000)] | None = None


class _Input(BaseModel):
    format: _Format = _PcmFormat()
    transcription: _Transcription | None = None
    turn_detection: Annotated[_ServerVad | _SemanticVad, Field(discriminator="type")] | None = (
        _SemanticVad()
    )


def _voice_name(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


class _Output(BaseModel):
    format: _Format = _PcmFormat()
    voice: Annotated[str, BeforeValidator(_voice_name)] = "alloy"
    speed: float = Field(1.0, ge=0.25, le=2.0)

    @field_validator("voice")
    @classmethod
    def _exists(cls, voice: str) -> str:
        if voice not in OPENAI_VOICES:
            try:
                find_voice(voice)
            except UnknownVoiceError as error:
                raise ProtocolError("unknown_voice", str(error)) from error
        return voice


class AudioConfig(BaseModel):
    input: _Input = _Input()
    output: _Output = _Output()


def turn_taking(detection: _ServerVad | _SemanticVad | None) -> TurnTaking:
    """Return the detection in the turn engine's words."""
    match detection:
        case None:
            return TurnTaking(mode="manual")
        case _ServerVad():
            return TurnTaking(
                mode="server_vad",
                threshold=detection.threshold,
                prefix_padding_ms=detection.prefix_padding_ms,
                silence_duration_ms=detection.silence_duration_ms,
                can_be_interrupted=detection.interrupt_response,
            )
        case _SemanticVad():
            return TurnTaking(
                mode="semantic_vad",
                eagerness=detection.eagerness,
                can_be_interrupted=detection.interrupt_response,
            )
