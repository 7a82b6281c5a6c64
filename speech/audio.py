"""Sound as numbers, and as the bytes of PCM and WAV."""

import io
import wave
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono sound: `samples` is float32, shape (n_samples,), nominally in [-1, 1]."""

    samples: Samples
    sample_rate_hz: int

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate_hz


def encode_pcm16(audio: Audio) -> bytes:
    """Return signed 16-bit little-endian samples; what exceeds [-1, 1] is clipped."""
    return (np.clip(audio.samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def trim_start(pcm16: bytes, sample_rate_hz: int) -> bytes:
    """Return the sound from 10 ms before its first sample above 1 % of full scale."""
    audible = np.flatnonzero(np.abs(np.frombuffer(pcm16, "<i2").astype(np.int32)) > 327)
    if not len(audible):
        return pcm16
    return pcm16[2 * max(0, int(audible[0]) - sample_rate_hz // 100) :]


def decode_pcm16(data: bytes, sample_rate_hz: int) -> Audio:
    return Audio(np.frombuffer(data, "<i2").astype(np.float32) / 32768.0, sample_rate_hz)


def wrap_wav(pcm16: bytes, sample_rate_hz: int) -> bytes:
    """Return a mono 16-bit WAV file around samples as `encode_pcm16` makes them."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(sample_rate_hz)
        wav.writeframes(pcm16)
    return buffer.getvalue()
