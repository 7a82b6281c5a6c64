"""What is to be played, and how much of it really was."""

import threading
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speech.talk.realtime_client import SAMPLE_RATE_HZ
from speech.talk.resampling import Pcm

# Sound that stops in the middle of a wave clicks.
_FADE_SAMPLES = SAMPLE_RATE_HZ // 200
# The device asks for more well before it has played what it has; later than this it has run dry.
_RECENT_S = 0.05


@dataclass(frozen=True)
class Position:
    item_id: str
    audio_ms: int
    is_playing: bool
    """Sound of it leaves the loudspeaker at this moment."""


@dataclass
class _Item:
    item_id: str
    sound: deque[Pcm]
    handed: int = 0
    """Samples that the device has; it plays them whatever happens."""


@dataclass(frozen=True)
class _Span:
    """Samples `start` to `start + length` of an item, at the loudspeaker from `at_s` on."""

    at_s: float
    item_id: str
    start: int
    length: int

    @property
    def end_s(self) -> float:
        return self.at_s + self.length / SAMPLE_RATE_HZ


class Player:
    """The replies' sound in order, mono at 24 kHz, by the item that it belongs to.

    Thread-safe: the device's thread pulls, another one adds, holds and clears. Times are those of
    `time.monotonic`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: deque[_Item] = deque()
        self._fading: Pcm = np.zeros(0, np.int16)
        self._spans: deque[_Span] = deque()
        self._is_held = False
        self._fades_in = False

    @property
    def is_held(self) -> bool:
        return self._is_held

    @property
    def has_sound(self) -> bool:
        """Something waits to be played, held or not."""
        with self._lock:
            return any(item.sound for item in self._items)

    def add(self, item_id: str, pcm16: bytes) -> None:
        if not pcm16:
            return
        with self._lock:
            if not self._items or self._items[-1].item_id != item_id:
                self._items.append(_Item(item_id, deque()))
            self._items[-1].sound.append(np.frombuffer(pcm16, "<i2"))

    def hold(self) -> None:
        with self._lock:
            if not self._is_held:
                self._fade_out()
                self._is_held = True

    def release(self) -> None:
        """Go on where the sound was held."""
        with self._lock:
            self._fades_in = self._is_held
            self._is_held = False

    def clear(self) -> list[Position]:
        """Stop for good; return what was played of each item that is not played to its end."""
        with self._lock:
            if not self._is_held:
                self._fade_out()
            cut = [item for item in self._items if item.sound]
            self._items.clear()
            self._is_held = self._fades_in = False
            return [Position(item.item_id, _ms(item.handed), False) for item in cut]

    def pull(self, n_samples: int, at_s: float) -> Pcm:
        """Return the next sound, which leaves the loudspeaker from `at_s` on; silence for none."""
        out = np.zeros(n_samples, np.int16)
        with self._lock:
            filled = min(len(self._fading), n_samples)
            out[:filled] = self._fading[:filled]
            self._fading = self._fading[filled:]
            while filled < n_samples and not self._is_held:
                piece = self._take(n_samples - filled, at_s + filled / SAMPLE_RATE_HZ)
                if piece is None:
                    break
                if self._fades_in:
                    piece, self._fades_in = _faded(piece, np.linspace(0, 1, _FADE_SAMPLES)), False
                out[filled : filled + len(piece)] = piece
                filled += len(piece)
        return out

    def position(self, now_s: float | None = None) -> Position | None:
        """Return where the loudspeaker is; None where nothing was played yet."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            while len(self._spans) > 1 and self._spans[1].at_s <= now_s:
                self._spans.popleft()
            if not self._spans or self._spans[0].at_s > now_s:
                return None
            span = self._spans[0]
            played = min(span.length, round((now_s - span.at_s) * SAMPLE_RATE_HZ))
            # The device's clock jitters: between two spans may be a moment without sound.
            is_playing = now_s < self._spans[-1].end_s
            return Position(span.item_id, _ms(span.start + played), is_playing)

    def _take(self, n_samples: int, at_s: float) -> Pcm | None:
        """Return at most so much of the oldest item with sound, as played from `at_s` on."""
        # The last item stays where it is empty: more of it may come.
        while len(self._items) > 1 and not self._items[0].sound:
            self._items.popleft()
        if not self._items or not self._items[0].sound:
            return None
        item = self._items[0]
        piece, rest = item.sound[0][:n_samples], item.sound[0][n_samples:]
        if len(rest):
            item.sound[0] = rest
        else:
            item.sound.popleft()
        self._spans.append(_Span(at_s, item.item_id, item.handed, len(piece)))
        item.handed += len(piece)
        return piece

    def _fade_out(self) -> None:
        if not self._spans or self._spans[-1].end_s < time.monotonic() - _RECENT_S:
            return  # Nothing was sounding.
        piece = self._take(_FADE_SAMPLES, self._spans[-1].end_s)
        if piece is not None:
            self._fading = _faded(piece, np.linspace(1, 0, len(piece)))


def _faded(piece: Pcm, gain: npt.NDArray[np.float64]) -> Pcm:
    faded = piece.copy()
    n_samples = min(len(piece), len(gain))
    faded[:n_samples] = (piece[:n_samples] * gain[:n_samples]).astype(np.int16)
    return faded


def _ms(n_samples: int) -> int:
    return n_samples * 1000 // SAMPLE_RATE_HZ
