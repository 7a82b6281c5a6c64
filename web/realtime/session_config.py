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
from web.realtime.audio_config import (
    ONLY_TRANSCRIBED,
    AudioConfig,
    idle_timeout_ms,
    turn_taking,
)
from web.realtime.client_events import as_protocol_error
from web.realtime.mcp_config import McpConfig
from web.realtime.protocol_errors import ProtocolError
from web.realtime.tools_config import (
    MAX_TOOLS,
    FunctionConfig,
    Tool,
    ToolChoice,
    check_tools,
    chosen,
    describe_tool,
)
from workers.live.settings import LiveSettings

_BETA_FIELDS = """
    modalities voice input_audio_format output_audio_format input_audio_transcription
    turn_detection max_response_output_tokens
"""
_IGNORED = """
    model include prompt reasoning parallel_tool_calls tracing truncation
    id object expires_at conversation_id
"""
"""Taken, so that a client which sends them with the rest goes on; the last as a session that was
told is sent back."""
_TRANSCRIPTION = frozenset({"type", "audio", *_IGNORED.split()})


class SessionConfig(BaseModel):
    """All that a session can be told; what OpenAI's protocol has beyond it is not taken over."""

    model_config = ConfigDict(frozen=True)

    type: Literal["realtime", "transcription"] = "realtime"
    """`transcription`: what is heard is only written down."""
    instructions: Annotated[str, Field(max_length=32_000)] | None = None
    output_modalities: tuple[Literal["audio", "text"]] = ("audio",)
    max_output_tokens: Annotated[int, Field(ge=1, le=4_096)] | Literal["inf"] = "inf"
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """The beta's; OpenAI's GA dialect has none."""
    manner: Manner | None = None
    """Ours: in place of the address's."""
    audio: AudioConfig = AudioConfig()
    tools: Annotated[tuple[Tool, ...], Field(max_length=MAX_TOOLS)] = ()
    tool_choice: ToolChoice = "auto"

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
        if patch.get("type") not in (None, self.type):
            raise ProtocolError(
                "invalid_parameter",
                f"The type of a session cannot change: this one is {self.type}. One that only "
                "transcribes is opened with ?intent=transcription.",
                "session.type",
            )
        if not isinstance(patch.get("model"), str | None):
            raise ProtocolError("invalid_value", "The model has a name.", "session.model")
        known = _TRANSCRIPTION if self.only_transcribes else self._known()
        sound = patch.get("audio")
        if self.only_transcribes and isinstance(sound, dict) and sound.get("output"):
            known = known - {"audio"}
        if unknown := sorted(patch.keys() - known):
            raise ProtocolError(
                "unknown_parameter",
                f"There is no parameter session.{unknown[0]} of a session of the type {self.type}.",
                f"session.{unknown[0]}",
            )
        return self._merged(patch, "session")

    @classmethod
    def _known(cls) -> frozenset[str]:
        return frozenset({*cls.model_fields, *_IGNORED.split()})

    def for_response(self, patch: Mapping[str, Any]) -> "SessionConfig":
        """Return the config with what `response.create` asks for this once.

        Raises ProtocolError.
        """
        known = (
            "instructions",
            "output_modalities",
            "max_output_tokens",
            "temperature",
            "audio",
            "tools",
            "tool_choice",
        )
        return self._merged({name: patch[name] for name in known if name in patch}, "response")

    def _merged(self, patch: Mapping[str, Any], name: str) -> "SessionConfig":
        if patch.get("tools") is not None and patch.get("tool_choice") is None:
            patch = {**patch, "tool_choice": "auto"}  # The one chosen may not be among them.
        try:
            merged = SessionConfig.model_validate(_merge(self.model_dump(), patch))
        except ValidationError as error:
            raise as_protocol_error(error, name) from error
        check_tools(merged.tools, merged.tool_choice, name)
        return merged

    @property
    def mcp_servers(self) -> list[McpConfig]:
        return [tool for tool in self.tools if isinstance(tool, McpConfig)]

    @property
    def is_spoken(self) -> bool:
        return self.output_modalities == ("audio",)

    @property
    def only_transcribes(self) -> bool:
        return self.type == "transcription"

    @property
    def is_transcribed(self) -> bool:
        return self.only_transcribes or self.audio.input.transcription is not None

    def live_settings(self, base: LiveSettings) -> LiveSettings:
        """Return `base` with what the client may change."""
        transcription = self.audio.input.transcription
        language = transcription.language if transcription else None
        detection = self.audio.input.turn_detection
        return replace(
            base,
            turn_taking=turn_taking(detection),
            replies_by_itself=(
                detection is not None and detection.create_response and not self.only_transcribes
            ),
            only_transcribes=self.only_transcribes,
            recognition_prompt=transcription.hints if transcription else None,
            idle_timeout_ms=idle_timeout_ms(detection),
            speaks=self.is_spoken,
            # Whisper and the voices go by the language alone: zh for zh-CN.
            language=language.split("-")[0].lower() if language else None,
            voice=self.audio.output.voice,
            speed=self.audio.output.speed,
            manner=self.manner or base.manner,
            instructions=self.instructions or None,
            max_reply_tokens=(
                self.max_output_tokens if isinstance(self.max_output_tokens, int) else None
            ),
            temperature=self.temperature,
            functions=tuple(
                tool.offered() for tool in self.tools if isinstance(tool, FunctionConfig)
            ),
            tool_choice=chosen(self.tool_choice, self.tools),
        )

    def describe(self, session_id: str, model: str) -> dict[str, Any]:
        """Return the `session` of `session.created` and `session.updated`."""
        if self.only_transcribes:
            kind = {"id": session_id, "object": "realtime.transcription_session"}
        else:
            kind = {"id": session_id, "object": "realtime.session", "model": model}
        return kind | self._settings()

    def _settings(self) -> dict[str, Any]:
        described = self.model_dump(mode="json", exclude={"manner"})
        heard = described["audio"]["input"]
        heard["noise_reduction"] = None
        if self.only_transcribes:
            for name in ("create_response", "interrupt_response", "idle_timeout_ms"):
                (heard["turn_detection"] or {}).pop(name, None)
            return {"type": self.type, "audio": {"input": heard}, "include": None}
        if self.temperature is None:
            del described["temperature"]
        described["instructions"] = self.instructions or ""
        described["tools"] = [describe_tool(tool) for tool in self.tools]
        return described | {
            "truncation": "auto",
            "tracing": None,
            "prompt": None,
            "include": None,
        }


ONLY_TRANSCRIPTION = SessionConfig(type="transcription", audio=ONLY_TRANSCRIBED)
"""What a session that only transcribes begins with."""


def new_session(session: Mapping[str, Any]) -> SessionConfig:
    """Return the config of a session that is made with these settings. Raises ProtocolError."""
    is_transcription = session.get("type") == "transcription"
    return (ONLY_TRANSCRIPTION if is_transcription else SessionConfig()).updated(session)


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
