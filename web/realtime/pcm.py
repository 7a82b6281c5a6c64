"""The client's sound to the session's and back, in any format, as it comes."""

import numpy as np
import soxr

from speech.audio import Samples, decode_pcm16
from web.realtime import g711
from web.realtime.audio_config import AudioFormat, G711Format
from web.realtime.protocol_errors import ProtocolError

HEARD_RATE_HZ = 16_000
"""What `LiveSession.hear` takes."""
SPOKEN_RATE_HZ = 24_000
"""What `ReplyAudio` brings."""


class Listening:
    """The client's sound to samples at HEARD_RATE_HZ."""

    def __init__(self, sound_format: AudioFormat) -> None:
        self.format = sound_format
        rate_hz = sound_format.rate
        # LQ keeps 16 bits and all of speech, and is the quickest to give sound back: 6 ms late
        # from 24 kHz, where HQ is 21 ms. Upwards MQ is quicker: 26 ms from 8 kHz, LQ 60 ms.
        quality = "LQ" if rate_hz > HEARD_RATE_HZ else "MQ"
        self._stream = (
            None
            if rate_hz == HEARD_RATE_HZ
            else soxr.ResampleStream(rate_hz, HEARD_RATE_HZ, 1, dtype="float32", quality=quality)
        )

    def duration_s(self, sound: bytes) -> float:
        return len(sound) / self.format.bytes_per_s

    def feed(self, sound: bytes) -> Samples:
        """`sound`: whole samples. Raises ProtocolError."""
        if isinstance(self.format, G711Format):
            pcm16 = g711.decode(sound, self.format.law).astype("<i2").tobytes()
        elif len(sound) % 2:
            raise ProtocolError(
                "invalid_audio",
                "PCM16 has two bytes a sample, and this sound has an odd number of bytes.",
                "audio",
            )
        else:
            pcm16 = sound
        samples = decode_pcm16(pcm16, self.format.rate).samples
        return samples if self._stream is None else self._stream.resample_chunk(samples)


def in_format(pcm16: bytes, sound_format: AudioFormat) -> bytes:
    """Return a piece of a reply, SPOKEN_RATE_HZ, as the client wants it; it ends where it ended."""
    samples = np.frombuffer(pcm16, "<i2")
    if sound_format.rate != SPOKEN_RATE_HZ:
        resampled = soxr.resample(samples, SPOKEN_RATE_HZ, sound_format.rate, quality="HQ")
        samples = np.asarray(resampled, "<i2")
    if isinstance(sound_format, G711Format):
        return g711.encode(samples, sound_format.law)
    return samples.tobytes()
