"""The terminal: lines that stay, and below them one that is drawn again and again."""

import math
import shutil
from typing import TextIO

from wcwidth import wcswidth, wcwidth

_METER_CELLS = 10
_METER_FLOOR_DBFS = -60.0


class Display:
    """Draws a status line only on a terminal; elsewhere each new status is a line of its own.

    Only one thread uses it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._drawn = ""
        self._state = ""

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self._write(f"{self._clear()}{line}\n{self._drawn}")

    def show(self, state: str, level_dbfs: float | None = None, caption: str = "") -> None:
        """Tell what happens now: how loud the microphone is, and what is being said."""
        if not self._is_terminal:
            if state != self._state:
                self._write(f"[{state}]\n")
            self._state = state
            return
        meter = "" if level_dbfs is None else f" {_meter(level_dbfs)}"
        line = f"● {state}{meter}"
        room = shutil.get_terminal_size().columns - 1 - max(0, wcswidth(line)) - 2
        if caption and room > 8:
            line += f"  {_last_cells(caption, room)}"
        if line != self._drawn:
            self._write(f"{self._clear()}{line}")
            self._drawn = line

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        self._write(self._clear())
        self._drawn = ""

    def _clear(self) -> str:
        return "\r\x1b[2K" if self._is_terminal and self._drawn else ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._is_terminal = False  # The terminal was closed; the conversation may go on.


def level_dbfs(rms: float) -> float:
    """Return the level of samples whose root mean square is `rms`, full scale being 1."""
    return 20 * math.log10(max(rms, 1e-6))


def _meter(dbfs: float) -> str:
    share = (dbfs - _METER_FLOOR_DBFS) / -_METER_FLOOR_DBFS
    filled = min(_METER_CELLS, max(0, round(share * _METER_CELLS)))
    return "▮" * filled + "▯" * (_METER_CELLS - filled)


def _last_cells(text: str, n_cells: int) -> str:
    """Return the end of `text` that fits; a Chinese character takes two cells."""
    text = " ".join(text.split())
    if wcswidth(text) <= n_cells:
        return text
    used, start = 1, len(text)  # One for the ellipsis.
    while start and used + (width := max(0, wcwidth(text[start - 1]))) <= n_cells:
        used += width
        start -= 1
    return f"…{text[start:]}"
