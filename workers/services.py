"""Settings become objects here: each is made when first asked for, once a process."""

import functools
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from assistant.llm import registry as language_models
from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.prompts import SYSTEM_PROMPT
from speech.asr import registry as recognition_engines
from speech.asr.base import RecognitionEngine, RecognitionOptions
from speech.tts import registry as synthesis_engines
from speech.tts.base import SynthesisEngine, Voice
from speech.tts.voices import speaker, voice_for
from workers import model_store
from workers.announcements import Announcements
from workers.answer_store import RedisAnswers
from workers.client_secret_store import RedisClientSecrets
from workers.conversation_store import RedisConversations
from workers.event_bus import EventBus
from workers.foreground import Foreground
from workers.memory import Memory
from workers.profile_store import RedisProfiles
from workers.reminders import RedisReminders
from workers.settings import Settings, load_settings
from workers.speech_cache import SpeechCache
from workers.tool_effects import RedisToolEffects
from workers.tool_store import ToolStore
from workers.transcript_store import TranscriptStore
from workers.turn_order import TurnOrder
from workers.turn_store import TurnStore
from workers.usage_store import RedisUsage

if TYPE_CHECKING:
    from assistant.cache.answer_cache import AnswerCache
    from assistant.cache.embedding import Embedding
    from assistant.draft import Dialogue
    from speech.decoding import DecodingLimits
    from speech.turn_taking.end_of_turn import EndOfTurnModel


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
            # Longer than any blocking read of ours; redis-py's own 5 s would cut those off.
            socket_timeout=30,
            # As many as the server takes: each follower of a turn holds one, and threads and live
            # sessions are bounded. redis-py's own 100 would refuse the next.
            max_connections=10_000,
        )

    @cached_property
    def bus(self) -> EventBus:
        return EventBus(self.redis, self.settings.turn_retention_s)

    @cached_property
    def turns(self) -> TurnStore:
        return TurnStore(self.redis, self.settings.turn_retention_s)

    @cached_property
    def conversations(self) -> RedisConversations:
        return RedisConversations(
            self.redis,
            self.settings.conversation_retention_s,
            turns=self.settings.history_turns,
            is_summarised=self.settings.summary,
        )

    @cached_property
    def transcripts(self) -> TranscriptStore:
        return TranscriptStore(self.redis, self.settings.conversation_retention_s)

    @cached_property
    def client_secrets(self) -> RedisClientSecrets:
        return RedisClientSecrets(self.redis)

    @cached_property
    def order(self) -> TurnOrder:
        return TurnOrder(self.redis, self.settings.turn_retention_s)

    @cached_property
    def foreground(self) -> Foreground:
        return Foreground(self.redis)

    @cached_property
    def profiles(self) -> Memory:
        profiles = RedisProfiles(
            self.redis,
            retention_s=self.settings.profile_retention_s,
        )
        return Memory(profiles, self.conversations, self.answers)

    @cached_property
    def answers(self) -> RedisAnswers:
        return RedisAnswers(self.redis, ttl_s=self.settings.answer_cache_ttl_s)

    @cached_property
    def speech_cache(self) -> SpeechCache:
        return SpeechCache(
            self.redis,
            ttl_s=self.settings.answer_cache_ttl_s,
            max_bytes=self.settings.speech_cache_bytes,
        )

    @cached_property
    def usage(self) -> RedisUsage:
        return RedisUsage(self.redis, self.settings.conversation_retention_s)

    @cached_property
    def reminders(self) -> RedisReminders:
        return RedisReminders(self.redis)

    @cached_property
    def announcements(self) -> Announcements:
        return Announcements(self.redis, self.settings.turn_retention_s)

    @cached_property
    def tool_effects(self) -> RedisToolEffects:
        store = ToolStore(self.redis, self.settings.profile_retention_s)
        return RedisToolEffects(self.redis, store, self.reminders, self.settings.turn_retention_s)

    @cached_property
    def language_model(self) -> ResilientModel:
        """All configured models as one, the default first."""
        return ResilientModel(
            [
                language_models.create_model(
                    "openai_chat",
                    base_url=spec.base_url or self.settings.language_model_url,
                    model=spec.name,
                    api_key=spec.api_key.get_secret_value(),
                    first_token_timeout_s=self.settings.llm_first_token_timeout_s,
                    token_timeout_s=self.settings.llm_token_timeout_s,
                    can_call_tools=spec.can_call_tools,
                )
                for spec in self.settings.model_specs
            ],
            RetryPolicy(
                attempts=self.settings.llm_attempts,
                total_s=self.settings.llm_total_timeout_s,
                breaker_failures=self.settings.llm_breaker_failures,
                breaker_reset_s=self.settings.llm_breaker_reset_s,
            ),
        )

    @property
    def system_prompt(self) -> str:
        return self.settings.system_prompt or SYSTEM_PROMPT

    @cached_property
    def embedding(self) -> "Embedding":
        """Loads its model when first used."""
        from assistant.cache.embedding import MultilingualE5

        return MultilingualE5()

    @cached_property
    def answer_cache(self) -> "AnswerCache | None":
        """None where it is switched off."""
        from assistant.cache.answer_cache import AnswerCache  # Loads dictionaries: 0.4 s.

        match self.settings.answer_cache:
            case "off":
                return None
            case "exact":
                return AnswerCache(self.answers, None)
            case "similar" | "judged" as which:
                return AnswerCache(self.answers, self.embedding, asks_model=which == "judged")

    @cached_property
    def dialogue(self) -> "Dialogue":
        from workers.dialogue import build_dialogue  # Loads what web must not.

        return build_dialogue(self)

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

    @cached_property
    def end_of_turn(self) -> "EndOfTurnModel":
        """For live sessions, which run in the web process; loads its model when first used."""
        from speech.turn_taking.end_of_turn import EndOfTurnModel

        folder = model_store.resolve(model_store.END_OF_TURN_MODEL, self.settings.models)
        return EndOfTurnModel(folder / "smart-turn-v3.2-cpu.onnx")

    def recognition_options(self, language: str | None) -> RecognitionOptions:
        return RecognitionOptions(
            language=language,
            beam_size=self.settings.asr_beam_size,
            window=self.settings.asr_window,
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

    def voice(self, language: str, *wanted: str | None) -> Voice:
        """Return who reads text of this language: the first wanted one who can.

        `wanted`: voice ids, and OpenAI's names of voices. Raises UnknownVoiceError.
        """
        speakers = (speaker(name, language) for name in wanted if name)
        return voice_for(language, next(filter(None, speakers), None), self.default_voices)


@functools.cache
def load_services() -> Services:
    return Services(load_settings())
