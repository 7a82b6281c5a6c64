"""Ties a program's life to its parent's: `python -m workers.lifeline KILL PROGRAM ARGUMENT…`.

Linux sends the named signal to the program when its parent dies, even by `kill -9`, so a launcher
that is killed leaves nothing behind. Elsewhere the program runs without that promise.
"""

import ctypes
import os
import signal
import sys
from typing import Literal

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; it outlives exec.


def tied(signal_name: Literal["KILL", "TERM"], *command: str) -> list[str]:
    """Return the command that runs `command` and sends it this signal when its parent dies."""
    # -P: the standard library is not looked for among our own modules.
    return [sys.executable, "-P", __file__, signal_name, *command]


def main() -> None:
    signal_name, *command = sys.argv[1:]
    if command[0] == "-m":
        command.insert(0, sys.executable)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.Signals[f"SIG{signal_name}"], 0, 0, 0)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
