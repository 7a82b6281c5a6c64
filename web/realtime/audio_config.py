"""What a client may set of the sound of a session, both ways."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from speech.errors import UnknownVoiceError
from speech.tts.voices import check_voice
from speech.turn_taking.events import TurnTaking
from web.realtime import g711
from web.realtime.protocol_errors import ProtocolError


class PcmFormat(BaseModel):
    """16 bits, little-endian, mono."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: int = Field(24_000, ge=8_000, le=48_000)
    """OpenAI's is always 24 kHz."""

    @property
    def bytes_per_s(self) -> int:
        return 2 * self.rate


class G711Format(BaseModel):
    """The sound of telephony; see `g711`."""

    type: Literal["audio/pcmu", "audio/pcma"]
    rate: Literal[8_000] = Field(8_000, exclude=True)
    """OpenAI's has none, as there is no other."""

    @property
    def law(self) -> g711.Law:
        return "ulaw" if self.type == "audio/pcmu" else "alaw"

    @property
    def bytes_per_s(self) -> int:
        return self.rate


AudioFormat = PcmFormat | G711Format
FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")


def _typed(value: Any) -> Any:
    """Say in plain words what else is not understood; `audio/pcm` need not be said."""
    if not isinstance(value, dict):
        return value
    kind = value.get("type", "audio/pcm")
    if kind not in FORMATS:
        raise ProtocolError(
            "unsupported_format",
            f"There is no format {kind!r} here; known are {', '.join(FORMATS)}.",
        )
    return {**value, "type": kind}


_Format = Annotated[Annotated[AudioFormat, Field(discriminator="type")], BeforeValidator(_typed)]


class _ServerVad(BaseModel):
    type: Literal["server_vad"] = "server_vad"
    threshold: float = Field(0.5, ge=0, le=1)
    prefix_padding_ms: int = Field(300, ge=0, le=5_000)
    silence_duration_ms: int = Field(500, ge=100, le=10_000)
    idle_timeout_ms: Annotated[int, Field(ge=5_000, le=30_000)] | None = None
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
    keywords: Annotated[
        tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=100)
    ] = ()

    @property
    def hints(self) -> str | None:
        """What recognition is to read first."""
        return " ".join(filter(None, (self.prompt, ", ".join(self.keywords)))) or None


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: _Format = PcmFormat()
    transcription: _Transcription | None = None
    turn_detection: Annotated[_ServerVad | _SemanticVad, Field(discriminator="type")] | None = (
        _SemanticVad()
    )
    noise_reduction: Any = Field(None, exclude=True)
    """Not done here."""


def _voice_name(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


class _Output(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: _Format = PcmFormat()
    voice: Annotated[str, BeforeValidator(_voice_name)] = "alloy"
    speed: float = Field(1.0, ge=0.25, le=2.0)

    @field_validator("voice")
    @classmethod
    def _exists(cls, voice: str) -> str:
        try:
            check_voice(voice)
        except UnknownVoiceError as error:
            raise ProtocolError("unknown_voice", str(error)) from error
        return voice


class AudioConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    input: _Input = _Input()
    output: _Output = _Output()


ONLY_TRANSCRIBED = AudioConfig(
    input=_Input(transcription=_Transcription(), turn_detection=_ServerVad())
)
"""Of a session that is opened to transcribe: a pause ends what is said, whatever its words."""


def idle_timeout_ms(detection: _ServerVad | _SemanticVad | None) -> int | None:
    return detection.idle_timeout_ms if isinstance(detection, _ServerVad) else None


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
