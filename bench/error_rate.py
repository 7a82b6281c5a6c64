"""How many words, or in Chinese and Japanese characters, were heard wrong."""

import re
from dataclasses import dataclass

import jiwer
import zhconv
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

BY_CHARACTER = ("zh", "ja")
_ENGLISH, _BASIC = EnglishTextNormalizer(), BasicTextNormalizer()
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")


@dataclass
class Errors:
    wrong: int = 0
    total: int = 0

    def add(self, reference: str, heard: str, language: str) -> None:
        words, heard = normalize(reference, language), normalize(heard, language)
        n_words = len(words.split())
        self.total += n_words
        if not heard:
            self.wrong += n_words
            return
        result = jiwer.process_words(words, heard)
        self.wrong += result.substitutions + result.deletions + result.insertions

    @property
    def percent(self) -> float:
        return 100 * self.wrong / max(1, self.total)


def normalize(text: str, language: str) -> str:
    """Return `text` without what two writers of the same words may do differently."""
    if language == "en":
        return str(_ENGLISH(text))
    if language == "zh":
        text = zhconv.convert(text, "zh-cn").translate(_DIGITS)
    if language == "ru":
        text = text.replace("ё", "е").replace("Ё", "Е")
    text = _BASIC(text)
    if language in BY_CHARACTER:
        text = " ".join(text.replace(" ", ""))
    return re.sub(r"\s+", " ", text).strip()
