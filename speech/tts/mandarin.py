"""Chinese text with its numbers written out, and its phonemes as Kokoro learned them."""

import logging
import re
import tempfile

import cn2an
import jieba
from misaki.zh import ZHG2P
from misaki.zh_normalization.text_normalization import TextNormalizer

# jieba prints its progress to stderr at DEBUG.
jieba.setLogLevel(logging.WARNING)

# The normalizer reads a long number digit by digit, as a telephone number; these are amounts.
_AMOUNT = re.compile(r"(?<![\d.,-])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|[1-9]\d*00)(?![\d,年%:-]|\.\d)")
_OPERATOR = re.compile(r"(?<=\d)\s*([+×÷=]|(?<=\s)[-−](?=\s))\s*(?=\d)")
_OPERATOR_WORDS = {"+": "加", "-": "减", "−": "减", "×": "乘", "÷": "除以", "=": "等于"}
_TWO = re.compile(r"(?<![\d.])2(?=\s*(?:[个位本只条张件次种天]|小时|分钟))")
_BREAK = re.compile(r"[（）()…—]+")


class Mandarin:
    """Loads jieba's dictionary (0.6 s), offline. Thread-safe."""

    def __init__(self) -> None:
        # jieba would keep a cache of a guessable name in the shared temporary folder, and read
        # whatever it finds there with `marshal`.
        with tempfile.TemporaryDirectory(prefix="jieba-") as folder:
            jieba.dt.tmp_dir = folder
            jieba.initialize()
        self._normalizer = TextNormalizer()
        self._g2p = ZHG2P()

    def phonemize(self, text: str) -> str:
        """Return Kokoro's phonemes of Chinese text without Latin words."""
        spelled = self.spell_out(text)
        return str(self._g2p(spelled)[0]) if spelled.strip() else ""

    def spell_out(self, text: str) -> str:
        """Return the text with numbers, dates, times and units as they are read aloud."""
        text = _AMOUNT.sub(lambda match: cn2an.an2cn(match[0].replace(",", "")), text)
        text = _OPERATOR.sub(lambda match: _OPERATOR_WORDS[match[1]], text)
        text = _BREAK.sub("，", _TWO.sub("两", text))
        return str(self._normalizer.normalize_sentence(text))
