"""Latin and Chinese text side by side: how wide it is, and where no space belongs."""

import re
import unicodedata

CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""For a regular expression's class: Chinese characters and kana, not their punctuation."""
_SPACELESS = re.compile(rf"[{CJK}\u3000-\u303f\uff00-\uffef]")


def columns(text: str) -> int:
    """Return how wide the text is, in Latin letters; a Chinese character has the width of two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def join_lines(before: str, after: str) -> str:
    """Return both, with a space between them unless Chinese stands there."""
    if not before or _SPACELESS.match(before[-1:]) or _SPACELESS.match(after[:1]):
        return before + after
    return f"{before} {after}"
