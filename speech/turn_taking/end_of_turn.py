"""Does it sound as if the speaker had finished: Smart Turn v3.2, by the tune and the words.

Source: https://github.com/pipecat-ai/smart-turn (BSD-2-Clause). The network hears the last 8 s as
Whisper's log-mel spectrogram (arXiv:2212.04356) of sound that was brought to mean 0 and variance 1.
"""

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from speech.audio import Samples
from speech.errors import EngineUnavailableError

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES = 8 * SAMPLE_RATE_HZ
_FFT_SAMPLES = 400
_HOP_SAMPLES = 160
_N_FRAMES = WINDOW_SAMPLES // _HOP_SAMPLES
_N_MELS = 80


class EndOfTurnModel:
    """Thread-safe; one call computes on one thread."""

    def __init__(self, path: Path) -> None:
        """Load the network; raises EngineUnavailableError."""
        # Not until somebody talks: the web process is to start at once.
        import onnxruntime

        if not path.is_file():
            raise EngineUnavailableError(
                f"The end-of-turn model {path.name} is missing from {path.parent}: "
                "`make models` fetches it."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            self._network = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions have no common base but this
            raise EngineUnavailableError(
                f"The end-of-turn model {path} cannot be loaded ({error}): delete it, and "
                "`make models` fetches it again."
            ) from error

    def probability(self, samples: Samples) -> float:
        """Return how likely the turn is over, in [0, 1].

        `samples`: the turn so far with the silence after it, mono float32 at 16 kHz; of longer ones
        the last 8 s are heard.
        """
        (answer,) = self._network.run(
            None, {"input_features": log_mel(samples)[np.newaxis].astype(np.float32)}
        )
        return float(answer[0, 0])


def log_mel(samples: Samples) -> npt.NDArray[np.float32]:
    """Return what the network hears of the last 8 s, shape (80, 800), zeros before shorter sound.

    The frames before the sound are all alike, so they are computed once.
    """
    sound = samples[-WINDOW_SAMPLES:]
    mean = sound.sum(dtype=np.float64) / WINDOW_SAMPLES
    power = np.dot(sound, sound) / WINDOW_SAMPLES
    scale = 1 / np.sqrt(power - mean**2 + 1e-7)
    # Computed from one frame on that is nothing but padding, and stands for all before it.
    n_silent = max(0, (WINDOW_SAMPLES - len(sound) - _FFT_SAMPLES // 2) // _HOP_SAMPLES)
    begin = n_silent * _HOP_SAMPLES
    padded = np.zeros(WINDOW_SAMPLES - begin, np.float32)
    padded[len(padded) - len(sound) :] = sound
    normal = ((padded - mean) * scale).astype(np.float32)
    half = _FFT_SAMPLES // 2
    if n_silent:
        normal = np.concatenate([np.full(half, normal[0]), np.pad(normal, (0, half), "reflect")])
    else:
        normal = np.pad(normal, half, "reflect")
    frames = np.lib.stride_tricks.sliding_window_view(normal, _FFT_SAMPLES)[::_HOP_SAMPLES][:-1]
    spectrum = np.fft.rfft(frames * _window())
    power_spectrum = spectrum.real**2 + spectrum.imag**2
    mel = np.log10(np.maximum(_mel_filters() @ power_spectrum.T, 1e-10))
    if n_silent:
        mel = np.concatenate([np.repeat(mel[:, :1], n_silent, axis=1), mel], axis=1)
    features: npt.NDArray[np.float32] = (np.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0
    return features


@functools.cache
def _window() -> npt.NDArray[np.float32]:
    return np.hanning(_FFT_SAMPLES + 1)[:-1].astype(np.float32)


@functools.cache
def _mel_filters() -> npt.NDArray[np.float32]:
    """Return Slaney's triangles over 0 to 8 kHz, each of the same area, shape (80, 201)."""
    fft_hz = np.linspace(0, SAMPLE_RATE_HZ / 2, _FFT_SAMPLES // 2 + 1)
    # Linear up to 1 kHz (mel 15), then 27 mels for each factor of 6.4.
    mels = np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), _N_MELS + 2)
    edges_hz = np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    low, middle, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (fft_hz - low) / (middle - low)
    falling = (high - fft_hz) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    filters: npt.NDArray[np.float32] = triangles.astype(np.float32)
    return filters
