"""What of the microphone is sent: all of it, silence in its place, or nothing."""

import time
from collections.abc import Callable

import numpy as np

from speech.talk.resampling import Pcm

# A loudspeaker's last word still echoes in the room.
_ECHO_S = 0.25
# What the user said until the key was pressed is still on its way through the device.
_TAIL_S = 0.15


class Microphone:
    """Thread-safe; `hear` is called by the device's thread.

    With an open microphone silence is sent where the user should not be heard, since the session's
    clock is its sound: a turn could not end without it.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        is_open: bool,
        is_half_duplex: bool,
        is_playing: Callable[[], bool],
    ) -> None:
        self.is_muted = False
        self.is_half_duplex = is_half_duplex
        self.rms = 0.0
        """Of the last piece, full scale being 1."""
        self._send = send
        self._is_open = is_open
        self._is_playing = is_playing
        self._sends_until_s = 0.0
        self._played_until_s = 0.0

    @property
    def is_recording(self) -> bool:
        """Push to talk: the key was pressed once."""
        return time.monotonic() < self._sends_until_s

    def press(self) -> None:
        self._sends_until_s = float("inf")

    def release(self) -> float:
        """Return the time of `time.monotonic` at which all that was said has been sent."""
        self._sends_until_s = time.monotonic() + _TAIL_S
        return self._sends_until_s

    def hear(self, sound: Pcm) -> None:
        now_s = time.monotonic()
        if self._is_playing():
            self._played_until_s = now_s
        self.rms = float(np.sqrt(np.mean(np.square(sound / 32768.0)))) if len(sound) else 0.0
        if self._is_open:
            hears_itself = self.is_half_duplex and now_s < self._played_until_s + _ECHO_S
            is_silent = self.is_muted or hears_itself
            self._send((np.zeros_like(sound) if is_silent else sound).tobytes())
        elif now_s < self._sends_until_s and not self.is_muted:
            self._send(sound.tobytes())
