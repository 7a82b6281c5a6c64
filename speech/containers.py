"""Audio frames out of files that nobody vouches for, by FFmpeg's libraries (PyAV).

The content decides what a file is, never its name. Everything happens in memory: no file is
opened and no address called, whatever the content asks for.
"""

import contextlib
import ctypes
import io
import re
from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from speech.errors import AudioUnreadableError

# Playlists (hls, concat, sdp) and pictures are demuxers too, and FFmpeg chooses by content: what
# is not named here is refused before its header is read.
DEMUXERS = "aac,aiff,amr,asf,au,caf,flac,matroska,mov,mp3,ogg,w64,wav"
# Opening a file also runs decoders, to learn what its tracks hold: a cover picture or a video
# could unpack to gigabytes there, and each decoder more is one more to attack.
DECODERS = (
    "aac,ac3,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,alac,amrnb,amrwb,eac3,flac,gsm_ms,mp2float,"
    "mp3float,opus,pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,"
    "pcm_s24be,pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8,vorbis,wmalossless,wmapro,wmav1,wmav2,"
    "wmavoice"
)
OPTIONS = {
    "format_whitelist": DEMUXERS,
    "codec_whitelist": DECODERS,
    "protocol_whitelist": "",
    "max_streams": "32",
    # An MP4 of 1.3 MB whose edit list repeats its packets kept FFmpeg busy for minutes. No recorded
    # clip changed its length without them.
    "advanced_editlist": "0",
}
# A 120 kB MP4 whose index claims 50 million packets took 1.8 GB. FFmpeg has a ceiling for one
# allocation, of 2 GB for the whole process; PyAV has no name for it.
MAX_ALLOCATION_BYTES = 32 * 1024 * 1024
ctypes.CDLL(av._core.__file__).av_max_alloc(ctypes.c_size_t(MAX_ALLOCATION_BYTES))
# Tags may unpack to gigabytes (zlib) when a file is opened, and nothing in them is needed.
ID3_HEADER = re.compile(rb"ID3[\x02-\x04][^\xff].(?P<size>[\x00-\x7f]{4})", re.DOTALL)

FORMATS_HINT = "Please send WAV, MP3, M4A, OGG, WebM or FLAC."


def decode_frames(data: bytes, max_packets: int) -> Iterator[AudioFrame]:
    """Yield the frames of the first audio track, as they are: any rate, layout and sample format.

    Damaged packets are passed over, and a file that was cut ends early. `max_packets` bounds the
    work on a file made of empty ones (300,000 cost 5 s). Closing the iterator frees all.
    Raises AudioUnreadableError.
    """
    source = io.BytesIO(_without_id3(data))
    try:
        container = av.open(source, "r", container_options=OPTIONS, metadata_errors="replace")
    except av.EOFError:
        return  # A header that is whole, and nothing after it.
    except (av.FFmpegError, ValueError) as error:
        raise AudioUnreadableError(_explain_unreadable(data)) from error
    with container, contextlib.suppress(av.FFmpegError):
        stream = _first_audio_stream(container)
        for number, packet in enumerate(container.demux(stream)):
            if number > max_packets:
                raise AudioUnreadableError(
                    f"The recording is in too many small pieces. {FORMATS_HINT}"
                )
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode()


def _without_id3(data: bytes) -> bytes:
    start = 0
    while (tag := ID3_HEADER.match(data, start)) is not None:
        size = 0
        for seven_bits in tag["size"]:
            size = size << 7 | seven_bits
        start = tag.end() + size
    # Tags inside of WAV, AIFF and WMA stay in their place and are made unrecognisable.
    return ID3_HEADER.sub(bytes(10), data[start:])


def _first_audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise AudioUnreadableError(
            "The file has no sound track. Please send a recording, or a video with sound."
        )
    stream = container.streams.audio[0]
    # Against its type hints, PyAV gives None where FFmpeg has no decoder.
    if not stream.codec_context or stream.codec_context.codec.name not in DECODERS.split(","):
        raise AudioUnreadableError(f"The recording's codec cannot be read. {FORMATS_HINT}")
    return stream


def _explain_unreadable(data: bytes) -> str:
    # A Matroska cluster, or an MP4 fragment: what MediaRecorder gives from the second slice on.
    if data.startswith(b"\x1f\x43\xb6\x75") or data[4:8] in (b"moof", b"styp"):
        return (
            "This is a later part of a recording, without its beginning. Please send all parts "
            "joined, from the first one on."
        )
    if data[4:8] == b"ftyp":
        return "The recording breaks off before its index. Please upload the whole file again."
    return f"The file is not a recording that can be read. {FORMATS_HINT}"
