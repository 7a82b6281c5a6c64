"""The microphone and the loudspeaker, through PortAudio."""

import contextlib
import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

from speech.talk.errors import DeviceError
from speech.talk.realtime_client import SAMPLE_RATE_HZ
from speech.talk.resampling import Pcm, StreamResampler

Kind = Literal["input", "output"]
Hear = Callable[[Pcm], None]
"""Takes what the microphone heard, mono at 24 kHz, in a thread of the device."""
Play = Callable[[int, float], Pcm]
"""Gives so many samples at 24 kHz, which sound from that time of `time.monotonic` on."""

_WORD: dict[Kind, str] = {"input": "microphone", "output": "loudspeaker"}
_BLOCKS_PER_S = 50
# Enough that a Raspberry Pi never stutters, and well under what a pause in talk lasts.
_LATENCY_S: dict[Kind, float] = {
    # A reserve for when the machine is busy; what is heard comes every 20 ms all the same.
    "input": 0.2,
    "output": 0.05,
}
# PulseAudio's first block may take 1.6 s; after that blocks come 50 times a second.
_SILENT_AFTER_S = 3.0
_BUSY, _INVALID_RATE, _INVALID_CHANNELS = -9985, -9997, -9998


def list_devices() -> str:
    """Return a table of the devices: number, name, channels, rate; > hears and < speaks by default.

    Raises DeviceError.
    """
    sounddevice = _load_library()
    default = sounddevice.default.device
    lines = []
    for number, device in enumerate(sounddevice.query_devices()):
        marks = (">" if number == default[0] else " ") + ("<" if number == default[1] else " ")
        uses = [_WORD[kind] for kind in ("input", "output") if device[f"max_{kind}_channels"]]
        rate_hz = int(device["default_samplerate"])
        lines.append(f"{marks}{number:3}  {device['name']}  ({' and '.join(uses)}, {rate_hz} Hz)")
    return "\n".join(lines) if lines else "There is no sound device."


@dataclass(frozen=True)
class _Format:
    sample_rate_hz: int
    n_channels: int


