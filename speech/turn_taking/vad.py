"""Is somebody speaking just now: Silero's detector over a stream, and a gate that lets it rest.

The network is the file that ships with faster-whisper. That package itself is not imported: the
live session runs in the web process, which should not load recognition's libraries.
"""

import functools
import importlib.util
import math
import threading
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speech.audio import Samples
from speech.errors import EngineUnavailableError
from speech.telephone_band import fill_upper_band

FRAME_SAMPLES = 512
"""32 ms at 16 kHz: what the network hears at a time."""
_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (1, 1, 128)
_MEAN_OF_4 = np.full(4, 0.25, np.float32)

MAX_GAIN = 10.0
"""Quiet sound is raised by this at most, until its peaks reach `PEAK`.

Measured on 40 clips: at -40 dB speech is found 18 ms after its beginning (without, 48), at -50 dB
22 ms (190), and room noise, hiss and hum that nobody speaks in stay below a probability of 0.35.
"""
PEAK = 0.5
PEAK_FALL = 0.9963
"""A frame: the gain grows by 1 dB a second once a loud voice is gone."""
FIRST_FLOOR_DB = -70.0
"""Low, so that the network listens until the noise is known; raised faint speech is above it."""
GATE_DB = 3.0
"""Above the noise floor, from where on the network listens."""
FLOOR_RISE_DB = 0.2
"""A frame: the floor follows a noise that grows, at 6 dB a second."""
REPLAYED_FRAMES = 4
"""Heard again when the gate opens, so that the network knows what came before."""
OPEN_FRAMES = 16
"""The gate stays open for half a second after the last frame that might be speech."""
MAYBE_SPEECH = 0.1

_loading = threading.Lock()


class VoiceActivity:
    """One stream; all streams share the network, which may be asked by several threads at once."""

    _context: Samples
    _hidden: npt.NDArray[np.float32]
    _cell: npt.NDArray[np.float32]

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was heard, the noise floor too."""
        self._floor_db = FIRST_FLOOR_DB
        self._is_speech = False
        self._open_frames = 0
        self._peak = 0.0
        self._recent: deque[Samples] = deque(maxlen=REPLAYED_FRAMES)
        self._forget_state()

    def probability(self, frame: Samples) -> float:
        """Return how likely the frame holds speech, in [0, 1]; 0 where the gate is closed.

        `frame`: the next 512 samples, float32 at 16 kHz.
        """
        frame = fill_upper_band(self._raise_level(frame))
        if self._is_above_floor(frame):
            if not self._open_frames:
                for earlier in self._recent:
                    self._ask(earlier)
            self._open_frames = OPEN_FRAMES
        self._recent.append(frame)
        if not self._open_frames:
            return 0.0
        self._open_frames -= 1
        probability = self._ask(frame)
        self._is_speech = probability > MAYBE_SPEECH
        if self._is_speech:
            self._open_frames = OPEN_FRAMES
        if not self._open_frames:
            self._forget_state()
        return probability

    def _raise_level(self, frame: Samples) -> Samples:
        self._peak = max(float(np.abs(frame).max()), self._peak * PEAK_FALL, PEAK / MAX_GAIN)
        return frame * np.float32(max(1.0, PEAK / self._peak))

    def _is_above_floor(self, frame: Samples) -> bool:
        # From about 300 to 2,000 Hz, where voices are loudest: hum and hiss count for less.
        means = frame.reshape(-1, 4) @ _MEAN_OF_4
        band = means[1:] - means[:-1]
        level_db = 10 * math.log10(float(np.dot(band, band)) / len(band) + 1e-12)
        above_db = level_db - self._floor_db
        if above_db < 0:
            self._floor_db += 0.3 * above_db
        elif not self._is_speech:
            self._floor_db += min(FLOOR_RISE_DB, above_db)
        return above_db > GATE_DB

    def _ask(self, frame: Samples) -> float:
        heard = np.concatenate([self._context, frame])
        (probability,), self._hidden, self._cell = _network().run(
            None, {"input": heard[np.newaxis], "h": self._hidden, "c": self._cell}
        )
        self._context = frame[-_CONTEXT_SAMPLES:]
        return float(probability)

    def _forget_state(self) -> None:
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._hidden = np.zeros(_STATE_SHAPE, np.float32)
        self._cell = np.zeros(_STATE_SHAPE, np.float32)


def warm_up() -> None:
    """Load the network now rather than at the first sound."""
    _network()


def _network() -> Any:
    if _load.cache_info().currsize:
        return _load()  # Two hundred sessions would queue for the lock.
    with _loading:
        return _load()


@functools.cache
def _load() -> Any:
    # Not until somebody talks: the web process is to start at once.
    import onnxruntime

    package = importlib.util.find_spec("faster_whisper")
    if package is None or not package.submodule_search_locations:
        raise EngineUnavailableError("Voice activity detection needs the package faster-whisper.")
    path = Path(package.submodule_search_locations[0]) / "assets" / "silero_vad_v6.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Tensors are tiny: an arena would only keep memory.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
