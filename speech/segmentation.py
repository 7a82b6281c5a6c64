"""Words with times become segments: sentences and clauses that can be read along and shown."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from speech.asr.base import Word
from speech.text_width import CJK, columns

MAX_SEGMENT_S = 8.0
MAX_COLUMNS = 84
"""Two lines of a subtitle: 84 Latin letters or 42 Chinese characters."""
MIN_SEGMENT_S = 1.2
"""A shorter one is joined with its neighbour where no pause parts them; nobody can read it."""
LONG_PAUSE_S = 1.0
"""Ends a segment, whatever the words are."""

_CLOSING = re.compile(r"[\s.,;:!?%…。，、；：！？）)\]》」』”’\"'\-–—]+")
_OPENING = re.compile(r"\s*[（(\[《「『“‘]+")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’）)\]》」』]*$")
_CLAUSE_END = re.compile(r"[,;:，；：、—–][\"'”’）)\]》」』]*$")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd|vs|etc|No)|\b(?:[A-Za-z]\.)*[A-Z])\.$"
)


@dataclass(frozen=True, kw_only=True)
class Passage(Word):
    """Words in a row, with their text together, stripped."""

    words: tuple[Word, ...] = ()


def segment(words: Sequence[Word]) -> list[Passage]:
    """Return whole words, at their places, joined into segments."""
    sentences = _split(words, _ends_sentence)
    clauses = [clause for sentence in sentences for clause in _shorten(sentence)]
    return [
        Passage(
            start_s=clause[0].start_s,
            end_s=clause[-1].end_s,
            text=text,
            tokens=_join(clause).tokens,
            words=tuple(word for word in clause if word.text.strip()),
        )
        for clause in _without_scraps(clauses)
        if (text := _join(clause).text.strip())
    ]


def whole_words(words: Sequence[Word]) -> list[Word]:
    """Return the words, the pieces of each joined, and marks with the words they belong to."""
    whole: list[Word] = []
    for word in words:
        if whole and not _may_part(whole[-1].text, word.text):
            whole[-1] = _join([whole[-1], word])
        else:
            whole.append(word)
    return whole


def _may_part(before: str, after: str) -> bool:
    if _CLOSING.fullmatch(after) or _OPENING.fullmatch(before):
        return False
    return bool(
        after[:1].isspace()
        or before[-1:].isspace()
        or re.search(f"[{CJK}，。！？；：、]$", before)
        or re.match(f"[{CJK}]", after)
    )


def _ends_sentence(before: Word, after: Word) -> bool:
    return after.start_s - before.end_s >= LONG_PAUSE_S or _is_sentence_end(before.text)


def _is_sentence_end(text: str) -> bool:
    return bool(_SENTENCE_END.search(text)) and not _ABBREVIATION.search(text)


def _split(words: Sequence[Word], ends: Callable[[Word, Word], bool]) -> list[list[Word]]:
    parts = [[*words[:1]]] if words else []
    for before, after in pairwise(words):
        if ends(before, after):
            parts.append([])
        parts[-1].append(after)
    return parts


def _shorten(words: list[Word]) -> list[list[Word]]:
    """Cut where the speaker paused or a clause ends, near the middle, until every part is short."""
    if len(words) < 2 or _fits(words):
        return [words]
    start_s, length_s = words[0].start_s, max(0.1, words[-1].end_s - words[0].start_s)

    def fitness(cut: int) -> float:
        before, after = words[cut - 1], words[cut]
        off_centre = abs((before.end_s + after.start_s) / 2 - start_s - length_s / 2) / length_s
        pause_s = min(after.start_s - before.end_s, LONG_PAUSE_S)
        return pause_s + (0.6 if _CLAUSE_END.search(before.text) else 0.0) - 2 * off_centre

    cut = max(range(1, len(words)), key=fitness)
    return [*_shorten(words[:cut]), *_shorten(words[cut:])]


def _without_scraps(parts: list[list[Word]]) -> list[list[Word]]:
    kept: list[list[Word]] = []
    for part in parts:
        if kept and (_is_scrap(part) or _is_scrap(kept[-1])):
            both = [*kept[-1], *part]
            if part[0].start_s - kept[-1][-1].end_s < LONG_PAUSE_S and _fits(both):
                kept[-1] = both
                continue
        kept.append(part)
    return kept


def _is_scrap(words: list[Word]) -> bool:
    return words[-1].end_s - words[0].start_s < MIN_SEGMENT_S


def _fits(words: list[Word]) -> bool:
    joined = _join(words)
    return (
        joined.end_s - joined.start_s <= MAX_SEGMENT_S
        and columns(joined.text.strip()) <= MAX_COLUMNS
    )


def _join(words: Sequence[Word]) -> Word:
    return Word(
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text="".join(word.text for word in words),
        tokens=tuple(token for word in words for token in word.tokens),
    )
