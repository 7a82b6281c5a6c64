"""What a client may set with `session.update`, and what becomes of it in `workers.live`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from assistant.manner import Manner
from web.realtime.audio_config import OPENAI_VOICES, AudioConfig, turn_taking
from web.realtime.client_events import as_protocol_error
from web.realtime.protocol_errors import ProtocolError
from workers.live.settings import LiveSettings

_BETA_FIELDS = """
    modalities voice input_audio_format output_audio_format input_audio_transcription
    turn_detection max_response_output_tokens
"""


class SessionConfig(BaseModel):
    """All that a session can be told; what OpenAI's protocol has beyond it is not taken over."""

    model_config = ConfigDict(frozen=True)

    type: Literal["realtime"] = "realtime"
    instructions: Annotated[str, Field(max_length=32_000)] | None = None
    output_modalities: tuple[Literal["audio", "text"]] = ("audio",)
    max_output_tokens: Annotated[int, Field(ge=1, le=4_096)] | Literal["inf"] = "inf"
    manner: Manner | None = None
    """Ours: in place of the address's."""
    audio: AudioConfig = AudioConfig()

    @field_validator("type", mode="before")
    @classmethod
    def _is_a_conversation(cls, value: Any) -> Any:
        if value == "transcription":
            raise ProtocolError(
                "unsupported_session_type", "This server holds sessions of the type realtime only."
            )
        return value

    @field_validator("output_modalities", mode="before")
    @classmethod
    def _is_one(cls, value: Any) -> Any:
        if value not in (["audio"], ["text"], ("audio",), ("text",)):
            raise ProtocolError(
                "invalid_value",
                'output_modalities is ["audio"], which brings its transcript, or ["text"].',
            )
        return value

    def updated(self, patch: Mapping[str, Any]) -> "SessionConfig":
        """Return the config with what the client sent in `session`. Raises ProtocolError."""
        if beta := [name for name in _BETA_FIELDS.split() if name in patch]:
            raise ProtocolError(
                "unknown_parameter",
                f"{beta[0]} is of the protocol's beta. In its GA dialect the settings of sound "
                "are below audio.input and audio.output, and the others are output_modalities "
                "and max_output_tokens.",
                f"session.{beta[0]}",
            )
        return self._merged(patch, "session")

    def for_response(self, patch: Mapping[str, Any]) -> "SessionConfig":
        """Return the config with what `response.create` asks for this once.

        Raises ProtocolError.
        """
        if patch.get("conversation") not in (None, "auto") or patch.get("input") is not None:
            raise ProtocolError(
                "unsupported_parameter",
                "A response here is always to the conversation; conversation and input cannot be "
                "given.",
                "response.input" if patch.get("input") is not None else "response.conversation",
            )
        known = ("instructions", "output_modalities", "max_output_tokens", "audio")
        return self._merged({name: patch[name] for name in known if name in patch}, "response")

    def _merged(self, patch: Mapping[str, Any], name: str) -> "SessionConfig":
        try:
            return SessionConfig.model_validate(_merge(self.model_dump(), patch))
        except ValidationError as error:
            raise as_protocol_error(error, name) from error

    @property
    def is_spoken(self) -> bool:
        return self.output_modalities == ("audio",)

    @property
    def is_transcribed(self) -> bool:
        return self.audio.input.transcription is not None

    def live_settings(self, base: LiveSettings) -> LiveSettings:
        """Return `base` with what the client may change."""
        transcription = self.audio.input.transcription
        language = transcription.language if transcription else None
        voice = self.audio.output.voice
        detection = self.audio.input.turn_detection
        return replace(
            base,
            turn_taking=turn_taking(detection),
            replies_by_itself=detection is not None and detection.create_response,
            speaks=self.is_spoken,
            # Whisper and the voices go by the language alone: zh for zh-CN.
            language=language.split("-")[0].lower() if language else None,
            voice=None if voice in OPENAI_VOICES else voice,
            speed=max(0.5, self.audio.output.speed),
            manner=self.manner or base.manner,
            instructions=self.instructions or None,
            max_reply_tokens=(
                self.max_output_tokens if isinstance(self.max_output_tokens, int) else None
            ),
        )

    def describe(self) -> dict[str, Any]:
        """Return the `session` of `session.created` and `session.updated`, without its ids."""
        described = self.model_dump(mode="json", exclude={"manner"})
        detection = described["audio"]["input"]["turn_detection"]
        if detection and detection["type"] == "server_vad":
            detection["idle_timeout_ms"] = None
        described["audio"]["input"]["noise_reduction"] = None
        described["instructions"] = self.instructions or ""
        return described | {
            "tools": [],
            "tool_choice": "auto",
            "truncation": "auto",
            "tracing": None,
            "prompt": None,
            "include": None,
        }


def _merge(current: Any, patch: Any, path: str = "") -> Any:
    """Put the patch's fields over the current ones; the three objects of settings are merged, all
    others replaced."""
    if not isinstance(patch, dict):
        return patch
    if path not in ("", ".audio", ".audio.input", ".audio.output"):
        return {name: value for name, value in patch.items() if value is not None}
    merged = dict(current)
    for name, value in patch.items():
        here = f"{path}.{name}"
        # Null switches these off; elsewhere it says nothing.
        if value is not None or name in ("turn_detection", "transcription", "manner"):
            merged[name] = _merge(current.get(name, {}), value, here)
    return merged
