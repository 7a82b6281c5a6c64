"""The program, started as a user starts it: in a terminal of its own, or with pipes."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

# As cards do that know 44.1 and 48 kHz only; PulseAudio would take any rate.
_REFUSING = """
import sys, sounddevice
from speech.talk.__main__ import main

def refusing(real):
    def make(**options):
        if options["samplerate"] == 24_000:
            raise sounddevice.PortAudioError("Invalid sample rate", -9997)
        return real(**options)
    return make

sounddevice.RawInputStream = refusing(sounddevice.RawInputStream)
sounddevice.RawOutputStream = refusing(sounddevice.RawOutputStream)
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Program:
    """What it writes is collected by a thread, as a terminal does."""

    process: subprocess.Popen[bytes]
    keyboard: int
    """A file descriptor to write keys or lines to."""
    written: bytearray = field(default_factory=bytearray)

    @property
    def output(self) -> str:
        return self.written.decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self.keyboard, keys.encode())

    def wait_for(self, text: str, count: int = 1, timeout_s: float = 15.0) -> None:
        ends_s = time.monotonic() + timeout_s
        while self.output.count(text) < count:
            if time.monotonic() > ends_s:
                pytest.fail(f"{text!r} was not written, but {self.output!r}")
            time.sleep(0.02)

    def end(self, timeout_s: float = 10.0) -> int:
        """Wait for its end and return its exit status."""
        return self.process.wait(timeout_s)


@contextlib.contextmanager
def run_program(
    *arguments: str,
    environment: dict[str, str] | None = None,
    in_terminal: bool = False,
    refuses_24_khz: bool = False,
) -> Iterator[Program]:
    """Run `python -m speech.talk`; output and errors come together, as on a screen."""
    program_itself = ["-c", _REFUSING] if refuses_24_khz else ["-m", "speech.talk"]
    command = [sys.executable, "-W", "error", *program_itself, *arguments]
    environment = (environment or dict(os.environ)) | {"LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    if in_terminal:
        ours, theirs = os.openpty()
        keyboard = reading = ours
    else:
        theirs_in, keyboard = os.pipe()
        reading, theirs = os.pipe()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=theirs if in_terminal else theirs_in,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    if not in_terminal:
        os.close(theirs_in)
    program = Program(process, keyboard)

    def read() -> None:
        # A terminal whose other side is closed gives an error where a pipe gives nothing.
        with contextlib.suppress(OSError):
            while data := os.read(reading, 4096):
                program.written.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield program
    finally:
        process.kill()
        process.wait(10)
        reader.join(10)
        for number in {keyboard, reading}:
            with contextlib.suppress(OSError):
                os.close(number)
