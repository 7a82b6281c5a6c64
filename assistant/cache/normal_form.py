"""One spelling for questions that are the same to the letter but for how they were typed."""

import re
import unicodedata

import zhconv

HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
# What carries meaning stays: 1.5 is not 15, -5 not 5, 2+2 not 2*2, C++ not C.
_PUNCTUATION = re.compile(r"(?<!\d)\.|\.(?!\d)|(?<![\s\w])-|-(?!\d)|[^\w\s.\-+#*/=<>%^°$€£¥√π×÷]|_")
_POLITE_START = re.compile(
    rf"^(?:(?:please|hey|hi|hello|ok|okay|so|well|um+|uh+|er+|hmm+)\s+(?=\S)"
    rf"|(?:请问(?:一下)?|请|你好|您好|麻烦(?:你|您)?|嗯+|那个(?=[{HAN}]))\s*(?=\S))+"
)
_POLITE_END = re.compile(
    r"(?:\s+(?:please|thanks|thank you|thank you very much)|谢谢(?:你|您)?|[呢啊呀哦])+$"
)
_GAP_BESIDE_HAN = re.compile(rf"(?<=[{HAN}])\s+|\s+(?=[{HAN}])")


def simplify(text: str) -> str:
    """Return the text in NFKC and simplified Chinese, case kept."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    simplified: str = zhconv.convert(text, "zh-cn")
    return simplified


def normalise(question: str) -> str:
    """Return the question without case, punctuation, politeness and traditional characters."""
    text = (
        simplify(question)
        .casefold()
        .replace("'", "")
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = " ".join(_PUNCTUATION.sub(" ", text).split())
    text = _GAP_BESIDE_HAN.sub("", text)
    return _POLITE_END.sub("", _POLITE_START.sub("", text)) or text
