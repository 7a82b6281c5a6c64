"""A second look at two questions that an embedding finds near: do they ask the same?"""

import re
from collections import Counter
from typing import Literal

from assistant.cache.normal_form import simplify
from assistant.cache.reading import Reading, read
from assistant.cache.vocabulary import lemma, load_vocabulary

Judgement = Literal["same", "different", "unsure"]

_THAN = {"than", "比"}
_WORD = re.compile(r"[^\W\d_]+")
_PARTS = {"for", "to", "with", "from", "about", "against"}
"""Built for whom is not built by whom; "by" only names who did it."""
_PART_ZH = re.compile("为(?=谁|哪|什么人)|[给对替向跟和与比从用](?=谁|哪|什么)")
_COUNTER_ZH = re.compile(
    r"(?<=[几少\d零一二两三四五六七八九十百千万半])[对双群段副套组打串排堆箱盒包袋瓶杯碗滴片页]"
)
"""Counters that hold more than one, or less than the whole: 几对 is half of 几条."""


def compare(first: str, second: str, language: str) -> Judgement:
    """Judge by numbers, negation, question words, names, opposites and what else is said.

    `same` and `different` are final; `unsure` is for a language model to judge.
    """
    a, b = read(first, language), read(second, language)
    if _contradict(a, b):
        return "different"
    vocabulary = load_vocabulary(language)
    only_a = Counter(a.content) - Counter(b.content)
    only_b = Counter(b.content) - Counter(a.content)
    if any(word in a.names | b.names | a.directed | b.directed for word in (*only_a, *only_b)):
        return "different"
    if any(vocabulary.exclude(word, other) for word in only_a for other in only_b):
        return "different"
    if language == "zh" and any(
        # 调大 and 调小, 左脑 and 右脑: the opposites are inside the words.
        vocabulary.exclude(character, other)
        for character in set("".join(only_a)) - set("".join(only_b))
        for other in set("".join(only_b)) - set("".join(only_a))
    ):
        return "different"
    if only_a or only_b or not a.content:
        return "unsure"
    if _is_swapped(a, b) or _is_compared_the_other_way(a, b):
        return "different"
    if not _agree(a, b, language):
        return "unsure"
    details = _details_zh if language == "zh" else _details_en
    return "same" if details(first, a, b) == details(second, a, b) else "unsure"


def _contradict(a: Reading, b: Reading) -> bool:
    if {value for value, _ in a.numbers} - {1} != {value for value, _ in b.numbers} - {1}:
        return True  # A one is often only an article: a mile, one mile.
    if a.negations != b.negations:
        return True
    for (_, counted), (_, other) in zip(a.numbers, b.numbers, strict=False):
        # Bits in 4 bytes, bytes in 4 bits.
        if counted != other and counted in b.content and other in a.content:
            return True
    if a.asks & b.asks:
        return False
    # "What" can ask for nearly anything, but never for yes or no.
    return "what" not in a.asks | b.asks or "yes_no" in a.asks | b.asks


def _is_swapped(a: Reading, b: Reading) -> bool:
    """Say whether subject and object changed places: cats fear dogs, dogs fear cats."""
    return (
        a.content != b.content
        and len(a.content) > 2
        and (a.content[0], a.content[-1]) == (b.content[-1], b.content[0])
        and a.content[1:-1] == b.content[1:-1]
        and not (a.owners | b.owners)
        and a.after_ask != b.after_ask
    )


def _is_compared_the_other_way(a: Reading, b: Reading) -> bool:
    """Say whether what stood before the "than" and what stood after it changed places."""
    for than in _THAN & {*a.content} & {*b.content}:
        before_a = {*a.content[: a.content.index(than)]}
        before_b = {*b.content[: b.content.index(than)]}
        if before_a - before_b and before_b - before_a:
            return True
    return False


def _agree(a: Reading, b: Reading, language: str) -> bool:
    """Say whether two readings with the same words leave no doubt."""
    if a.asks != b.asks or a.numbers != b.numbers or a.is_past != b.is_past:
        return False
    free = a.owners | b.owners
    in_order = [word for word in a.content if word not in free] == [
        word for word in b.content if word not in free
    ]
    if language == "en" or not a.asks & {"what", "who"}:
        return in_order
    # In Chinese the question word stands where its answer would: 发烧是什么引起的, 发烧会引起什么.
    return len(a.content) == 1 or (a.after_ask == b.after_ask and not a.directed)


def _details_en(question: str, a: Reading, b: Reading) -> set[str]:
    """Return what the readings leave out though an answer may turn on it."""
    text = simplify(question).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = _WORD.findall(text.replace("'s", ""))
    # Alien and Aliens are two films: a name has no dictionary form.
    names = (a.names | b.names) & {*a.content, *b.content}
    details = {word for word in words if lemma(word) in names}
    if a.asks == {"who"}:
        details |= _PARTS & set(words)
    return details


def _details_zh(question: str, a: Reading, b: Reading) -> set[str]:
    text = simplify(question)
    return {*_PART_ZH.findall(text), *_COUNTER_ZH.findall(text)}
