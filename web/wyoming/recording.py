"""Sound that a client sends bit by bit, as one WAV file."""

import io
import wave

from wyoming.audio import AudioChunk, AudioChunkConverter, AudioFormat, AudioStart

from web.wyoming.errors import RequestError
from workers.settings import Settings

_MAX_RATE_HZ = 768_000


class Recording:
    """Has the format that `audio-start` names; recognition resamples better than the package.

    What exceeds a limit is told at the end, by `wav`: until then a client does not listen.
    """

    def __init__(self, start: AudioStart, settings: Settings) -> None:
        self._start = start
        self._settings = settings
        self._converter = AudioChunkConverter(start.rate, start.width, start.channels)
        self._sound = bytearray()
        self._problem = _problem_of_format(start, settings)

    def add(self, chunk: AudioChunk) -> None:
        """Append sound; in another format it is converted."""
        self._problem = self._problem or self._problem_of(chunk)
        if self._problem is not None:
            self._sound.clear()
            return
        try:
            self._sound += self._converter.convert(chunk).audio
        except Exception as error:  # audioop's own type has no name that outlives Python 3.12.
            self._problem = RequestError(
                "audio_unreadable", f"The sound cannot be converted: {error}."
            )

    def wav(self) -> bytes:
        """Raises RequestError."""
        if self._problem is not None:
            raise self._problem
        if not self._sound:
            raise RequestError("audio_empty", "No sound came between audio-start and audio-stop.")
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(self._start.channels)
            file.setsampwidth(self._start.width)
            file.setframerate(self._start.rate)
            file.writeframes(self._sound)
        return buffer.getvalue()

    def _problem_of(self, chunk: AudioChunk) -> RequestError | None:
        if (problem := _problem_of_format(chunk, self._settings)) is not None:
            return problem
        if chunk.channels != self._start.channels and max(chunk.channels, self._start.channels) > 2:
            return RequestError(
                "audio_unreadable",
                f"Sound of {self._start.channels} channels goes on with {chunk.channels}.",
            )
        # Before it is converted: what is small can become large.
        duration_s = len(chunk.audio) / _bytes_per_s(chunk) + len(self._sound) / _bytes_per_s(
            self._start
        )
        limit, limit_s = self._settings.max_upload_bytes, self._settings.max_audio_s
        if duration_s > limit_s:
            return RequestError("audio_too_long", f"The sound is longer than {limit_s:g} s.")
        if duration_s * _bytes_per_s(self._start) > limit:
            return RequestError(
                "audio_too_large", f"The sound is larger than {limit // 2**20} MiB."
            )
        return None


def _bytes_per_s(sound: AudioFormat) -> int:
    return sound.rate * sound.width * sound.channels


def _problem_of_format(sound: AudioFormat, settings: Settings) -> RequestError | None:
    if not (0 < sound.rate <= _MAX_RATE_HZ and 1 <= sound.width <= 4 and sound.channels > 0):
        return RequestError(
            "audio_unreadable",
            f"{sound.rate} Hz, {sound.width} bytes a sample, {sound.channels} channels: "
            "there is no such sound.",
        )
    if sound.channels > settings.max_audio_channels:
        return RequestError(
            "audio_too_many_channels",
            f"The sound has more than {settings.max_audio_channels} channels.",
        )
    return None
