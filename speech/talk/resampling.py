"""Sound at another rate, piece by piece."""

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler

Pcm = npt.NDArray[np.int16]
"""Mono, shape (n_samples,)."""


class StreamResampler:
    """Resamples a stream whose pieces come one after the other; not thread-safe.

    Source: libswresample, as in speech/decoding.py. It keeps back under a millisecond for its
    filter, and a piece of 20 ms takes it about 0.1 ms.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._resampler = AudioResampler("s16", "mono", to_hz) if from_hz != to_hz else None

    def resample(self, samples: Pcm) -> Pcm:
        if self._resampler is None or not len(samples):
            return samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), "s16", "mono")
        frame.sample_rate = self._from_hz
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
