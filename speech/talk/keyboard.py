"""Single keys of a plain terminal, without root and without a graphical session."""

import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType

_LOOK_EVERY_S = 0.05


class Keyboard:
    """Tells each key that is pressed, in a thread, as one character; "" where the input ends.

    A terminal knows no key's release, so what others do by holding a key is a press and another
    one here. Where the input is no terminal there are no keys.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._is_done = threading.Event()
        self._restore: Callable[[], None] = lambda: None
        self._thread: threading.Thread | None = None

    @property
    def is_there(self) -> bool:
        return sys.stdin is not None and sys.stdin.isatty()

    def __enter__(self) -> "Keyboard":
        if self.is_there:
            read = self._read_windows if sys.platform == "win32" else self._read_terminal
            if sys.platform != "win32":
                self._listen_to_single_keys()
            self._thread = threading.Thread(target=read, name="keyboard", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_done.set()
        if self._thread is not None:
            self._thread.join(1.0)
        self._restore()

    if sys.platform != "win32":

        def _listen_to_single_keys(self) -> None:
            import termios
            import tty

            number = sys.stdin.fileno()
            before = termios.tcgetattr(number)
            # Ctrl-C still interrupts; only lines and their echo are off.
            tty.setcbreak(number)

            def restore() -> None:
                termios.tcsetattr(number, termios.TCSADRAIN, before)

            self._restore = restore

        def _read_terminal(self) -> None:
            import select

            number = sys.stdin.fileno()
            while not self._is_done.is_set():
                if not select.select([number], [], [], _LOOK_EVERY_S)[0]:
                    continue
                try:
                    pressed = os.read(number, 64)
                except OSError:  # The terminal was closed.
                    pressed = b""
                if not pressed:
                    self._on_key("")
                    return
                if pressed.startswith(b"\x1b"):  # Arrows and the like.
                    continue
                for key in pressed.decode(errors="ignore"):
                    self._on_key(key)

    def _read_windows(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            while not self._is_done.wait(_LOOK_EVERY_S):
                while msvcrt.kbhit():
                    self._on_key(msvcrt.getwch())
