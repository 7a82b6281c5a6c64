"""Every setting, read from the environment (or a `.env` file) and checked in this one place."""

import functools
import hashlib
import re
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import (
    DirectoryPath,
    Field,
    FilePath,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.events import CheckAction
from assistant.llm.router import ModelSpec, Plan
from assistant.plugins.base import Permission
from assistant.plugins.mcp_servers import McpServer
from speech.errors import UnknownVoiceError
from speech.tts.voices import find_voice

KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class SettingsError(ValueError):
    """Names each variable that is wrong, and why."""


class Settings(BaseSettings):
    """Field names in capitals are the environment variables: `port` is `PORT`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    # Where it listens and where it keeps things
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    data_dir: Path = Path(platformdirs.user_data_dir("voice-assistant"))
    model_dir: Path | None = None
    """Where model files are kept; `models` inside the data folder where not given."""
    web_threads: int = Field(64, ge=4)
    """Requests served at once; an open event stream holds one."""

    api_keys: dict[KeyName, Annotated[SecretStr, Field(min_length=16)]] = {}
    """By name. Where there are any, programs under `/v1` need one, and each name is a user; where
    there are none, programs bring what they like."""

    wyoming_host: str = "127.0.0.1"
    """The protocol knows neither keys nor encryption: whoever reaches it may use it."""
    wyoming_port: int = Field(0, ge=0, le=65535)
    """For Home Assistant, whose usual one is 10300; with 0 the process is not started."""

    # Services of your own, in place of the embedded ones
    redis_url: str | None = None
    llm_base_url: str | None = None
    """An OpenAI-compatible server, up to and with `/v1`."""
    llm_port: int = Field(8001, ge=1, le=65535)
    """Of the embedded model server, on loopback; the launcher takes another where it is in use."""
    llm_api_key: SecretStr = SecretStr("none")

    # Hardware
    device: Literal["auto", "cpu", "cuda"] = "auto"
    asr_threads: int = Field(2, ge=1)
    tts_threads: int = Field(2, ge=1)
    llm_threads: int = Field(1, ge=1)
    """Of the embedded server while it writes; docs/benchmarks.md says why not all cores."""
    llm_prompt_threads: int = Field(2, ge=1)
    """While it reads the question."""

    # Tasks that one worker runs at a time
    asr_concurrency: int = Field(4, ge=1)
    """One is recognised at a time; the others decode their upload meanwhile. Long recordings have
    half of them at most, so that with 1 a question waits for the recording before it."""
    chat_concurrency: int = Field(16, ge=1)
    background_concurrency: int = Field(1, ge=1)
    tts_concurrency: int = Field(1, ge=1)

    # Speech recognition
    asr_engine: Literal["faster-whisper", "openai-whisper"] = "faster-whisper"
    asr_model: str = "whisper-base"
    """A name from the model store, or a folder with a CTranslate2 Whisper model."""
    asr_beam_size: int = Field(5, ge=1, le=10)
    asr_window: Literal["short", "full"] = "short"

    # Language models
    llm_model: str = "qwen2.5-coder-1.5b-instruct"
    """For the embedded server a name from the model store, else the name your server knows."""
    llm_small_model: str | None = None
    """A second, smaller one beside it, for what does not need the large one."""
    llm_small_port: int = Field(8002, ge=1, le=65535)
    llm_models: tuple[ModelSpec, ...] = ()
    """In place of both: JSON, as `assistant.llm.router.ModelSpec`; the first is the default."""
    llm_plans: dict[str, Plan] = {}
    """By name: which models a user gets, and how much of them; the first holds for everyone."""
    llm_context_tokens: int = Field(4096, ge=512)
    """Context of one conversation in the embedded server."""
    llm_slots: int = Field(4, ge=1)
    """Replies that the embedded server writes at once."""
    llm_first_token_timeout_s: float = Field(30.0, gt=0)
    llm_token_timeout_s: float = Field(10.0, gt=0)
    """Between two words."""
    llm_attempts: int = Field(2, ge=1)
    """Of each model, while it has not said a word."""
    llm_total_timeout_s: float = Field(45.0, gt=0)
    """For all attempts together, until the first word."""
    llm_breaker_failures: int = Field(3, ge=1)
    """In a row, after which a model is left alone for `llm_breaker_reset_s`."""
    llm_breaker_reset_s: float = Field(15.0, gt=0)
    temperature: float = Field(0.7, ge=0, le=2)
    max_reply_tokens: int = Field(300, ge=1)

    # Dialogue
    system_prompt: str | None = None
    """In place of the built-in one."""
    history_turns: int = Field(5, ge=0)
    summary: bool = True
    """Whether older turns are summed up for the model."""
    profile: bool = True
    """Whether facts that users tell about themselves are remembered."""
    profile_retention_s: int = Field(365 * 24 * 3600, ge=60)
    """After its last use."""
    answer_cache: Literal["off", "exact", "similar", "judged"] = "similar"
    """`judged` finds twice as many, as a model has a say, and is wrong more often."""
    answer_cache_ttl_s: int = Field(24 * 3600, ge=1)
    speech_cache_bytes: int = Field(64 * 1024 * 1024, ge=0)
    """Of sound that is kept for cached answers and prepared sentences."""

    # Checks
    content_checks: bool = True
    check_actions: dict[str, CheckAction] = {}
    """By category, in place of the built-in ones."""
    check_terms_dir: DirectoryPath | None = None
    """Lists beside the built-in ones."""
    blocked_terms_file: FilePath | None = None
    """One term a line; the category is `custom`."""
    check_classifier: Literal["local", "off"] = "local"
    """Beside the lists; not asked where there is a moderation server."""
    moderation_base_url: str | None = None
    """A server with OpenAI's moderation endpoint, up to and with `/v1`."""
    moderation_model: str = "omni-moderation-latest"
    moderation_api_key: SecretStr = SecretStr("none")
    moderation_threshold: float = Field(0.5, gt=0, le=1)
    moderation_timeout_s: float = Field(2.0, gt=0)

    # Tools
    tools: bool = True
    tools_disabled: frozenset[str] = frozenset()
    """Names of plugins and tools."""
    tool_permissions: frozenset[Permission] = frozenset({"network", "storage", "reminders"})
    """What tools may ask for."""
    tool_choice: Literal["schema", "patterns"] = "schema"
    """Whether the model is asked where a tool's hint is in the question but no pattern matches."""
    plugin_dir: DirectoryPath | None = None
    """Plugins are Python files in it."""
    mcp_servers: dict[str, McpServer] = {}
    client_mcp_servers: tuple[str, ...] = ()
    """Addresses of other servers that clients of `/v1/realtime` may name, and what is below them.
    They may name those above, too, by their names."""
    weather_forecast_url: str = "https://api.open-meteo.com/v1/forecast"
    weather_geocoding_url: str = "https://geocoding-api.open-meteo.com/v1/search"

    # Speech synthesis
    voice_en: str = "piper:en_US-joe-medium"
    voice_zh: str = "kokoro:zf_xiaobei"
    speaking_speed: float = Field(1.0, ge=0.5, le=2.0)

    # Live conversation
    live_sessions: int = Field(220, ge=0)
    """Open at once."""
    live_resume_s: float = Field(60.0, ge=0)
    """How long a live session waits for a client whose connection has dropped."""

    # Limits
    max_question_chars: int = Field(4000, ge=1)
    max_upload_bytes: int = Field(64 * 1024 * 1024, ge=1)
    """An hour at 128 kbit/s is 55 MiB. Redis keeps it until it is recognised, on disk as well."""
    max_audio_s: float = Field(3600.0, gt=0)
    """On two cores an hour is recognised in 4 minutes where nobody else wants anything, 3.5 s a
    minute, and while somebody always does within its own length; it takes 600 MB meanwhile, and
    two at a time are recognised."""
    max_audio_channels: int = Field(8, ge=1)
    long_recording_s: float = Field(60.0, gt=0)
    """A longer upload is written down and not answered, unless its sender says otherwise."""
    turn_timeout_s: float = Field(180.0, gt=0)
    """How long a request that waits for its turn's end waits at the most."""
    turn_retention_s: int = Field(24 * 3600, ge=60)
    """How long a turn's events and sound are kept."""
    conversation_retention_s: int = Field(30 * 24 * 3600, ge=60)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("api_keys")
    @classmethod
    def _can_be_brought(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        secrets = [key.get_secret_value() for key in keys.values()]
        if not all(re.fullmatch("[!-~]+", secret) for secret in secrets):
            raise ValueError("a key is made of ASCII letters, digits and marks, without spaces")
        if len(set(secrets)) < len(secrets):
            raise ValueError("two names have the same key")
        return keys

    @field_validator("voice_en", "voice_zh")
    @classmethod
    def _speaks_its_language(cls, voice_id: str, field: ValidationInfo) -> str:
        language = str(field.field_name).removeprefix("voice_")
        try:
            voice = find_voice(voice_id)
        except UnknownVoiceError as error:
            raise ValueError(str(error)) from error
        if language not in voice.languages:
            raise ValueError(f"{voice_id} does not speak {language!r}")
        return voice_id

    @property
    def models(self) -> Path:
        return self.model_dir or self.data_dir / "models"

    @property
    def redis_socket(self) -> Path:
        """The embedded server's Unix socket; a socket, so no other user or page can connect."""
        socket = self.data_dir.absolute() / "redis.sock"
        # sockaddr_un.sun_path holds 108 bytes on Linux, 104 on macOS.
        if len(str(socket).encode()) < 100:
            return socket
        digest = hashlib.sha256(str(socket).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"voice-assistant-{digest}.sock"

    @property
    def redis_client_url(self) -> str:
        """For redis-py."""
        return self.redis_url or f"unix://{self.redis_socket}"

    @property
    def max_prompt_tokens(self) -> int:
        """What is left of the context for the past; the count is an estimate, hence the margin."""
        return max(256, self.llm_context_tokens - self.max_reply_tokens - 200)

    @property
    def model_specs(self) -> tuple[ModelSpec, ...]:
        """Every model that may answer; the first is the default."""
        if self.llm_models:
            return self.llm_models
        large = ModelSpec(
            name=self.llm_model,
            base_url=self.language_model_url,
            api_key=self.llm_api_key,
            context_tokens=self.llm_context_tokens,
        )
        if self.llm_small_model is None:
            return (large,)
        small = large.model_copy(
            update={
                "name": self.llm_small_model,
                "tier": "small",
                "base_url": f"http://127.0.0.1:{self.llm_small_port}/v1",
            }
        )
        return (large, small)

    @property
    def embeds_language_model(self) -> bool:
        """One whose address is not given is the embedded one."""
        return self.llm_base_url is None and (
            not self.llm_models or any(spec.base_url is None for spec in self.llm_models)
        )

    @property
    def embeds_small_language_model(self) -> bool:
        return self.llm_small_model is not None and not self.llm_models

    @property
    def language_model_url(self) -> str:
        """Where replies come from; the launcher names the embedded server in the environment."""
        return self.llm_base_url or f"http://127.0.0.1:{self.llm_port}/v1"

    @property
    def broker_url(self) -> str:
        """For Celery, whose Unix socket scheme differs."""
        return self.redis_url or f"redis+socket://{self.redis_socket}"


@functools.cache
def load_settings() -> Settings:
    """Return the settings of this process. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("These settings are wrong:\n  " + "\n  ".join(lines)) from error
