"""Speech as a growing file of the formats that players and OpenAI's clients know."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

SAMPLE_RATE_HZ = 24_000
"""Of what is encoded, and what OpenAI's `pcm` means."""

AudioFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

CONTENT_TYPES: Mapping[AudioFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


@dataclass(frozen=True, kw_only=True)
class _Encoding:
    container: str
    codec: str
    bit_rate: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the container."""


_ENCODINGS: Mapping[AudioFormat, _Encoding] = {
    # Without the frame that would tell the length, which is not known.
    "mp3": _Encoding(
        container="mp3",
        codec="libmp3lame",
        bit_rate=64_000,
        options={"write_xing": "0", "id3v2_version": "0"},
    ),
    # A page is sent when it is full: 1 s by default, which the end of each piece would wait for.
    "opus": _Encoding(
        container="ogg", codec="libopus", bit_rate=32_000, options={"page_duration": "40000"}
    ),
    "aac": _Encoding(container="adts", codec="aac", bit_rate=64_000),
    "flac": _Encoding(container="flac", codec="flac"),
}


class StreamEncoder:
    """Pieces of one sound in, one file out, as it grows. Not thread-safe."""

    def __init__(self, format: AudioFormat) -> None:
        """Loads FFmpeg's libraries with the first one that needs them (0.07 s, 18 MB)."""
        self._file = _File(_ENCODINGS[format]) if format in _ENCODINGS else None
        self._header = _endless_wav_header() if format == "wav" else b""

    def feed(self, pcm16: bytes) -> bytes:
        """Return what can be sent after these samples.

        `pcm16`: signed 16-bit little-endian, mono, `SAMPLE_RATE_HZ`, whole samples. The last 100 ms
        at most wait for the next ones, as codecs work in frames.
        """
        if self._file is not None:
            return self._file.add(pcm16)
        header, self._header = self._header, b""
        return header + pcm16

    def finish(self) -> bytes:
        """Return the rest of the file; nothing can be fed any more."""
        return self._file.end() if self._file is not None else self._header


class _File:
    def __init__(self, encoding: _Encoding) -> None:
        import av  # Here, since the web process starts without it.

        self._bytes = _Sink()
        self._container: OutputContainer = av.open(
            self._bytes,
            "w",
            format=encoding.container,
            # Every packet at once, not when 32 kB are full.
            options={"flush_packets": "1", **encoding.options},
        )
        stream = self._container.add_stream(encoding.codec, rate=SAMPLE_RATE_HZ, layout="mono")
        self._stream = cast("AudioStream", stream)
        if encoding.bit_rate is not None:
            self._stream.bit_rate = encoding.bit_rate
        self._n_samples = 0

    def add(self, pcm16: bytes) -> bytes:
        from av import AudioFrame

        if pcm16:
            samples = np.frombuffer(pcm16, "<i2").reshape(1, -1)
            frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            frame.pts, frame.time_base = self._n_samples, Fraction(1, SAMPLE_RATE_HZ)
            self._n_samples += samples.shape[1]
            self._container.mux(self._stream.encode(frame))
        return self._bytes.take()

    def end(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._bytes.take()


class _Sink:
    """What FFmpeg writes to; it cannot seek in it, so it never goes back to fill in a length."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _endless_wav_header() -> bytes:
    """Return a header whose sizes are the largest there are, which players take for unknown."""
    unknown = 0xFFFFFFFF
    layout = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 16)
    chunks = struct.pack("<4sI4s4sI", b"RIFF", unknown, b"WAVE", b"fmt ", len(layout))
    return chunks + layout + struct.pack("<4sI", b"data", unknown)
