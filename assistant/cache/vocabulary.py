"""What the second look knows about words, from `words.toml`: one canonical word for each idea."""

import functools
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from simplemma import lemmatize

_OPPOSING_PREFIXES = {
    "un",
    "in",
    "im",
    "il",
    "ir",
    "dis",
    "non",
    "de",
    "anti",
    "mis",
    "sub",
    "hyper",
    "hypo",
}


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    canonical: dict[str, str]
    """Word or phrase → the word that stands for it: "" for what says nothing, `?why` and its
    like for what asks."""
    function_words: frozenset[str]
    negations: frozenset[str]
    yes_no: frozenset[str]
    directed: frozenset[str]
    symmetric: frozenset[str]
    makes: frozenset[str]
    measures: frozenset[str]
    classifiers: str
    exclusive: dict[str, frozenset[int]]
    """Canonical word → the groups of which at most one word can be meant."""
    places: frozenset[str]
    """Single words that name countries and regions."""

    def exclude(self, first: str, second: str) -> bool:
        shared = self.exclusive.get(first, frozenset()) & self.exclusive.get(second, frozenset())
        if first != second and shared:
            return True
        # Happy and unhappy, formal and informal.
        long, short = (first, second) if len(first) > len(second) else (second, first)
        return (
            len(short) > 3
            and long.endswith(short)
            and long.removesuffix(short) in _OPPOSING_PREFIXES
        )


@functools.cache
def load_vocabulary(language: str) -> Vocabulary:
    words = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))[language]
    form: Callable[[str], str] = lemmas if language == "en" else str
    canonical = {form(phrase): "" for phrase in words["empty"]}
    for asked, phrases in words["asks"].items():
        canonical |= {form(phrase): f"?{asked}" for phrase in phrases}
    for group in words["same"]["groups"]:
        for phrase in group:
            canonical.setdefault(form(phrase), group[0].replace(" ", "_"))
    exclusive: dict[str, frozenset[int]] = {}
    for number, group in enumerate(words["exclusive"]["groups"]):
        for word in group:
            canonical.setdefault(form(word), form(word).replace(" ", "_"))
            word = canonical.get(form(word), form(word).replace(" ", "_"))
            exclusive[word] = exclusive.get(word, frozenset()) | {number}
    return Vocabulary(
        canonical=canonical,
        function_words=frozenset(words["function"]),
        negations=frozenset(words["negations"]),
        yes_no=frozenset(words["yes_no"]),
        directed=frozenset(words["directed"]),
        symmetric=frozenset(words["symmetric"]),
        makes=frozenset(words["makes"]),
        measures=frozenset(words["measures"]),
        classifiers=words.get("classifiers", ""),
        exclusive=exclusive,
        places=frozenset(_places(language)),
    )


@functools.cache
def phrases(language: str) -> re.Pattern[str]:
    """Return what finds the canonical phrases in a text, the longest first."""
    known = load_vocabulary(language).canonical
    if language == "zh":
        # A single character may be part of any word; these rarely are, and 几何 is listed.
        known = {phrase: "" for phrase in known if len(phrase) > 1 or phrase in "谁啥咋几哪"}
    found = "|".join(re.escape(phrase) for phrase in sorted(known, key=len, reverse=True))
    return re.compile(found if language == "zh" else rf"(?<!\S)(?:{found})(?!\S)")


def lemmas(text: str) -> str:
    """Return English words in their dictionary forms: `was boiling` as `be boil`."""
    return " ".join(lemma(word) for word in text.split())


@functools.lru_cache(maxsize=10_000)
def lemma(word: str) -> str:
    return _PRONOUNS.get(word) or str(lemmatize(word, lang="en")).casefold()


# Lemmatisers disagree about these; in a question `me` and `I` are one.
_PRONOUNS = {
    "me": "i",
    "as": "as",
    "us": "us",
    "its": "its",
    "am": "be",
    "'s": "be",
    "left": "left",
}


def _places(language: str) -> Iterable[str]:
    for code, name in Locale(language).territories.items():
        if code.isalpha():
            name = name.casefold()
            yield lemma(name) if language == "en" else name
