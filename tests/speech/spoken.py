"""Sound for recognition: what Piper says, and what nobody says."""

import functools
from pathlib import Path

import numpy as np
from piper import PiperVoice, SynthesisConfig

from speech.asr.base import RecognitionEngine
from speech.asr.registry import create_engine
from speech.audio import Audio, Samples
from speech.decoding import DecodingLimits, decode, resample

RATE_HZ = 16_000
LIMITS = DecodingLimits(max_bytes=2**26, max_duration_s=600.0, max_channels=8)


@functools.cache
def _voice(models: Path) -> PiperVoice:
    return PiperVoice.load(models / "piper-en_US-joe-medium" / "en_US-joe-medium.onnx")


@functools.cache
def say(models: Path, text: str) -> Samples:
    """Return `text` in Piper's voice at 16 kHz."""
    # Without its noise Piper says a sentence the same way each time, so that a test does, too.
    steady = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    chunks = list(_voice(models).synthesize(text, steady))
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    return resample(Audio(samples, chunks[0].sample_rate), RATE_HZ).samples


def read_clip(path: Path) -> Samples:
    return decode(path.read_bytes(), LIMITS).samples


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * RATE_HZ), np.float32)


def noise(duration_s: float, level: float, seed: int = 0) -> Samples:
    """Return white noise with a standard deviation of `level`."""
    random = np.random.default_rng(seed)
    return random.normal(0, level, round(duration_s * RATE_HZ)).astype(np.float32)


def tone(duration_s: float, frequency_hz: float = 440.0) -> Samples:
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def music(n_bars: int, seed: int = 0) -> Samples:
    """Return a bar a second: a plucked major chord over bass drum and snare."""
    random = np.random.default_rng(seed)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    quarter, beat_s = RATE_HZ // 4, time_s[: RATE_HZ // 4]
    drum = np.sin(2 * np.pi * 60 * beat_s) * np.exp(-20 * beat_s)
    bars = []
    for _ in range(n_bars):
        root_hz = 220 * 2 ** (random.integers(12) / 12)
        bar = np.zeros(RATE_HZ)
        for semitones in (0, 4, 7, 12):
            for harmonic in range(1, 6):
                pitch_hz = root_hz * 2 ** (semitones / 12) * harmonic
                bar += np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-2 * time_s) / harmonic / 4
        for beat in range(4):
            snare = random.normal(0, 0.5, quarter) * np.exp(-60 * beat_s)
            bar[beat * quarter : (beat + 1) * quarter] += snare + (drum if beat % 2 == 0 else 0)
        bars.append(bar)
    tune = np.concatenate(bars)
    samples: Samples = (0.8 * tune / np.abs(tune).max()).astype(np.float32)
    return samples


@functools.cache
def load_engine(models: Path, name: str) -> RecognitionEngine:
    """Return an engine on the processor; each is loaded once for all tests."""
    return create_engine(name, models / "whisper-base", "cpu", 2)
