"""What is no good recording, and what means harm, through the public door: `decode`."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from speech.decoding import DecodingLimits, decode
from speech.errors import AudioEmptyError, AudioUnreadableError, SpeechError
from tests.speech.media import (
    FRAGMENTED,
    add_cover,
    mp4_with_index,
    pcm16,
    png,
    record,
    tone,
    wav,
    zipped_id3_tag,
)

LIMITS = DecodingLimits(max_bytes=25 * 1024 * 1024, max_duration_s=600.0, max_channels=8)
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory in /proc")


@pytest.mark.parametrize("data", [b"", wav(b""), wav(b"", size=0xFFFFFFF0)])
def test_no_sample_is_an_empty_recording(data: bytes) -> None:
    with pytest.raises(AudioEmptyError):
        decode(data, LIMITS)


def test_one_slice_of_a_recording_is_not_enough() -> None:
    webm = record(tone(20.0, 48_000), 48_000, "webm", "libopus", piped=True)
    cluster = b"\x1f\x43\xb6\x75"
    with pytest.raises(AudioEmptyError):
        decode(webm[: webm.index(cluster)], LIMITS)
    fragments = record(tone(2.0, 44_100), 44_100, "mp4", "aac", piped=True, options=FRAGMENTED)
    for part in (webm[webm.rindex(cluster) :], fragments[fragments.index(b"moof") - 4 :]):
        with pytest.raises(AudioUnreadableError, match="later part of a recording"):
            decode(part, LIMITS)


def test_an_mp4_without_its_index_is_said_to_break_off() -> None:
    data = record(tone(2.0, 44_100), 44_100, "ipod", "aac")
    with pytest.raises(AudioUnreadableError, match="breaks off"):
        decode(data[: len(data) * 7 // 10], LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"This is not audio, it is a text file.\n" * 40,
        b"<!doctype html><html><body><h1>404 Not Found</h1></body></html>\n",
        b'{"error":"not audio"}\n',
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(1000),
        b"PK\x03\x04" + bytes(1000),
        b"RIFF\x00\x00\x00\x00WAVE",
        np.random.default_rng(1).bytes(65_536),
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fTIT2" + bytes(50),
        wav(pcm16(1.0), tag=0x7777),
        wav(pcm16(1.0), bits=0),
        wav(pcm16(1.0), sample_rate_hz=0),
        wav(pcm16(1.0), sample_rate_hz=1),
        wav(pcm16(1.0), sample_rate_hz=2**31 - 1),
        wav(pcm16(1.0), sample_rate_hz=2**32 - 1),
    ],
)
def test_what_is_no_sound_is_unreadable(data: bytes) -> None:
    with pytest.raises(AudioUnreadableError):
        decode(data, LIMITS)


def test_a_video_without_sound_is_unreadable() -> None:
    data = record(np.zeros((1, 0), np.float32), 16_000, "mp4", "aac", with_video=True)
    with pytest.raises((AudioUnreadableError, AudioEmptyError)):
        decode(data, LIMITS)


@pytest.fixture
def listener() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    return server


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n{url}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{url}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD><BaseURL>{url}</BaseURL></MPD>',
        "[playlist]\nFile1={url}\n",
    ],
    ids=["hls", "ffconcat", "sdp", "dash", "pls"],
)
def test_a_playlist_opens_neither_file_nor_connection(
    playlist: str, listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(wav(pcm16(1.0)))
    monkeypatch.chdir(tmp_path)
    with listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/clip.wav"
        for url in (address, clip.as_uri(), str(clip), clip.name):
            with pytest.raises(AudioUnreadableError):
                decode(playlist.format(url=url).encode(), LIMITS)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_recording_of_many_empty_packets_is_given_up() -> None:
    second = DecodingLimits(max_bytes=10**6, max_duration_s=1.0, max_channels=1)
    with pytest.raises(AudioUnreadableError, match="too many small pieces"):
        decode(mp4_with_index(50_000), second)


def test_an_error_has_a_sentence_and_no_path() -> None:
    with pytest.raises(AudioUnreadableError) as caught:
        decode(b"not audio", LIMITS)
    assert str(caught.value).endswith("Please send WAV, MP3, M4A, OGG, WebM or FLAC.")
    assert caught.value.__cause__ is not None


def test_ffmpeg_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    data = record(tone(1.0, 44_100), 44_100, "mp3", "libmp3lame")
    decode(data[: len(data) // 2], LIMITS)
    with pytest.raises(SpeechError):
        decode(b"RIFF\x00\x00\x00\x00WAVE", LIMITS)
    assert capfd.readouterr() == ("", "")


MEASURE = """
import sys, time
from pathlib import Path
from speech.decoding import DecodingLimits, decode
from speech.errors import SpeechError