class SoundDevices:
    """Both devices, open together. Only one thread opens and closes them."""

    def __init__(self, microphone: str | None, loudspeaker: str | None, hear: Hear, play: Play):
        """Numbers or parts of names as `list_devices` shows them; None for the system's choice."""
        self._wanted: dict[Kind, str | None] = {"input": microphone, "output": loudspeaker}
        self._hear = hear
        self._play = play
        self._streams: dict[Kind, Any] = {}
        self._last_block_s: dict[Kind, float] = {}

    def open(self) -> None:
        """Raises DeviceError, whose text says what to do."""
        sounddevice = _load_library()
        try:
            self._open("output", sounddevice)
            self._open("input", sounddevice)
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        for stream in self._streams.values():
            with contextlib.suppress(Exception):  # It may be gone already.
                stream.abort()
            with contextlib.suppress(Exception):
                stream.close()
        self._streams.clear()

    def reopen(self) -> None:
        """Look again at what is plugged in, and open it. Raises DeviceError."""
        self.close()
        sounddevice = _load_library()
        # PortAudio lists the devices once, when it begins.
        sounddevice._terminate()
        sounddevice._initialize()
        self.open()

    @property
    def lost(self) -> str | None:
        """Which of the two is gone: unplugged, or its sound server ended."""
        for kind, stream in self._streams.items():
            silent_s = time.monotonic() - self._last_block_s[kind]
            if not stream.active or silent_s > _SILENT_AFTER_S:
                return _WORD[kind]
        return None

    def _open(self, kind: Kind, sounddevice: ModuleType) -> None:
        number = _find_device(sounddevice, kind, self._wanted[kind])
        try:
            device = sounddevice.query_devices(number, kind)
        except (ValueError, sounddevice.PortAudioError) as error:
            raise DeviceError(f"There is no {_WORD[kind]}. Plug one in, or use --text.") from error
        own_rate_hz, n_channels = int(device["default_samplerate"]), device[f"max_{kind}_channels"]
        formats = [
            _Format(rate_hz, channels)
            for rate_hz in dict.fromkeys((SAMPLE_RATE_HZ, own_rate_hz, 48_000, 44_100))
            for channels in dict.fromkeys((1, min(2, n_channels)))
        ]
        for number_left, wanted in enumerate(formats, 1 - len(formats)):
            make = self._make_input if kind == "input" else self._make_output
            try:
                stream = make(sounddevice, number, wanted)
            except sounddevice.PortAudioError as error:
                code = error.args[1] if len(error.args) > 1 else None
                if code in (_INVALID_RATE, _INVALID_CHANNELS) and number_left:
                    continue
                raise _explain(kind, device["name"], code, error) from error
            self._last_block_s[kind] = time.monotonic()
            self._streams[kind] = stream
            try:
                stream.start()
            except sounddevice.PortAudioError as error:
                raise _explain(kind, device["name"], None, error) from error
            return

    def _make_input(self, sounddevice: ModuleType, number: int | None, wanted: _Format) -> Any:
        resampler = StreamResampler(wanted.sample_rate_hz, SAMPLE_RATE_HZ)

        def hear(data: Any, n_frames: int, at: Any, status: Any) -> None:
            self._last_block_s["input"] = time.monotonic()
            frames = np.frombuffer(data, np.int16).reshape(n_frames, wanted.n_channels)
            mono = frames[:, 0] if wanted.n_channels == 1 else frames.mean(axis=1)
            self._hear(resampler.resample(mono.astype(np.int16)))

        return sounddevice.RawInputStream(**_options("input", number, wanted, hear))

    def _make_output(self, sounddevice: ModuleType, number: int | None, wanted: _Format) -> Any:
        resampler = StreamResampler(SAMPLE_RATE_HZ, wanted.sample_rate_hz)
        ready = np.zeros(0, np.int16)

        def play(data: Any, n_frames: int, at: Any, status: Any) -> None:
            nonlocal ready
            now_s = self._last_block_s["output"] = time.monotonic()
            # Not every system tells when a block will sound.
            delay_s = max(0.0, at.outputBufferDacTime - at.currentTime) or _LATENCY_S["output"]
            while len(ready) < n_frames:
                n_samples = -(-(n_frames - len(ready)) * SAMPLE_RATE_HZ // wanted.sample_rate_hz)
                at_s = now_s + delay_s + len(ready) / wanted.sample_rate_hz
                ready = np.concatenate([ready, resampler.resample(self._play(n_samples, at_s))])
            block, ready = ready[:n_frames], ready[n_frames:]
            data[:] = np.repeat(block, wanted.n_channels).tobytes()

        return sounddevice.RawOutputStream(**_options("output", number, wanted, play))


def _options(
    kind: Kind, number: int | None, wanted: _Format, callback: Callable[..., None]
) -> dict[str, Any]:
    return {
        "device": number,
        "samplerate": wanted.sample_rate_hz,
        "channels": wanted.n_channels,
        "dtype": "int16",
        "blocksize": wanted.sample_rate_hz // _BLOCKS_PER_S,
        "latency": _LATENCY_S[kind],
        "callback": callback,
    }


def _load_library() -> ModuleType:
    try:
        sounddevice = importlib.import_module("sounddevice")
    except ImportError as error:
        raise DeviceError("The package sounddevice is missing: pip install sounddevice") from error
    except OSError as error:
        raise DeviceError(
            "The PortAudio library is missing. Debian, Ubuntu, Raspberry Pi OS: "
            "sudo apt install libportaudio2; Fedora: sudo dnf install portaudio; "
            "macOS: brew install portaudio. Without sound: --text."
        ) from error
    return sounddevice


def _find_device(sounddevice: ModuleType, kind: Kind, wanted: str | None) -> int | None:
    if wanted is None:
        return None
    able = {
        number: device["name"]
        for number, device in enumerate(sounddevice.query_devices())
        if device[f"max_{kind}_channels"]
    }
    if wanted.isdecimal():
        found = [number for number in able if number == int(wanted)]
    else:
        same = [number for number, name in able.items() if name.lower() == wanted.lower()]
        found = same or [number for number, name in able.items() if wanted.lower() in name.lower()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{number} {name}" for number, name in able.items()) or "none"
    problem = "More than one" if found else "No"
    raise DeviceError(f"{problem} {_WORD[kind]} is called {wanted!r}. There are: {names}.")


def _explain(kind: Kind, name: str, code: int | None, error: Exception) -> DeviceError:
    # ALSA reports a device that another program holds as an unanticipated error -16, EBUSY.
    if code == _BUSY or "busy" in str(error).lower():
        return DeviceError(
            f"The {_WORD[kind]} {name!r} is busy: another program uses it. "
            "Close that one, or choose another device; --list-devices shows them."
        )
    return DeviceError(f"The {_WORD[kind]} {name!r} cannot be opened: {error}")
