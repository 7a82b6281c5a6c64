"""Recordings made in memory, good and hostile."""

import io
import struct
import zlib

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

Channels = npt.NDArray[np.float32]
"""Shape (n_channels, n_samples)."""


FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
"""Options of an MP4 as Safari's recorder makes it."""


class Pipe:
    """Where a muxer can only write forwards, as a browser's recorder does."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


def tone(duration_s: float, sample_rate_hz: int, frequency_hz: float = 440.0) -> Channels:
    """Return one channel of a sine with amplitude 0.5."""
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    return (0.5 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)[np.newaxis]


def pcm16(duration_s: float) -> bytes:
    """Return a tone at 16 kHz as the samples of a WAV file."""
    return (tone(duration_s, 16_000) * 32767).astype("<i2").tobytes()


def record(
    sound: Channels,
    sample_rate_hz: int,
    container: str,
    codec: str,
    *,
    layout: str = "mono",
    piped: bool = False,
    with_video: bool = False,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a file of FFmpeg's muxer `container`; `piped` leaves sizes, durations, indices out."""
    file = Pipe() if piped else io.BytesIO()
    with av.open(file, "w", format=container, container_options=options) as output:
        stream = output.add_stream(codec, rate=sample_rate_hz, layout=layout)
        assert isinstance(stream, AudioStream)
        if with_video:
            video = output.add_stream("mpeg4", rate=10)
            assert isinstance(video, VideoStream)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            output.start_encoding()
            output.mux(video.encode(av.VideoFrame(64, 48, "yuv420p")))
            output.mux(video.encode(None))
        for start in range(0, sound.shape[1], sample_rate_hz):
            second = np.ascontiguousarray(sound[:, start : start + sample_rate_hz])
            # Packed: PyAV 18 counts a plane too many in planar frames of eight channels.
            frame = av.AudioFrame.from_ndarray(second.T.reshape(1, -1), "flt", layout)
            frame.sample_rate = sample_rate_hz
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return bytes(file.data) if isinstance(file, Pipe) else file.getvalue()


def wav(
    data: bytes,
    *,
    tag: int = 1,
    channels: int = 1,
    sample_rate_hz: int = 16_000,
    bits: int = 16,
    size: int | None = None,
    id3_tag: bytes = b"",
) -> bytes:
    """Return a WAV file whose header says just that, be it true or not."""
    block = channels * bits // 8 & 0xFFFF
    header = struct.pack(
        "<HHIIHH", tag, channels, sample_rate_hz, sample_rate_hz * block & 0xFFFFFFFF, block, bits
    )
    size = len(data) if size is None else size
    chunks = b"fmt " + struct.pack("<I", 16) + header
    if id3_tag:
        chunks += b"id3 " + struct.pack("<I", len(id3_tag)) + id3_tag + bytes(len(id3_tag) % 2)
    chunks += b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + b"WAVE" + chunks + data


def zipped_id3_tag(unpacked_bytes: int) -> bytes:
    """Return an ID3v2.4 tag with a title that zlib packs a thousand to one."""
    packed = zlib.compress(b"a" * unpacked_bytes, 9)
    flags = struct.pack(">H", 0x0009)
    frame = b"TIT2" + _synchsafe(len(packed) + 4) + flags + _synchsafe(unpacked_bytes) + packed
    return b"ID3\x04\x00\x00" + _synchsafe(len(frame)) + frame


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def png(side_px: int) -> bytes:
    """Return a grey square that zlib packs a thousand to one."""
    pixels = zlib.compress(bytes(side_px * (side_px + 1)), 9)
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def add_cover(flac: bytes, picture: bytes) -> bytes:
    """Return a FLAC file with a front cover behind its first metadata block."""
    block = struct.pack(">II9sI16xI", 3, 9, b"image/png", 0, len(picture)) + picture
    header = b"\x06" + len(block).to_bytes(3, "big")
    return flac[:42] + header + block + flac[42:]


def mp4_with_index(n_packets: int, n_edits: int = 0) -> bytes:
    """Return a small MP4 whose index claims `n_packets`, played `n_edits` times over."""
    entry = struct.pack(">6xH8xHHHHI", 1, 1, 16, 0, 0, 44_100 << 16)
    table = _box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1) + _box(b"mp4a", entry)),
        _full_box(b"stts", struct.pack(">III", 1, n_packets, 1024)),
        _full_box(b"stsc", struct.pack(">IIII", 1, 1, n_packets, 1)),
        _full_box(b"stsz", struct.pack(">II", 1, n_packets)),
        _full_box(b"stco", struct.pack(">II", 1, 40)),
    )
    media = _box(
        b"mdia",
        _full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, 44_100, 0, 0x55C4, 0)),
        _full_box(b"hdlr", struct.pack(">4x4s13x", b"soun")),
        _box(b"minf", _full_box(b"smhd", bytes(4)), table),
    )
    edits = struct.pack(">I", n_edits) + struct.pack(">IiHH", 1_000_000, 0, 1, 0) * n_edits
    track = _box(
        b"trak",
        _full_box(b"tkhd", struct.pack(">IIIII60x", 0, 0, 1, 0, 1000)),
        _box(b"edts", _full_box(b"elst", edits)),
        media,
    )
    movie = _full_box(b"mvhd", struct.pack(">IIII80x", 0, 0, 1000, 1000))
    sound = _box(b"mdat", bytes(100_000))
    return _box(b"ftyp", b"M4A \x00\x00\x00\x00M4A ") + sound + _box(b"moov", movie, track)


def _box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", len(content) + 8) + name + content


def _full_box(name: bytes, content: bytes) -> bytes:
    return _box(name, bytes(4), content)
