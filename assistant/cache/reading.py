"""What a question says, word by word, in a form that can be compared."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cn2an
import jieba.posseg

from assistant.cache.normal_form import normalise, simplify
from assistant.cache.vocabulary import Vocabulary, lemma, load_vocabulary, phrases

_WORD = re.compile(r"[^\W\d]+(?:'[^\W\d_]+)*[+#]*|-?\d+(?:\.\d+)?|[%+*/=]")
_IS = frozenset(
    [
        "what",
        "who",
        "where",
        "when",
        "how",
        "why",
        "it",
        "that",
        "there",
        "here",
        "he",
        "she",
        "which",
    ]
)
"""Before 's these say "is"; whatever else has it owns something."""
_PAST = {"was", "were", "did", "had"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NUMERAL_ZH = re.compile(
    "[零〇一二两三四五六七八九十][零〇一二两三四五六七八九十百千万亿]*(?:点[零一二三四五六七八九]+)?"
)
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS: dict[str, float] = {
    **{word: value for value, word in enumerate(_SMALL)},
    **{word: value for value, word in enumerate(_ORDINALS, 2)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    "half": 0.5,
    "dozen": 12,
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9}
_NAME_FLAGS = ("nr", "ns", "nt", "nz", "eng")


@dataclass(frozen=True, kw_only=True)
class Reading:
    asks: frozenset[str]
    """`what`, `who`, `when`, `where`, `why`, `how`, `how_many` …, `yes_no`."""
    numbers: tuple[tuple[float, str], ...]
    """Each with the content word that follows it, or ""."""
    negations: int
    content: tuple[str, ...]
    """Canonical words in the order said, without those that only hold the sentence together;
    in the alphabet's order where the order says nothing, as with a distance."""
    names: frozenset[str]
    owners: frozenset[str]
    """Of the content, what stood before `'s`: France's capital is the capital of France."""
    after_ask: str
    """The content word that follows the question word, or ""."""
    is_past: bool
    directed: frozenset[str]
    """Of the content, what makes the order matter: Paris to London is not London to Paris."""


@functools.lru_cache(maxsize=4096)
def read(question: str, language: str) -> Reading:
    vocabulary = load_vocabulary(language)
    words, names, owners, is_past = (_read_zh if language == "zh" else _read_en)(
        question, vocabulary
    )
    asks = {word[1:] for word in words if word.startswith("?")}
    said = [word for word in words if not word.startswith("?")]
    if language == "en" and not asks and said and said[0] in vocabulary.yes_no:
        asks = {"yes_no"}
    if language == "zh" and (not asks - {"yes_no"} and re.search(r"吗\W*$", question.strip())):
        asks = {"yes_no"}
    # "What is the best way to" asks how; a question that asks in none of these ways asks what.
    asks = (asks - {"what"}) or {"what"}
    content = [word for word in words if _is_content(word, vocabulary)]
    if vocabulary.measures & set(content) and asks & {"how_many", "where"}:
        asks = {"what"}
    is_ordered = not vocabulary.symmetric & set(content) and not (
        asks == {"who"} and vocabulary.makes & set(content)
    )
    if not is_ordered:
        content = sorted(set(content) - vocabulary.directed)
    return Reading(
        asks=frozenset(asks),
        numbers=tuple(_numbers(said, vocabulary)),
        negations=sum(word in vocabulary.negations for word in said),
        content=tuple(content),
        names=frozenset(names) | (frozenset(content) & vocabulary.places),
        owners=frozenset(owners),
        after_ask=_after_ask(words, vocabulary) if is_ordered else "",
        is_past=is_past,
        directed=vocabulary.directed & set(content),
    )


def _is_content(word: str, vocabulary: Vocabulary) -> bool:
    return not (
        word.startswith("?")
        or word in vocabulary.function_words
        or word in vocabulary.negations
        or _is_number(word)
    )


def _after_ask(words: list[str], vocabulary: Vocabulary) -> str:
    asked = next((place for place, word in enumerate(words) if word.startswith("?")), len(words))
    return next((word for word in words[asked:] if _is_content(word, vocabulary)), "")


_Words = tuple[list[str], set[str], set[str], bool]


def _read_en(question: str, vocabulary: Vocabulary) -> _Words:
    text = simplify(question).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text)
    text = re.sub(r"(?<=\d)\s*a\.?m\b", " ante_meridiem", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\d)\s*p\.?m\b", " post_meridiem", text, flags=re.IGNORECASE)
    text = re.sub(r"\bUS\b|\bU\.S\.(?:A\.)?", "USA", text)
    words = _WORD.findall(text)
    capitals = [word for word in words if word[0].isupper() and word != "I"]
    # In a title, or where somebody shouts, a capital says nothing.
    says_names = len(capitals) <= max(2, len(words) // 2) and not text.isupper()
    forms: list[str] = []
    names: set[str] = set()
    owners: set[str] = set()
    for place, word in enumerate(words):
        stem, _, ending = word.partition("'")
        form = lemma(stem.casefold()) if ending in ("", "s") else word.casefold().replace("'", "")
        forms.append(form)
        if ending == "s":
            if stem.casefold() in _IS:
                forms.append("be")
            else:
                owners.add(form)
        if says_names and place and word[0].isupper() and word != "I":
            names.add(form)
    canonical = vocabulary.canonical
    found = phrases("en").sub(lambda match: canonical[match[0]].replace(" ", "_"), " ".join(forms))
    is_past = any(word.casefold() in _PAST for word in words)
    return found.split(), names, owners, is_past


def _read_zh(question: str, vocabulary: Vocabulary) -> _Words:
    text = normalise(question)
    counters = vocabulary.classifiers
    text = re.sub(rf"(?<=[几哪少])一?[{counters}](?!月|小时|世纪|星期)", "", text)
    text = re.sub(rf"(?<!第)一[{counters}](?!月|小时|世纪|星期)", "", text)
    canonical = vocabulary.canonical
    words: list[str] = []
    names: set[str] = set()
    end = 0
    for match in phrases("zh").finditer(text):
        _cut(text[end : match.start()], vocabulary, words, names)
        words.append(canonical[match[0]])
        end = match.end()
    _cut(text[end:], vocabulary, words, names)
    for asked in vocabulary.yes_no:
        if asked in text:
            words.append("?yes_no")
    return [word for word in words if word], names, set(), False


def _cut(text: str, vocabulary: Vocabulary, words: list[str], names: set[str]) -> None:
    if not text:
        return
    # 一百二十 becomes 120; that 一般 becomes 1般 does no harm, as it does so on both sides.
    for word, flag in jieba.posseg.cut(_NUMERAL_ZH.sub(_digits, text)):
        word = vocabulary.canonical.get(word, word).strip()
        for part in re.findall(r"-?\d+(?:\.\d+)?|[^\d\s]+", word):
            words.append(part)
            if flag in _NAME_FLAGS and len(part) > 1:
                names.add(part)


def _digits(numeral: re.Match[str]) -> str:
    try:
        return str(cn2an.cn2an(numeral[0], "smart"))
    except ValueError:  # 一百万亿万
        return numeral[0]


def _is_number(word: str) -> bool:
    return word in _NUMBERS or word in _SCALES or _NUMBER.fullmatch(word) is not None


def _numbers(words: list[str], vocabulary: Vocabulary) -> Iterator[tuple[float, str]]:
    total: Any = None
    for place, word in enumerate([*words, ""]):
        if word in _SCALES:
            total = (1 if total is None else total) * _SCALES[word]
            continue
        if word == "and" and total is not None:
            continue
        is_small = word in _NUMBERS and total is not None and total >= 20 and _NUMBERS[word] < 20
        if is_small:  # Twenty-five, two hundred and five.
            total += _NUMBERS[word]
            continue
        if total is not None:
            yield (
                float(total),
                next((next_ for next_ in words[place:] if _is_content(next_, vocabulary)), ""),
            )
        total = float(word) if _NUMBER.fullmatch(word) else _NUMBERS.get(word)
