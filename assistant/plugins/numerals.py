"""Numbers as people type and say them, in English and Chinese: what they look like, and read."""

import re
from decimal import Decimal

import cn2an
import zhconv
from text_to_num import alpha2digit

_EN_WORD = (
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|"
    r"ninety|hundred|thousand|million|billion|trillion|point)"
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d.]*\d)"
_ZH_DIGITS = "零〇一二三四五六七八九十百千万亿两廿"

EN_NUMBER = (
    rf"(?:\$?{_DIGITS}(?: (?:hundred|thousand|million|billion|trillion)\b)?|"
    rf"\b(?:a (?=hundred|thousand|million|billion))?{_EN_WORD}"
    rf"(?:(?: and | |-){_EN_WORD})*\b)"
)
"""A regular expression, to be searched in any case of letters, for a number without its sign."""
ZH_NUMBER = rf"(?:{_DIGITS}[百千万亿]*|[{_ZH_DIGITS}]+(?:点[{_ZH_DIGITS}]+)?[万亿]*)"

_SCALES = {"百": 2, "千": 3, "万": 4, "亿": 8}
_EN_SCALED = re.compile(r"(\d+(?:\.\d+)?) (1(?:00|(?:000)+))(?![\d.])")
_ZH_RUN = re.compile(
    rf"(?P<digits>{_DIGITS})(?P<scales>[百千万亿]+)|"
    rf"(?!一半)[{_ZH_DIGITS}]+?(?:点[{_ZH_DIGITS}]+?)?(?![{_ZH_DIGITS}点])"
)


def in_simplified(text: str) -> str:
    """Return the same words in simplified characters, one for one."""
    return str(zhconv.convert(text, "zh-hans"))


def with_digits(text: str) -> str:
    """Return the text with each number in digits: "a hundred times two" as "100 times 2"."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text).replace("$", "")
    text = re.sub(r"\ba (?=hundred|thousand|million|billion)", "one ", text, flags=re.IGNORECASE)
    if re.search("[a-z]", text, re.IGNORECASE):
        text = alpha2digit(text, "en", threshold=0)
        text = _EN_SCALED.sub(lambda match: plain(Decimal(match[1]) * Decimal(match[2])), text)
    return _ZH_RUN.sub(_read_zh, in_simplified(text))


def plain(number: Decimal) -> str:
    """Return all its digits, and no zeros after the last that counts."""
    digits = f"{number:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in ("-0", "") else digits


def _read_zh(match: re.Match[str]) -> str:
    if match["digits"]:
        power = sum(_SCALES[scale] for scale in match["scales"])
        return plain(Decimal(match["digits"]) * 10**power)
    number = match[0]
    unscaled = number.rstrip("万亿") if "点" in number else number  # cn2an reads no 三点五万.
    try:
        value = Decimal(str(cn2an.cn2an(unscaled, "smart")))
    except ValueError:
        return number
    return plain(value * 10 ** sum(_SCALES[scale] for scale in number[len(unscaled) :]))
