"""Any recording that browsers, phones and people send, as mono samples."""

from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from speech.audio import Audio, Samples
from speech.containers import FORMATS_HINT, decode_frames
from speech.errors import (
    AudioEmptyError,
    AudioTooLargeError,
    AudioTooLongError,
    AudioTooManyChannelsError,
    AudioUnreadableError,
)

# The resampler's filter grows with the ratio of the rates: gigabytes for a rate in the gigahertz.
MIN_SAMPLE_RATE_HZ = 1_000
MAX_SAMPLE_RATE_HZ = 768_000
# The shortest packets in use are of 2.5 ms (Opus).
MAX_PACKETS_PER_S = 500


@dataclass(frozen=True, kw_only=True)
class DecodingLimits:
    max_bytes: int
    max_duration_s: float
    max_channels: int


def decode(data: bytes, limits: DecodingLimits, sample_rate_hz: int = 16_000) -> Audio:
    """Return the sound of the first audio track, finite and in [-1, 1].

    A file that was cut or damaged gives the part that can be read. Channels are summed and divided
    by the number of those that carry sound, so that speech in one of six is as loud as in mono;
    where they cancel each other (stereo in opposite phase) the loudest one stands for all.
    Thread-safe. Ten minutes at 16 kHz need up to 90 MB, however many channels the recording has.
    Raises AudioEmptyError, AudioUnreadableError, AudioTooLargeError, AudioTooLongError,
    AudioTooManyChannelsError.
    """
    if not data:
        raise AudioEmptyError("The recording is empty: it has no bytes. Please record it again.")
    if len(data) > limits.max_bytes:
        raise AudioTooLargeError(
            f"The recording has more than {limits.max_bytes:,} bytes. Please send a shorter one, "
            "or a compressed one (Opus, MP3 or M4A)."
        )
    try:
        track = _read(data, limits, sample_rate_hz, channel=None)
        if track.cancels:
            # Decoding twice is rare and cheap; keeping every channel would be neither.
            loudest = int(np.argmax(track.channel_energy))
            track = _read(data, limits, sample_rate_hz, channel=loudest)
    except (av.FFmpegError, ValueError) as error:
        raise AudioUnreadableError(
            f"The recording's channels or rate cannot be read. {FORMATS_HINT}"
        ) from error
    if not track.pieces:
        raise AudioEmptyError(
            "The recording holds no sound that can be read. Please record it again."
        )
    return Audio(track.mix(), sample_rate_hz)


def resample(audio: Audio, sample_rate_hz: int) -> Audio:
    """Return the same sound at another rate.

    Source: libswresample's windowed sinc, as in `decode`: it comes with PyAV, and scipy would be
    one more package. Raises ValueError for a rate outside of 1 to 768 kHz.
    """
    for rate_hz in (audio.sample_rate_hz, sample_rate_hz):
        if not MIN_SAMPLE_RATE_HZ <= rate_hz <= MAX_SAMPLE_RATE_HZ:
            raise ValueError(f"cannot resample from or to {rate_hz} Hz")
    if audio.sample_rate_hz == sample_rate_hz or not len(audio.samples):
        return Audio(audio.samples, sample_rate_hz)
    resampler = _resampler(sample_rate_hz)
    pieces: list[AudioFrame] = []
    # One frame for all would exceed MAX_ALLOCATION_BYTES after some minutes.
    for start in range(0, len(audio.samples), audio.sample_rate_hz):
        second = audio.samples[start : start + audio.sample_rate_hz]
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(second[np.newaxis]), "flt", "mono")
        frame.sample_rate = audio.sample_rate_hz
        pieces += resampler.resample(frame)
    pieces += resampler.resample(None)
    # One sample may become none, and concatenate wants at least one array.
    nothing = np.zeros(0, np.float32)
    samples = np.concatenate([nothing, *(_to_array(piece)[:, 0] for piece in pieces)])
    return Audio(samples, sample_rate_hz)


@dataclass
class _Track:
    """The channels of a recording, summed, and what it takes to judge the sum."""

    channel: int | None
    """The only one to keep; None sums them all."""
    max_channels: int
    pieces: list[Samples] = field(default_factory=list)
    energy: float = 0.0
    channel_energy: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.channel_energy = np.zeros(self.max_channels)

    def add(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            # Only damaged or hostile files hold NaN, infinity or 1e30; what a loud MP3 or Opus
            # gives above 1 is clipped, as players do.
            samples = np.nan_to_num(_to_array(frame), posinf=0.0, neginf=0.0).clip(-1.0, 1.0)
            n_channels = samples.shape[1]
            self.channel_energy[:n_channels] += np.square(samples).sum(axis=0)
            if self.channel is None:
                piece = samples.sum(axis=1)
            else:
                piece = samples[:, min(self.channel, n_channels - 1)].copy()
            self.energy += float(np.square(piece).sum())
            self.pieces.append(piece)

    @property
    def cancels(self) -> bool:
        # Unrelated channels add their energies; a tenth of that means that they are opposite.
        return self.channel is None and self.energy < 0.1 * float(self.channel_energy.sum())

    def mix(self) -> Samples:
        mix = np.concatenate(self.pieces)
        if self.channel is None:
            # A channel 20 dB below the loudest does not carry the speech.
            loud = self.channel_energy > 0.01 * self.channel_energy.max()
            mix /= max(1, int(loud.sum()))
        return mix.clip(-1.0, 1.0, out=mix)


def _read(data: bytes, limits: DecodingLimits, sample_rate_hz: int, channel: int | None) -> _Track:
    track = _Track(channel, limits.max_channels)
    duration_s = Fraction(0)
    max_packets = int(MAX_PACKETS_PER_S * (1 + limits.max_duration_s))
    resampler, source = _resampler(sample_rate_hz), None
    for frame in decode_frames(data, max_packets):
        _check_shape(frame, limits)
        duration_s += Fraction(frame.samples, frame.sample_rate)
        if duration_s > limits.max_duration_s:
            raise AudioTooLongError(
                f"The recording is longer than {limits.max_duration_s:g} seconds. "
                "Please send it in shorter parts."
            )
        if source != (frame.format.name, frame.layout.name, frame.sample_rate):
            # The first frame, or a stream that changes midway (chained Ogg, AAC with SBR).
            track.add(resampler.resample(None))
            source = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = _resampler(sample_rate_hz)
        track.add(resampler.resample(frame))
    track.add(resampler.resample(None))
    return track


def _check_shape(frame: AudioFrame, limits: DecodingLimits) -> None:
    n_channels = frame.layout.nb_channels
    if n_channels > limits.max_channels:
        raise AudioTooManyChannelsError(
            f"The recording has {n_channels} channels; at most {limits.max_channels} can be read. "
            "Please send it in mono or stereo."
        )
    if not MIN_SAMPLE_RATE_HZ <= frame.sample_rate <= MAX_SAMPLE_RATE_HZ:
        raise AudioUnreadableError(
            f"The recording claims {frame.sample_rate:,} samples a second, which no recorder "
            "makes. Please save it again with 16,000 or 48,000."
        )


def _resampler(sample_rate_hz: int) -> AudioResampler:
    # Packed, as PyAV 18 reads a plane too many from planar frames of eight channels. In pieces of
    # a second, so that what numpy costs for each piece vanishes.
    return AudioResampler("flt", rate=sample_rate_hz, frame_size=sample_rate_hz)


def _to_array(frame: AudioFrame) -> Samples:
    """Return a frame of packed floats, shape (n_samples, n_channels)."""
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1, frame.layout.nb_channels)
