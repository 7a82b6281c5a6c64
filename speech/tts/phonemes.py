"""Words to IPA phonemes, through the espeak-ng that piper-tts has inside.

Piper's copy is linked into its extension, so it shares nothing with the libespeak-ng that
pyttsx3 speaks with, and both work at once in one process.
"""

import threading

from piper.phonemize_espeak import EspeakPhonemizer

# espeak keeps the chosen language for the whole process.
_lock = threading.Lock()
_phonemizer: EspeakPhonemizer | None = None


def phonemize(text: str, espeak_voice: str) -> list[list[str]]:
    """Return the phonemes of each sentence, Unicode NFD code points, punctuation kept.

    `espeak_voice`: espeak's own code, as in `en-us` or `pt-br`. Thread-safe.
    """
    global _phonemizer
    with _lock:
        if _phonemizer is None:
            _phonemizer = EspeakPhonemizer()
        return _phonemizer.phonemize(espeak_voice, text)
