"""The client's sound to the session's and back, at any rate, as it comes."""

import numpy as np
import soxr

from speech.audio import Samples, decode_pcm16

HEARD_RATE_HZ = 16_000
"""What `LiveSession.hear` takes."""
SPOKEN_RATE_HZ = 24_000
"""What `ReplyAudio` brings."""


class Listening:
    """The client's PCM16 at `rate_hz` to samples at HEARD_RATE_HZ."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        # LQ keeps 16 bits and all of speech, and is the quickest to give sound back: 6 ms late
        # from 24 kHz, where HQ is 21 ms. Upwards MQ is quicker: 26 ms from 8 kHz, LQ 60 ms.
        quality = "LQ" if rate_hz > HEARD_RATE_HZ else "MQ"
        self._stream = (
            None
            if rate_hz == HEARD_RATE_HZ
            else soxr.ResampleStream(rate_hz, HEARD_RATE_HZ, 1, dtype="float32", quality=quality)
        )

    def feed(self, pcm16: bytes) -> Samples:
        """`pcm16`: whole samples, mono, little-endian."""
        samples = decode_pcm16(pcm16, self.rate_hz).samples
        return samples if self._stream is None else self._stream.resample_chunk(samples)


def at_rate(pcm16: bytes, rate_hz: int) -> bytes:
    """Return a piece of a reply, SPOKEN_RATE_HZ, at another rate; it ends where it ended."""
    if rate_hz == SPOKEN_RATE_HZ:
        return pcm16
    samples = np.frombuffer(pcm16, "<i2")
    resampled = soxr.resample(samples, SPOKEN_RATE_HZ, rate_hz, quality="HQ")
    return np.asarray(resampled, "<i2").tobytes()
