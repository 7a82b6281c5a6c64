"""G.711, the sound of telephony: 8 kHz, one byte a sample, about 13 bits of loudness.

Source: ITU-T G.711 (11/1988), tables 1a to 2b, in the byte order of networks: A-law with its even
bits inverted, µ-law with all.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Law = Literal["ulaw", "alaw"]


def decode(data: bytes, law: Law) -> NDArray[np.int16]:
    """Return the samples, shape (n_bytes,), in the range of 16 bits."""
    samples: NDArray[np.int16] = _VALUES[law][np.frombuffer(data, np.uint8)]
    return samples


def encode(samples: NDArray[np.int16], law: Law) -> bytes:
    """Return a byte for each sample."""
    return _CODES[law][samples.view(np.uint16)].tobytes()


def _ulaw_values() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.uint8)
    segment, step = (code >> 4 & 7).astype(int), (code & 15).astype(int)
    magnitude = ((step << 3) + _BIAS << segment) - _BIAS
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude), np.int16)


def _alaw_values() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment, step = (code >> 4 & 7).astype(int), (code & 15).astype(int)
    magnitude = np.where(
        segment, ((step << 4) + 0x108) << np.maximum(segment - 1, 0), (step << 4) + 8
    )
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_BIAS = 0x84
"""What µ-law adds before it takes the logarithm: 33 of its 14 bits."""


def _ulaw_codes() -> NDArray[np.uint8]:
    sample = _all_samples()
    magnitude = np.minimum(_magnitudes(sample), 32_635) + _BIAS
    segment = _log2(magnitude >> 7)
    code = segment << 4 | magnitude >> segment + 3 & 15
    return (~np.where(sample < 0, code | 0x80, code)).astype(np.uint8)


def _alaw_codes() -> NDArray[np.uint8]:
    sample = _all_samples()
    magnitude = _magnitudes(sample) >> 3
    segment = _log2(np.maximum(magnitude >> 4, 1))
    code = segment << 4 | magnitude >> np.maximum(segment, 1) & 15
    return (np.where(sample < 0, code, code | 0x80) ^ 0x55).astype(np.uint8)


def _all_samples() -> NDArray[np.int64]:
    """Return the value of each pattern of 16 bits."""
    return np.arange(65_536).astype(np.uint16).view(np.int16).astype(np.int64)


def _magnitudes(samples: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0 for 0 and -1 alike, as ITU's own program does (G.191, g711.c)."""
    return np.where(samples < 0, ~samples, samples)


def _log2(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of the highest bit."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64) - 1


_VALUES: dict[Law, NDArray[np.int16]] = {"ulaw": _ulaw_values(), "alaw": _alaw_values()}
_CODES: dict[Law, NDArray[np.uint8]] = {"ulaw": _ulaw_codes(), "alaw": _alaw_codes()}
