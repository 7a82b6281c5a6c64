"""Sounds that are no words, and rooms: what a microphone hears beside its user."""

import numpy as np

from speech.audio import Samples

RATE_HZ = 16_000
SPEECH_DB = -23.0
ROOM_DB = -65.0

_FORMANTS_HZ = ((650.0, 200.0), (1_100.0, 250.0), (2_500.0, 400.0))
"""Resonances of an open throat, as for "uh", and their widths."""


def room_noise(duration_s: float, level_db: float, seed: int = 0) -> Samples:
    """Return noise that falls by 3 dB an octave, as a quiet room's does."""
    n_samples = round(duration_s * RATE_HZ)
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.normal(0, 1, n_samples))
    spectrum /= np.sqrt(np.arange(1, len(spectrum) + 1))
    return at_level(np.fft.irfft(spectrum, n_samples).astype(np.float32), level_db)


def cough(seed: int = 0) -> Samples:
    """Return two bursts of breath through an open mouth, 0.5 s in all."""
    random = np.random.default_rng(seed)
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    breath = random.normal(0, 1, len(time_s))
    spectrum = np.fft.rfft(breath)
    frequency_hz = np.fft.rfftfreq(len(breath), 1 / RATE_HZ)
    throat = sum(1 / (1 + ((frequency_hz - hz) / width) ** 2) for hz, width in _FORMANTS_HZ)
    breath = np.fft.irfft(spectrum * throat, len(breath))
    bursts = sum(
        np.where(time_s >= begin, np.exp(-(time_s - begin) / 0.06), 0) for begin in (0.02, 0.25)
    )
    return at_level((breath * bursts).astype(np.float32), -20.0)


def hum(seed: int = 0) -> Samples:
    """Return "mhm": a voice through closed lips in two syllables, 0.45 s."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(0.45 * RATE_HZ)) / RATE_HZ
    pitch_hz = random.uniform(100, 220) * (1 + 0.25 * time_s / time_s[-1])
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    voice = sum(np.sin(n * phase) / n**1.7 for n in range(1, 12))
    syllables = sum(
        np.exp(-(((time_s - middle) / 0.07) ** 2)) * loud
        for middle, loud in ((0.11, 0.8), (0.32, 1.0))
    )
    breath = random.normal(0, 0.02, len(time_s))
    return at_level(((voice + breath) * syllables).astype(np.float32), -22.0)


def echo(played: Samples, seed: int = 0, room_db: float = 0.0) -> Samples:
    """Return what a microphone hears of a loudspeaker: 120 ms later, through a room of 0.3 s.

    `room_db`: how much louder the room is than the loudspeaker itself.
    """
    random = np.random.default_rng(seed)
    n_tail = round(0.3 * RATE_HZ)
    response = random.normal(0, 1, n_tail) * np.exp(-6.9 * np.arange(n_tail) / n_tail)
    response *= 10 ** (room_db / 20) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    response /= np.sqrt(np.sum(response**2))
    reflected = np.convolve(played, response)[: len(played)]
    delay = np.zeros(round(0.12 * RATE_HZ))
    return np.concatenate([delay, reflected])[: len(played)].astype(np.float32)


def at_level(samples: Samples, level_db: float) -> Samples:
    """Return it with this mean power, by that of full scale."""
    power = float(np.mean(samples**2)) + 1e-12
    scaled: Samples = (samples * 10 ** (level_db / 20) / np.sqrt(power)).astype(np.float32)
    return scaled
