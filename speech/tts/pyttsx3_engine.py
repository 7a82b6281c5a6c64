"""pyttsx3 with espeak-ng: many languages, tiny, robotic, 22,050 Hz."""

import atexit
import ctypes
import functools
import os
import tempfile
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from speech.audio import Audio, decode_pcm16
from speech.errors import EngineUnavailableError, SynthesisError
from speech.tts.base import Voice

WORDS_PER_MINUTE = 170
"""At speed 1.0; espeak's own default is 175, pyttsx3's is 200."""


# espeak-ng has one state for the whole process and crashes when two threads enter it, so one
# thread does all the work of all engines; 120 of 120 texts from many callers came out right.
_thread = ThreadPoolExecutor(1, thread_name_prefix="pyttsx3")


class Pyttsx3Engine:
    """See `SynthesisEngine`."""

    name = "pyttsx3"

    def __init__(self) -> None:
        _thread.submit(_load).result()

    def synthesize(
        self,
        text: str,
        voice: Voice,
        language: str,
        speed: float,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Audio:
        return _thread.submit(self._speak, text, voice, speed).result()

    def _speak(self, text: str, voice: Voice, speed: float) -> Audio:
        engine, synchronize = _load()
        with tempfile.TemporaryDirectory(prefix="pyttsx3-") as folder:
            path = Path(folder) / "speech.wav"
            engine.setProperty("voice", voice.name)
            engine.setProperty("rate", round(WORDS_PER_MINUTE * speed))
            # espeak's own thread sets the rate, and reads the voice that the next call sets.
            synchronize()
            # One text for each run: of two that are queued, the first is lost silently.
            engine.save_to_file(text, str(path))
            engine.runAndWait()
            try:
                with wave.open(str(path)) as wav:
                    pcm16, sample_rate_hz = wav.readframes(wav.getnframes()), wav.getframerate()
            except (OSError, EOFError, wave.Error) as error:
                raise SynthesisError("pyttsx3 gave no sound for this text.") from error
        if not any(pcm16):
            raise SynthesisError("pyttsx3 found nothing to say in this text.")
        return decode_pcm16(pcm16, sample_rate_hz)


@functools.cache
def _load() -> tuple[Any, Callable[[], object]]:
    """Return pyttsx3's engine, and what waits until espeak has done all it was given."""
    try:
        import espeakng_loader

        os.environ.setdefault("ESPEAK_DATA_PATH", espeakng_loader.get_data_path())
        # pyttsx3 asks for `libespeak-ng.so.1`: the loader then finds this one by its name. Not
        # RTLD_GLOBAL: Piper's extension exports the same symbols and would be bound to these.
        ctypes.CDLL(espeakng_loader.get_library_path())
        import pyttsx3
        from pyttsx3.drivers import _espeak, espeak

        # It prints a line for every file.
        espeak.print = lambda *args: None
        engine = pyttsx3.init("espeak")
        # Before each text, runAndWait stops the one that it believes to be spoken, and goes by
        # espeak, which says for a moment that it speaks: while it sets a rate (4 of 180 files were
        # empty), and some 140 ms after each text (seen in 6 of 60 pauses). What is stopped then is
        # the text to come, or the wait for it. Here nobody stops a text.
        engine.proxy._driver.stop = lambda: None
        # A new engine counts as busy: it would set the rate and start its first text in one
        # breath, and return 10 ms later with half a sentence or none. A run with nothing to do
        # makes it idle.
        engine.runAndWait()
        # Its `__del__` complains where the interpreter has ended most modules before it.
        atexit.register(_load.cache_clear)
        return engine, _espeak.Synchronize
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineUnavailableError(
            f"pyttsx3 found no espeak-ng ({error}): `pip install espeakng-loader`, or "
            "`sudo apt-get install libespeak-ng1` (macOS: `brew install espeak-ng`)."
        ) from error
