"""Piper (VITS), English, 22,050 Hz."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from speech.audio import Audio
from speech.errors import EngineUnavailableError, SynthesisError
from speech.tts.base import Voice

try:
    from piper import PiperConfig, PiperVoice, SynthesisConfig

    from speech.tts.onnx_session import open_session, stopping
    from speech.tts.phonemes import phonemize
except ImportError as error:
    raise EngineUnavailableError(
        f"Piper cannot be loaded ({error}): `pip install -r requirements.txt`."
    ) from error

PEAK = 0.9
SENTENCE_PAUSE_S = 0.2


class PiperEngine:
    """See `SynthesisEngine`. Calls from several threads run at the same time."""

    name = "piper"

    def __init__(self, models: Path, threads: int, device: str) -> None:
        model = models / "piper-en_US-joe-medium" / "en_US-joe-medium.onnx"
        session = open_session(model, threads, device)
        config = json.loads(model.with_name(f"{model.name}.json").read_text("utf-8"))
        self._voice = PiperVoice(session=session, config=PiperConfig.from_dict(config))

    def synthesize(
        self,
        text: str,
        voice: Voice,
        language: str,
        speed: float,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Audio:
        with stopping(is_cancelled):
            return self._synthesize(text, voice, language, speed)

    def _synthesize(self, text: str, voice: Voice, language: str, speed: float) -> Audio:
        config = self._voice.config
        # The length scale stretches the voice's own pace (1.0 for this one).
        pace = SynthesisConfig(length_scale=config.length_scale / speed)
        pause = np.zeros(round(SENTENCE_PAUSE_S * config.sample_rate), np.float32)
        parts: list[np.ndarray] = []
        for phonemes in phonemize(text, config.espeak_voice):
            if not any(map(str.isalpha, phonemes)):
                continue
            ids = self._voice.phonemes_to_ids(phonemes)
            samples = np.ravel(np.asarray(self._voice.phoneme_ids_to_audio(ids, pace)))
            parts += [pause, samples] if parts else [samples]
        if not parts:
            raise SynthesisError("Piper found nothing to say in this text.")
        samples = np.concatenate(parts)
        loudest = max(float(np.abs(samples).max()), 1e-6)
        return Audio((samples * (PEAK / loudest)).astype(np.float32), config.sample_rate)
