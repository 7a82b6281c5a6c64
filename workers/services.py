"""Settings become objects here: each is made when first asked for, once a process."""

import functools
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from assistant.checks import load_terms
from assistant.llm import registry as language_models
from assistant.llm.base import GenerationOptions, LanguageModel
from assistant.pipeline import ReplyOptions
from assistant.prompts import SYSTEM_PROMPT
from speech.asr import registry as recognition_engines
from speech.asr.base import RecognitionEngine, RecognitionOptions
from speech.tts import registry as synthesis_engines
from speech.tts.base import SynthesisEngine, Voice
from speech.tts.voices import find_voice, voice_for
from workers import model_store
from workers.conversation_store import RedisConversations
from workers.event_bus import EventBus
from workers.settings import Settings, load_settings
from workers.turn_store import TurnStore

if TYPE_CHECKING:
    from speech.decoding import DecodingLimits


class Services:
    """Thread-safe. The web process uses the stores only and loads no model."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._synthesizers: dict[str, SynthesisEngine] = {}
        self._lock = threading.Lock()

    @cached_property
    def redis(self) -> Redis:
        return Redis.from_url(
            self.settings.redis_client_url,
            # Rides out a restart of the server: about 5 s in all.
            retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=8),
            retry_on_error=[RedisConnectionError],
            health_check_interval=30,
        )

    @cached_property
    def bus(self) -> EventBus:
        return EventBus(self.redis, self.settings.turn_retention_s)

    @cached_property
    def turns(self) -> TurnStore:
        return TurnStore(self.redis, self.settings.turn_retention_s)

    @cached_property
    def conversations(self) -> RedisConversations:
        return RedisConversations(self.redis, self.settings.conversation_retention_s)

    @cached_property
    def decoding_limits(self) -> "DecodingLimits":
        from speech.decoding import DecodingLimits  # Loads FFmpeg, which web must not.

        return DecodingLimits(
            max_bytes=self.settings.max_upload_bytes,
            max_duration_s=self.settings.max_audio_s,
            max_channels=self.settings.max_audio_channels,
        )

    @cached_property
    def recognizer(self) -> RecognitionEngine:
        return recognition_engines.create_engine(
            self.settings.asr_engine,
            model_store.resolve(self.settings.asr_model, self.settings.models),
            device=self.settings.device,
            threads=self.settings.asr_threads,
        )

    def recognition_options(self, language: str | None) -> RecognitionOptions:
        return RecognitionOptions(
            language=language,
            beam_size=self.settings.asr_beam_size,
            window=self.settings.asr_window,
        )

    @cached_property
    def language_model(self) -> LanguageModel:
        return language_models.create_model(
            "openai_chat",
            base_url=self.settings.language_model_url,
            model=self.settings.llm_model,
            api_key=self.settings.llm_api_key.get_secret_value(),
            timeout_s=self.settings.llm_timeout_s,
        )

    @cached_property
    def reply_options(self) -> ReplyOptions:
        return ReplyOptions(
            system_prompt=self.settings.system_prompt or SYSTEM_PROMPT,
            history_turns=self.settings.history_turns,
            max_question_chars=self.settings.max_question_chars,
            max_prompt_tokens=self.settings.max_prompt_tokens,
            generation=GenerationOptions(
                temperature=self.settings.temperature, max_tokens=self.settings.max_reply_tokens
            ),
            blocked_terms=load_terms(self.settings.blocked_terms_file),
        )

    def synthesizer(self, engine: str) -> SynthesisEngine:
        with self._lock:
            if engine not in self._synthesizers:
                self._synthesizers[engine] = synthesis_engines.create_engine(
                    engine,
                    self.settings.models,
                    threads=self.settings.tts_threads,
                    device=self.settings.device,
                )
            return self._synthesizers[engine]

    @property
    def default_voices(self) -> dict[str, str]:
        """Voice ids by language."""
        return {"en": self.settings.voice_en, "zh": self.settings.voice_zh}

    def voice(self, language: str, wanted: str | None) -> Voice:
        """Return who reads text of this language: the wanted voice where it can."""
        preferred = find_voice(wanted) if wanted else None
        return voice_for(language, preferred, self.default_voices)


@functools.cache
def load_services() -> Services:
    return Services(load_settings())
