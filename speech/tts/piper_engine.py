"""Piper (VITS), English, 22,050 Hz."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from speech.audio import Audio, Samples
from speech.errors import EngineUnavailableError, SynthesisError
from speech.stretching import stretch
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
        surplus = 0.5 * config.hop_length / config.sample_rate
        parts: list[np.ndarray] = []
        for phonemes in phonemize(text, config.espeak_voice):
            if not any(map(str.isalpha, phonemes)):
                continue
            ids = self._voice.phonemes_to_ids(phonemes)
            samples = np.ravel(np.asarray(self._voice.phoneme_ids_to_audio(ids, pace)))
            samples = _correct_pace(Audio(samples, config.sample_rate), speed, surplus * len(ids))
            parts += [pause, samples] if parts else [samples]
        if not parts:
            raise SynthesisError("Piper found nothing to say in this text.")
        samples = np.concatenate(parts)
        loudest = max(float(np.abs(samples).max()), 1e-6)
        return Audio((samples * (PEAK / loudest)).astype(np.float32), config.sample_rate)


def _correct_pace(spoken: Audio, speed: float, surplus_s: float) -> Samples:
    """Return what is `speed` times as fast as it would be at the voice's own pace.

    `surplus_s`: how much longer it is for the length of each phoneme's being rounded up to whole
    frames, half a frame on average, which does not scale: at speed 2 a sentence took 0.65 of its
    time, and 1.75 times at 0.5. So corrected it comes out within 8 %.
    """
    wanted_s = spoken.duration_s - surplus_s + surplus_s / speed
    return stretch(spoken, spoken.duration_s / wanted_s).samples