def memory_mb(name):
    [line] = [line for line in Path("/proc/self/status").open() if line.startswith(name)]
    return int(line.split()[1]) // 1024

limits = DecodingLimits(max_bytes=25 * 1024 * 1024, max_duration_s=600.0, max_channels=8)
for path in sys.argv[1:]:
    data = Path(path).read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM, the peak, starts anew.
    before, start = memory_mb("VmRSS"), time.perf_counter()
    try:
        decode(data, limits)
        result = "Audio"
    except SpeechError as error:
        result = type(error).__name__
    print(result, memory_mb("VmHWM") - before, time.perf_counter() - start)
"""


def measure(*paths: Path) -> list[tuple[str, int, float]]:
    """Decode in a process of its own; result, growth of the peak memory in MB, and seconds."""
    output = subprocess.run(
        [sys.executable, "-c", MEASURE, *paths], check=True, capture_output=True, text=True
    ).stdout
    return [
        (result, int(peak), float(taken))
        for result, peak, taken in (line.split() for line in output.splitlines())
    ]


def hours_of_silence() -> bytes:
    return record(np.zeros((1, 2 * 3600 * 8_000), np.float32), 8_000, "flac", "flac")


@needs_proc
@pytest.mark.parametrize(
    ("make", "result"),
    [
        (hours_of_silence, "AudioTooLongError"),
        (lambda: mp4_with_index(50_000_000), "AudioEmptyError"),
        (lambda: mp4_with_index(1000, n_edits=10_000), "AudioEmptyError"),
        (lambda: zipped_id3_tag(200_000_000) + wav(pcm16(1.0)), "Audio"),
        (
            lambda: wav(pcm16(1.0), id3_tag=zipped_id3_tag(200_000_000)),
            "Audio",
        ),
        (
            lambda: add_cover(record(tone(1.0, 16_000), 16_000, "flac", "flac"), png(12_000)),
            "Audio",
        ),
        (lambda: wav(pcm16(1.0), sample_rate_hz=700_001), "Audio"),
    ],
    ids=["silence", "mp4 index", "mp4 edits", "id3", "id3 in wav", "cover", "odd rate"],
)
def test_a_small_file_cannot_take_much_memory_or_time(
    make: Callable[[], bytes], result: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(make())
    [(outcome, peak_mb, taken_s)] = measure(path)
    print(f"{result}: {path.stat().st_size:,} bytes, {peak_mb} MB, {taken_s:.2f} s")
    assert outcome == result
    assert peak_mb < 120
    assert taken_s < 5.0


SURVIVORS = {
    *("one_sample.wav", "ten_milliseconds.wav", "damaged_frames.mp3"),
    *("nan_float.wav", "some_nan_inf_float.wav", "huge_float_1e30.wav"),
    *(
        "truncated_at_60_percent.mp3",
        "truncated_at_60_percent.webm",
        "truncated_at_50_percent.flac",
    ),
}
EMPTY = {
    *("empty.wav", "empty.webm", "zero_data_chunk.wav", "header_only_claims_4GB.wav"),
    *("mediarecorder_header_only.webm", "absurd_65535_channels.wav", "zero_channels.wav"),
}
TOO_LONG = {"silence_3h.mp3", "silence_3h.flac", "silence_12h_48k.flac"}


@needs_proc
def test_every_bad_file_gets_its_answer_in_little_time_and_memory(shared_audio: Path) -> None:
    names = {
        **dict.fromkeys(SURVIVORS, "Audio"),
        **dict.fromkeys(EMPTY, "AudioEmptyError"),
        **dict.fromkeys(TOO_LONG, "AudioTooLongError"),
    }
    paths = [
        path
        for path in sorted((shared_audio / "bad").iterdir())
        if path.suffix not in (".md", ".py")
    ]
    assert len(paths) > 40
    for path, (result, peak_mb, taken_s) in zip(paths, measure(*paths), strict=True):
        assert result == names.get(path.name, "AudioUnreadableError"), path.name
        print(f"{path.name}: {result}, {peak_mb} MB, {taken_s:.2f} s")
        assert peak_mb < 120, path.name
        assert taken_s < 5.0, path.name
