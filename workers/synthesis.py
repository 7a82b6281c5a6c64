"""One piece of a reply becomes sound: whose voice, how fast, and whether it was said before."""

from functools import partial

from assistant.events import SpeechQueued
from assistant.manner import mannered_speech
from speech.audio import encode_pcm16
from speech.decoding import resample
from speech.errors import EngineUnavailableError
from speech.speakable import speakable
from speech.stretching import stretch
from speech.tts.base import Voice
from speech.tts.voices import OPENAI_VOICES
from workers import turn_control
from workers.services import Services
from workers.speech_cache import speech_key
from workers.turn_state import TurnState
from workers.turn_store import REPLY_SAMPLE_RATE_HZ, TurnRequest

MIN_SPEED, MAX_SPEED = 0.25, 4.0
_MIN_VOICE_SPEED, _MAX_VOICE_SPEED = 0.5, 2.0
"""Of the voices themselves, which are understood better so than stretched: at four times the speed
Whisper base missed 9 of 100 characters of Piper's where it spoke twice as fast itself, and 54 where
it was stretched only."""


def synthesize(
    services: Services, piece: SpeechQueued, request: TurnRequest, state: TurnState
) -> tuple[Voice, bytes]:
    """Return who speaks the piece, and its samples. Raises SpeechError."""
    mannered = mannered_speech(state.manner)
    language = piece.language
    voice = services.voice(language, request.voice, mannered.voices.get(language))
    speed = services.settings.speaking_speed * mannered.speed * (request.speed or 1.0)
    speed = max(MIN_SPEED, min(MAX_SPEED, speed))
    # Answers that others may get too, and prepared sentences, are worth keeping as sound.
    is_common = (
        state.cache.outcome != "bypassed" if state.cache else state.written_source != "model"
    )
    try:
        return voice, _sound(services, piece, voice, speed, is_common)
    except EngineUnavailableError:
        default = services.voice(language)
        # Whoever names a voice of ours wants to know; who names one of OpenAI's wants to hear it.
        if request.voice not in OPENAI_VOICES or default == voice:
            raise
        return default, _sound(services, piece, default, speed, is_common)


def _sound(
    services: Services, piece: SpeechQueued, voice: Voice, speed: float, is_common: bool
) -> bytes:
    text = speakable(piece.text, piece.language)
    cache = services.speech_cache if is_common else None
    key = speech_key(text, voice.id, speed, piece.language)
    if cache and (pcm16 := cache.get(key)):
        return pcm16
    voice_speed = max(_MIN_VOICE_SPEED, min(_MAX_VOICE_SPEED, speed))
    is_cancelled = partial(turn_control.is_stopped, services, piece.turn_id)
    sound = services.synthesizer(voice.engine).synthesize(
        text, voice, piece.language, voice_speed, is_cancelled
    )
    sound = stretch(sound, speed / voice_speed)
    pcm16 = encode_pcm16(resample(sound, REPLY_SAMPLE_RATE_HZ))
    if cache:
        cache.put(key, pcm16)
    return pcm16
