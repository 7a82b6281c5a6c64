"""Speech at another pace, with its own pitch, beyond what the voices can do themselves."""

import math
from typing import cast

import av
import numpy as np
from av import AudioFrame
from av.filter import Graph

from speech.audio import Audio, Samples

MIN_SPEED, MAX_SPEED = 0.5, 2.0
"""Of one filter: above 2 it would leave sound out."""


def stretch(audio: Audio, speed: float) -> Audio:
    """Return the sound at `speed` (`MIN_SPEED` to `MAX_SPEED`) times its pace, as high as it was.

    Source: waveform-similarity overlap-add, FFmpeg's filter `atempo`. 1 s of speech costs 1 ms.
    """
    if math.isclose(speed, 1.0, abs_tol=0.001) or not len(audio.samples):
        return audio
    graph = Graph()
    source = graph.add_abuffer(sample_rate=audio.sample_rate_hz, format="flt", layout="mono")
    tempo, sink = graph.add("atempo", f"{speed:.6f}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = AudioFrame.from_ndarray(audio.samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = audio.sample_rate_hz
    source.push(frame)
    source.push(None)
    pieces: list[Samples] = []
    while True:
        try:
            samples = cast(AudioFrame, sink.pull()).to_ndarray()
            pieces.append(samples.reshape(-1).astype(np.float32, copy=False))
        except (av.BlockingIOError, av.EOFError):
            break
    # Of less than its window the filter makes nothing.
    return Audio(np.concatenate(pieces), audio.sample_rate_hz) if pieces else audio
