import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from speech.audio import Audio
from speech.decoding import DecodingLimits, decode, resample
from speech.errors import (
    AudioEmptyError,
    AudioTooLargeError,
    AudioTooLongError,
    AudioTooManyChannelsError,
)
from tests.speech.media import FRAGMENTED, pcm16, record, tone, wav, zipped_id3_tag

LIMITS = DecodingLimits(max_bytes=25 * 1024 * 1024, max_duration_s=600.0, max_channels=8)


def frequency_hz(audio: Audio) -> float:
    spectrum = np.abs(np.fft.rfft(audio.samples * np.hanning(len(audio.samples))))
    return float(np.argmax(spectrum)) / audio.duration_s


def rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(np.square(audio.samples))))


@pytest.mark.parametrize(
    ("container", "codec", "sample_rate_hz"),
    [
        ("webm", "libopus", 48_000),
        ("matroska", "libopus", 48_000),
        ("ogg", "libopus", 48_000),
        ("ipod", "aac", 44_100),
        ("ipod", "alac", 44_100),
        ("mp3", "libmp3lame", 44_100),
        ("mp3", "libmp3lame", 16_000),
        ("adts", "aac", 24_000),
        ("flac", "flac", 96_000),
        ("aiff", "pcm_s16be", 16_000),
        ("caf", "pcm_s24le", 48_000),
        ("w64", "pcm_s16le", 16_000),
        ("au", "pcm_mulaw", 8_000),
        ("amr", "libopencore_amrnb", 8_000),
        ("wav", "pcm_u8", 11_025),
        ("wav", "pcm_s16le", 22_050),
        ("wav", "pcm_s24le", 48_000),
        ("wav", "pcm_s32le", 192_000),
        ("wav", "pcm_f32le", 16_000),
        ("wav", "pcm_f64le", 44_100),
        ("wav", "pcm_alaw", 8_000),
        ("wav", "pcm_mulaw", 8_000),
        ("wav", "adpcm_ima_wav", 22_050),
        ("wav", "adpcm_ms", 22_050),
    ],
)
def test_a_tone_comes_back_from_every_format(
    container: str, codec: str, sample_rate_hz: int
) -> None:
    audio = decode(record(tone(2.0, sample_rate_hz), sample_rate_hz, container, codec), LIMITS)
    assert audio.sample_rate_hz == 16_000
    assert audio.samples.dtype == np.float32
    assert audio.samples.ndim == 1
    assert audio.duration_s == pytest.approx(2.0, abs=0.12)
    assert frequency_hz(audio) == pytest.approx(440, abs=2)
    assert rms(audio) == pytest.approx(0.5 / np.sqrt(2), rel=0.2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: record(tone(2.0, 48_000), 48_000, "webm", "libopus", piped=True),
        lambda: record(tone(2.0, 44_100), 44_100, "mp4", "aac", piped=True, options=FRAGMENTED),
        lambda: record(tone(2.0, 44_100), 44_100, "mp4", "aac", with_video=True),
        lambda: record(tone(2.0, 48_000), 48_000, "matroska", "libopus", with_video=True),
        lambda: record(tone(2.0, 16_000), 16_000, "wav", "pcm_s16le", piped=True),
        lambda: wav(pcm16(2.0), size=0xFFFFFFFF),
        lambda: zipped_id3_tag(1000) + record(tone(2.0, 44_100), 44_100, "mp3", "libmp3lame"),
    ],
    ids=["webm", "fragmented mp4", "mp4 video", "mkv video", "piped wav", "4 GB wav", "id3"],
)
def test_what_recorders_leave_out_or_put_in_is_no_obstacle(make: Callable[[], bytes]) -> None:
    audio = decode(make(), LIMITS)
    assert audio.duration_s == pytest.approx(2.0, abs=0.12)
    assert frequency_hz(audio) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("n_channels", "layout"), [(1, "mono"), (2, "stereo"), (6, "5.1"), (8, "7.1")]
)
@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("ogg", "libopus")])
def test_speech_in_one_channel_is_as_loud_as_in_mono(
    n_channels: int, layout: str, container: str, codec: str
) -> None:
    for speaking in range(n_channels):
        sound = np.zeros((n_channels, 48_000), np.float32)
        sound[speaking] = tone(1.0, 48_000, 100.0)[0]
        audio = decode(record(sound, 48_000, container, codec, layout=layout), LIMITS)
        assert rms(audio) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_channels_of_the_same_sound_are_as_loud_as_one() -> None:
    sound = tone(1.0, 16_000).repeat(2, axis=0)
    audio = decode(record(sound, 16_000, "wav", "pcm_s16le", layout="stereo"), LIMITS)
    assert rms(audio) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("right", [-1.0, -0.8])
@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("mp3", "libmp3lame")])
def test_opposite_phase_does_not_cancel(right: float, container: str, codec: str) -> None:
    left = tone(1.0, 48_000)
    sound = np.concatenate([left, right * left])
    audio = decode(record(sound, 48_000, container, codec, layout="stereo"), LIMITS)
    assert rms(audio) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_two_speakers_are_both_heard() -> None:
    sound = np.concatenate([tone(1.0, 16_000, 300.0), tone(1.0, 16_000, 1000.0)])
    audio = decode(record(sound, 16_000, "wav", "pcm_s16le", layout="stereo"), LIMITS)
    spectrum = np.abs(np.fft.rfft(audio.samples))
    assert spectrum[300] == pytest.approx(spectrum[1000], rel=0.01)
    assert spectrum[300] > 100 * np.median(spectrum)


