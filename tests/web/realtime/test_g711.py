import io
import wave

import av
import numpy as np
import pytest

from web.realtime import g711
from web.realtime.g711 import Law

ALL_CODES = bytes(range(256))
ALL_SAMPLES = np.arange(-32_768, 32_768).astype(np.int16)


@pytest.mark.parametrize(
    ("law", "code", "value"),
    [
        # ITU-T G.711, tables 1a and 2a: the ends of the first and the last segments.
        ("ulaw", 0x80, 32_124),
        ("ulaw", 0x00, -32_124),
        ("ulaw", 0xFF, 0),
        ("ulaw", 0xFE, 8),
        ("ulaw", 0xF0, 120),
        ("ulaw", 0xEF, 132),
        ("alaw", 0xAA, 32_256),
        ("alaw", 0x2A, -32_256),
        ("alaw", 0xD5, 8),
        ("alaw", 0x55, -8),
        ("alaw", 0xC5, 264),
    ],
)
def test_the_values_are_those_of_the_standards_tables(law: Law, code: int, value: int) -> None:
    assert g711.decode(bytes([code]), law)[0] == value


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_each_code_means_what_ffmpeg_takes_it_for(law: Law) -> None:
    assert np.array_equal(g711.decode(ALL_CODES, law), decoded_by_ffmpeg(ALL_CODES, law))


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_each_value_is_coded_as_itself(law: Law) -> None:
    values = g711.decode(ALL_CODES, law)
    codes = g711.decode(g711.encode(values, law), law)
    assert np.array_equal(codes, values)


@pytest.mark.parametrize(("law", "finest"), [("ulaw", 4), ("alaw", 8)])
def test_what_is_coded_is_as_near_as_the_standard_allows(law: Law, finest: int) -> None:
    decoded = g711.decode(g711.encode(ALL_SAMPLES, law), law).astype(int)
    error = np.abs(decoded - ALL_SAMPLES)
    audible = np.abs(ALL_SAMPLES.astype(int)) < 31_000  # Beyond, it is cut off.
    # Half a step, and a step is a sixteenth of its segment.
    assert np.all(error[audible] <= np.abs(ALL_SAMPLES[audible].astype(int)) / 31 + finest)
    assert np.all(np.diff(decoded) >= 0)


def decoded_by_ffmpeg(data: bytes, law: Law) -> np.ndarray:
    """Read a WAV file of that coding."""
    file = io.BytesIO()
    with wave.open(file, "wb") as plain:
        plain.setnchannels(1)
        plain.setsampwidth(1)
        plain.setframerate(8_000)
        plain.writeframes(data)
    header = bytearray(file.getvalue())
    header[20:22] = {"alaw": 6, "ulaw": 7}[law].to_bytes(2, "little")
    with av.open(io.BytesIO(bytes(header))) as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    return np.concatenate(frames)
