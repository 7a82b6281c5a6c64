"""Kokoro-82M (StyleTTS 2): natural speech in English, Chinese and five more, 24,000 Hz."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from speech.audio import Audio, Samples
from speech.errors import EngineUnavailableError, SynthesisError
from speech.tts.base import Voice

try:
    from kokoro_onnx import Kokoro
    from kokoro_onnx.config import SAMPLE_RATE

    from speech.tts.mandarin import Mandarin
    from speech.tts.onnx_session import open_session, stopping
    from speech.tts.phonemes import phonemize
except ImportError as error:
    raise EngineUnavailableError(
        f"Kokoro cannot be loaded ({error}): `pip install -r requirements.txt`."
    ) from error

# By the first letter of a voice's name.
_ESPEAK_VOICES = {
    "a": "en-us",
    "b": "en-gb-x-rp",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "p": "pt-br",
}
# espeak's phonemes to those that Kokoro was trained on, replaced in this order. Source: E2M and
# e2m in misaki's espeak.py, without the tie characters, which Piper's espeak does not write.
_COMMON = {"ʲ": "", "aɪ": "I", "aʊ": "W", "dʒ": "ʤ", "eɪ": "A", "tʃ": "ʧ", "ɔɪ": "Y"}
_ENGLISH = _COMMON | {"əl": "ᵊl", "ɐ": "ə", "ɚɹ": "əɹ", "ɚ": "əɹ", "r": "ɹ", "x": "k"}
_US = _ENGLISH | {"oʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": "", "ɾ": "T", "ʔ": "t"}
_UK = _ENGLISH | {"eə": "ɛː", "iə": "ɪə", "əʊ": "Q"}
_OTHER = _COMMON | {"oʊ": "O", "dz": "ʣ", "ts": "ʦ", "-": ""}

_LATIN = re.compile(
    r"((?<!\d)[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9_'’.+#&-]*(?:\s+[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9_'’.+#&-]*)*)"
)
_MARK = re.compile(r"[,.;:!?，。；：！？、]")
CLAUSE_PAUSE_S = 0.2
WORD_PAUSE_S = 0.03
# How much of an English voice is mixed into a Chinese one for an English word. Whisper base
# understood 27 of 33 words so, 12 of 33 in the Chinese voice alone within the same breath.
ENGLISH_SHARE = 0.5
_ENGLISH_PARTNERS = {"f": "af_heart", "m": "am_michael"}


class KokoroEngine:
    """See `SynthesisEngine`. Calls from several threads run at the same time."""

    name = "kokoro"

    def __init__(self, models: Path, threads: int, device: str) -> None:
        folder = models / "kokoro-82m"
        session = open_session(folder / "kokoro-v1.0.int8.onnx", threads, device)
        voices = folder / "voices.npz"
        if not voices.is_file():
            raise EngineUnavailableError(
                f"Kokoro's {voices.name} is missing from {folder}: `make models` fetches it."
            )
        self._kokoro = Kokoro.from_session(session, str(voices))
        # It would read each voice from the open file again for every sentence. 28 MB.
        with self._kokoro.voices as archive:
            self._kokoro.voices = dict(archive)
        self._mandarin = Mandarin()

    def synthesize(
        self,
        text: str,
        voice: Voice,
        language: str,
        speed: float,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Audio:
        with stopping(is_cancelled):
            return self._synthesize(text, voice, language, speed)

    def _synthesize(self, text: str, voice: Voice, language: str, speed: float) -> Audio:
        style = self._kokoro.get_voice_style(voice.name)
        if voice.name.startswith("z"):
            samples = self._speak_chinese(text, voice.name, style, speed)
        else:
            samples = self._speak(phonemes_of(text, voice.name), style, speed)
        if not len(samples):
            raise SynthesisError("Kokoro found nothing to say in this text.")
        return Audio(samples, SAMPLE_RATE)

    def _speak_chinese(self, text: str, voice_name: str, style: Samples, speed: float) -> Samples:
        """Return the sound of Chinese that may have English words, those spoken on their own."""
        partner_name = _ENGLISH_PARTNERS[voice_name[1]]
        partner = self._kokoro.get_voice_style(partner_name)
        english_style = (1 - ENGLISH_SHARE) * style + ENGLISH_SHARE * partner
        runs = _LATIN.split(text)
        # Numbers first, with their units: what Latin is left ("5G") is English after all.
        runs[::2] = [self._mandarin.spell_out(run) for run in runs[::2]]
        parts: list[Samples] = []
        last = ""
        for index, run in enumerate(_LATIN.split("".join(runs))):
            if index % 2:
                samples = self._speak(phonemes_of(run, partner_name), english_style, speed)
            else:
                samples = self._speak(self._mandarin.phonemize(run), style, speed)
            if len(samples):
                # Each run comes trimmed of its silence.
                is_clause = _MARK.search(last.rstrip()[-1:] + run.lstrip()[:1])
                pause_s = CLAUSE_PAUSE_S if is_clause else WORD_PAUSE_S
                parts += [_silence(pause_s / speed), samples] if parts else [samples]
            last = run
        return np.concatenate(parts) if parts else _silence(0)

    def _speak(self, phonemes: str, style: Samples, speed: float) -> Samples:
        """Return the sound of phonemes; none where only punctuation is there."""
        phonemes = re.sub(r"^[\s,.;:!?]+", "", phonemes).strip()
        if not re.search(r"\w", self._kokoro.tokenizer.known(phonemes)):
            return _silence(0)
        samples, _ = self._kokoro.create(phonemes, style, speed=speed, is_phonemes=True)
        return np.asarray(samples, np.float32)


def phonemes_of(text: str, voice_name: str) -> str:
    """Return what Kokoro is given for a text of the voice's language, Chinese aside."""
    letter = voice_name[0]
    sentences = phonemize(text, _ESPEAK_VOICES[letter])
    phonemes = " ".join("".join(sentence) for sentence in sentences)
    for espeak, kokoro in {"a": _US, "b": _UK}.get(letter, _OTHER).items():
        phonemes = phonemes.replace(espeak, kokoro)
    return phonemes


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)