def test_a_stream_that_changes_its_rate_and_channels_midway_is_read_on() -> None:
    first = record(tone(1.0, 44_100), 44_100, "mp3", "libmp3lame")
    stereo = tone(1.0, 22_050).repeat(2, axis=0)
    second = record(stereo, 22_050, "mp3", "libmp3lame", layout="stereo")
    audio = decode(first + second, LIMITS)
    assert audio.duration_s == pytest.approx(2.0, abs=0.2)
    assert frequency_hz(audio) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("n_samples", [1, 2, 160])
def test_very_short_clips_are_read(n_samples: int) -> None:
    assert len(decode(wav(pcm16(1.0)[: 2 * n_samples]), LIMITS).samples) == n_samples


def test_silence_stays_silence() -> None:
    assert not decode(wav(bytes(32_000)), LIMITS).samples.any()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30, -3e38])
@pytest.mark.parametrize("every", [1, 50])
def test_floats_that_are_no_sound_become_finite(value: float, every: int) -> None:
    samples = tone(1.0, 16_000)[0]
    samples[::every] = value
    for sample_rate_hz in (16_000, 44_100):
        audio = decode(
            wav(samples.tobytes(), tag=3, bits=32, sample_rate_hz=sample_rate_hz), LIMITS
        )
        assert np.isfinite(audio.samples).all()
        assert np.abs(audio.samples).max() <= 1.0


@pytest.mark.parametrize(
    ("container", "codec", "sample_rate_hz"),
    [("mp3", "libmp3lame", 44_100), ("webm", "libopus", 48_000), ("flac", "flac", 16_000)],
)
def test_a_cut_file_gives_the_part_that_is_there(
    container: str, codec: str, sample_rate_hz: int
) -> None:
    # Noise, so that the bytes are spread evenly over the time.
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 4 * sample_rate_hz))
    whole = record(noise.astype(np.float32), sample_rate_hz, container, codec)
    audio = decode(whole[: len(whole) // 2], LIMITS)
    assert 1.6 < audio.duration_s < 2.4


def test_damaged_frames_are_passed_over() -> None:
    data = bytearray(record(tone(4.0, 44_100), 44_100, "mp3", "libmp3lame"))
    for start in range(4000, len(data) - 4000, 4000):
        data[start : start + 40] = bytes(40)
    assert decode(bytes(data), LIMITS).duration_s > 2.0


def test_limits_hold() -> None:
    clip = wav(pcm16(1.0))
    exact = DecodingLimits(max_bytes=len(clip), max_duration_s=1.0, max_channels=1)
    second = DecodingLimits(max_bytes=10**6, max_duration_s=1.0, max_channels=1)
    assert decode(clip, exact).duration_s == 1.0
    with pytest.raises(AudioTooLongError, match="longer than 1 seconds"):
        decode(wav(pcm16(1.0) + b"\0\0"), second)
    with pytest.raises(AudioTooLargeError):
        decode(clip + b"\0", exact)
    with pytest.raises(AudioTooManyChannelsError, match="2 channels"):
        decode(wav(pcm16(1.0), channels=2), exact)
    for n_channels in (0, 9, 64, 65_535):
        with pytest.raises((AudioTooManyChannelsError, AudioEmptyError)):
            decode(wav(pcm16(1.0), channels=n_channels), LIMITS)


def test_threads_do_not_disturb_each_other() -> None:
    clips = {
        pitch: record(tone(2.0, 48_000, pitch), 48_000, "webm", "libopus")
        for pitch in range(200, 1800, 200)
    }
    with ThreadPoolExecutor(8) as pool:
        for pitch, audio in zip(
            list(clips) * 4,
            pool.map(lambda data: decode(data, LIMITS), list(clips.values()) * 4),
            strict=True,
        ):
            assert frequency_hz(audio) == pytest.approx(pitch, abs=2)


@pytest.mark.parametrize("source_hz", [8_000, 16_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("target_hz", [16_000, 24_000])
def test_resampling_keeps_length_place_and_pitch(source_hz: int, target_hz: int) -> None:
    samples = tone(2.5, source_hz)[0]
    samples[: source_hz // 2] = 0.0
    audio = resample(Audio(samples, source_hz), target_hz)
    assert audio.sample_rate_hz == target_hz
    assert abs(len(audio.samples) - 2.5 * target_hz) <= 1
    assert frequency_hz(audio) == pytest.approx(440, abs=2)
    loud = np.flatnonzero(np.abs(audio.samples) > 0.1)[0] / target_hz
    assert loud == pytest.approx(0.5, abs=0.001)


def test_resampling_takes_long_short_and_empty_sound_and_no_absurd_rate() -> None:
    long = Audio(np.zeros(15 * 60 * 24_000, np.float32), 24_000)
    assert len(resample(long, 16_000).samples) == 15 * 60 * 16_000
    assert len(resample(Audio(np.ones(1, np.float32), 48_000), 16_000).samples) <= 1
    assert not len(resample(Audio(np.zeros(0, np.float32), 48_000), 16_000).samples)
    for rate_hz in (-1, 0, 1, 2**31 - 1):
        with pytest.raises(ValueError, match="cannot resample"):
            resample(Audio(np.ones(10, np.float32), 48_000), rate_hz)


def test_every_recorded_format_is_read(shared_audio: Path) -> None:
    with (shared_audio / "formats" / "manifest.tsv").open(encoding="utf-8") as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    assert rows
    for row in rows:
        audio = decode((shared_audio / "formats" / row["file"]).read_bytes(), LIMITS)
        if row["file"] == "two_audio_tracks.mkv":
            assert audio.duration_s == pytest.approx(1.9, abs=0.1)  # The first track is shorter.
        elif row["seconds"]:
            assert audio.duration_s == pytest.approx(float(row["seconds"]), abs=0.12), row["file"]
        if row["reference"]:
            assert rms(audio) > 0.001, row["file"]
