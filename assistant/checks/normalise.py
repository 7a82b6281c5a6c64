"""One spelling for words that can be written in many ways, often in order to hide them."""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from zhconv.zhconv import getdict

# Chinese, Japanese and Korean have no spaces that would bound a word.
CJK = r"\u1100-\u11ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
LETTER = rf"[^\W_{CJK}]"

_BETWEEN = r"[ .*·~|/\\]"
"""What is put between letters to hide a word; hyphens and underscores are spaces by then."""
_ONE = rf"[^\W\d_{CJK}]"
_NEXT = rf"[^\W_{CJK}]"
# The article of "a b o m b" is none of its letters.
_SPELLED_OUT = (
    rf"(?<![^\W{CJK}])(?![ai] {_ONE} {_NEXT} {_NEXT}(?!\w))"
    rf"{_ONE}({_BETWEEN}{{1,2}}){_NEXT}(?:\1{_NEXT})+"
)
_SPELLED_OUT_BEFORE = re.compile(rf"{_SPELLED_OUT}(?=\W|[{CJK}])")
_SPELLED_OUT_WHOLE = re.compile(rf"{_SPELLED_OUT}(?=\W|[{CJK}]|\Z)")
"""Three single letters or more, with the same sign between: "b.o.m.b", but not "is a b better"."""
_BETWEEN_CJK = re.compile(rf"(?<=[{CJK}]){_BETWEEN}+(?=[{CJK}])")
_AFTER_CJK = re.compile(rf"(?<=[{CJK}]){_BETWEEN}+\Z")
_SIGNS = r"[\s.*·~|/\\_-]{1,2}"
_LETTERS_AT_THE_END = re.compile(
    rf"(?<![^\W{CJK}]){_ONE}{_SIGNS}(?:{_NEXT}{_SIGNS}){{0,20}}{_NEXT}?\Z"
)
_DIGIT_IN_WORD = re.compile(r"(?<=[a-z])[013457@$](?=[a-z])|(?<![^\W_])[@$](?=[a-z])")

_LOOK_ALIKES = str.maketrans(
    "авеіјкмнорԛѕтухѵԝ" "αβεικνορτυχω" "ıɑɡʏ’‘`´",
    "abeijkmhopqstyxvw" "abeikvoptuxw" "iagy''''",
)  # fmt: skip
"""Cyrillic and Greek letters that look like Latin ones, after case folding; and apostrophes."""
_SIGNS_AS_LETTERS = str.maketrans("013457@$", "oieastas")


@dataclass(frozen=True)
class Normalised:
    text: str
    offsets: tuple[int, ...]
    """Of each character, and of the end: where it stands in the original."""


def normalise(text: str, *, is_growing: bool = False) -> Normalised:
    """Return `text` in its plainest spelling, and where each character came from.

    Lower case, half width, without accents and invisible characters, single spaces in place of
    white space, hyphens and underscores; simplified Chinese; look-alikes and digits inside words
    as the letters they stand for; letters that are spelled out ("b.o.m.b", "炸 弹") joined.
    `is_growing`: the text goes on, so letters that are spelled out at its very end, and may be
    followed by more, are left alone; see `spelling`.
    """
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for plain in _fold(character):
            if plain != " " or (characters and characters[-1] != " "):
                characters.append(plain)
                offsets.append(offset)
    plain = "".join(characters)
    dropped: set[int] = set()
    for pattern in (
        (_SPELLED_OUT_BEFORE, _BETWEEN_CJK, _AFTER_CJK)
        if is_growing
        else (_SPELLED_OUT_WHOLE, _BETWEEN_CJK)
    ):
        for match in pattern.finditer(plain):
            dropped.update(match.start() + sign.start() for sign in re.finditer(_BETWEEN, match[0]))
    if dropped:
        kept = [i for i in range(len(plain)) if i not in dropped]
        plain = "".join(plain[i] for i in kept)
        offsets = [offsets[i] for i in kept]
    plain = _DIGIT_IN_WORD.sub(lambda sign: sign[0].translate(_SIGNS_AS_LETTERS), plain)
    return Normalised(plain, (*offsets, len(text)))


def spelling(text: str) -> Iterator[tuple[int, str]]:
    """Yield each word that single letters at the end may be spelling, and where it begins.

    For "a b o" these are "abo", "bo" and "o"; none where the text does not end in such letters.
    """
    letters = _LETTERS_AT_THE_END.search(text)
    if letters:
        for letter in re.finditer(_ONE, letters[0]):
            start = letters.start() + letter.start()
            yield start, normalise(re.sub(r"[\W_]", "", text[start:])).text


@functools.lru_cache(maxsize=20_000)
def _fold(character: str) -> str:
    """Return what stands for one character: mostly one, none where it cannot be seen."""
    folded = ""
    for part in unicodedata.normalize("NFKD", character).casefold():
        category = unicodedata.category(part)
        if part.isspace() or category == "Pd" or part == "_":
            folded += " "
        elif category not in ("Mn", "Me", "Cf", "Cc"):
            folded += part
    return folded.translate(_LOOK_ALIKES).translate(_simplified())


@functools.cache
def _simplified() -> dict[int, str]:
    """Return each traditional character's simplified form.

    zhconv's own conversion looks at whole words, which moves characters; a list and a text that
    go through the same table meet, even where a word is simplified otherwise.
    """
    pairs: dict[str, str] = getdict("zh-hans")
    return {ord(old): new for old, new in pairs.items() if len(old) == len(new) == 1}
