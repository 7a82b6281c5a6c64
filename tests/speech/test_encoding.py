"""What is encoded while it grows, decoded again."""

import io
import time
import wave

import av
import numpy as np
import pytest

from speech.audio import Samples, decode_pcm16
from speech.encoding import CONTENT_TYPES, SAMPLE_RATE_HZ, AudioFormat, StreamEncoder

LOSSLESS = ("flac", "wav", "pcm")
DELAY_S = {"mp3": 0.08, "aac": 0.08}
"""How much longer at most: these formats say nothing of the silence that their codec puts before
and after the sound."""


def voice_like(duration_s: float) -> bytes:
    """Return PCM16: a tone with overtones that rises and falls, and a little noise."""
    time_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * (180 * time_s + 20 * np.sin(2 * np.pi * 0.7 * time_s))
    samples = sum(np.sin(k * phase) / k for k in range(1, 8)) * (0.6 + 0.4 * np.sin(9 * time_s))
    noise = np.random.default_rng(1).normal(0, 0.01, len(time_s))
    return (8000 * (samples + noise)).astype("<i2").tobytes()


def pieces_of(pcm16: bytes, *durations_s: float) -> list[bytes]:
    pieces, start = [], 0
    for duration_s in durations_s:
        end = start + 2 * round(duration_s * SAMPLE_RATE_HZ)
        pieces.append(pcm16[start:end])
        start = end
    return [*pieces, pcm16[start:]]


def encode(format: AudioFormat, pieces: list[bytes]) -> bytes:
    encoder = StreamEncoder(format)
    return b"".join(encoder.feed(piece) for piece in pieces) + encoder.finish()


def decode(format: AudioFormat, data: bytes) -> Samples:
    """Return the samples at `SAMPLE_RATE_HZ`."""
    if format == "pcm":
        return decode_pcm16(data, SAMPLE_RATE_HZ).samples
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE_HZ)
    with av.open(io.BytesIO(data)) as container:
        frames = [*container.decode(audio=0), None]
    parts = [part.to_ndarray() for frame in frames for part in resampler.resample(frame)]
    return np.concatenate(parts, axis=1)[0].astype(np.float32)


@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_the_file_is_the_whole_sound_without_a_gap_where_its_pieces_meet(
    format: AudioFormat,
) -> None:
    pcm16 = voice_like(6.3)
    heard = decode(format, encode(format, pieces_of(pcm16, 1.3, 0.013, 2.2, 0.5)))
    said = decode_pcm16(pcm16, SAMPLE_RATE_HZ).samples
    if format in LOSSLESS:
        assert np.array_equal(heard, said)
        return
    longer_s = (len(heard) - len(said)) / SAMPLE_RATE_HZ
    assert 0 <= longer_s <= DELAY_S.get(format, 0.0) + 0.0001
    # Where it fits best: a piece lost, or silence put between two, would spoil all that follows.
    lag = int(np.argmax(np.correlate(heard[:30_000], said[2_000:26_000]))) - 2_000
    heard = heard[max(0, lag) :][: len(said)]
    error = heard - said[: len(heard)]
    for start in range(0, len(error), SAMPLE_RATE_HZ // 4):
        part = slice(start, start + SAMPLE_RATE_HZ // 4)
        assert np.square(error[part]).sum() < 0.1 * np.square(said[part]).sum()


@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_where_the_pieces_are_cut_changes_nothing(format: AudioFormat) -> None:
    pcm16 = voice_like(3.0)
    whole = decode(format, encode(format, [pcm16]))
    cut = decode(format, encode(format, pieces_of(pcm16, 0.7, 0.0, 0.001, 1.1)))
    assert np.allclose(whole, cut, atol=1e-4)


@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_what_was_fed_can_be_played_before_the_next_piece_comes(format: AudioFormat) -> None:
    encoder = StreamEncoder(format)
    sent = encoder.feed(voice_like(1.3))
    assert len(decode(format, sent)) / SAMPLE_RATE_HZ > 1.2


@pytest.mark.parametrize("format", CONTENT_TYPES)
def test_a_file_without_sound_ends_too(format: AudioFormat) -> None:
    encoder = StreamEncoder(format)
    assert isinstance(encoder.finish(), bytes)


@pytest.mark.parametrize("format", ["mp3", "opus", "aac", "flac"])
def test_encoding_costs_little_beside_the_voices(format: AudioFormat) -> None:
    encode(format, [voice_like(0.1)])  # Loads FFmpeg.
    sound = pieces_of(voice_like(20.0), *[2.0] * 9)
    begun_s = time.thread_time()
    encode(format, sound)
    times = 20.0 / (time.thread_time() - begun_s)
    print(f"{format}: {times:.0f} times as fast as it is heard")
    assert times > 50


def test_a_wav_that_never_ends_is_read_to_its_end() -> None:
    pcm16 = voice_like(0.5)
    with wave.open(io.BytesIO(encode("wav", [pcm16]))) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (24_000, 1, 2)
        assert wav.readframes(24_000) == pcm16


def test_a_stream_that_is_given_up_leaves_nothing_behind() -> None:
    encoder = StreamEncoder("mp3")
    encoder.feed(voice_like(0.5))
    del encoder  # A warning would be an error.
