"""Words with times become segments: sentences and clauses that can be read along and shown.

Whisper's alignment says when a word begins to about 0.2 s and knows no silence: the pause before
a word counts as its part. So pauses that the speech detector found are put where they fit.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from speech.asr.base import Word
from speech.text_width import CJK, columns
from speech.vad import Span

MAX_SEGMENT_S = 8.0
MAX_COLUMNS = 84
"""Two lines of a subtitle: 84 Latin letters or 42 Chinese characters."""
MIN_SEGMENT_S = 1.2
"""A shorter one is joined with its neighbour where no pause parts them; nobody can read it."""
LONG_PAUSE_S = 1.0
"""Ends a segment, whatever the words are."""
_REACH_S = 0.6
"""How far from a pause its place among the words is looked for."""

_CLOSING = re.compile(r"[\s.,;:!?%…。，、；：！？）)\]》」』”’\"'\-–—]+")
_OPENING = re.compile(r"\s*[（(\[《「『“‘]+")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’）)\]》」』]*$")
_CLAUSE_END = re.compile(r"[,;:，；：、—–][\"'”’）)\]》」』]*$")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd|vs|etc|No)|\b(?:[A-Za-z]\.)*[A-Z])\.$"
)


def segment(words: Sequence[Word], pauses: Sequence[Span]) -> list[Word]:
    """Return the words joined into segments, with the text of each stripped.

    `pauses`: as `speech.vad.find_pauses` finds them in the same window.
    """
    placed = _place(_whole_words(words), pauses)
    sentences = _split(placed, _ends_sentence)
    clauses = [clause for sentence in sentences for clause in _shorten(sentence)]
    return [
        replace(joined, text=text)
        for joined in map(_join, _without_scraps(clauses))
        if (text := joined.text.strip())
    ]


def _whole_words(words: Sequence[Word]) -> list[Word]:
    """Join what must not be parted: pieces of a word, and marks with their words."""
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


def _place(words: list[Word], pauses: Sequence[Span]) -> list[Word]:
    """Put each pause between the two words that it parts, or before or after all of them."""
    if not words:
        return words
    starts, ends = [word.start_s for word in words], [word.end_s for word in words]
    taken: set[int] = set()
    for pause in pauses:
        # Boundary k stands before word k.
        nearest, place = min(
            (_distance(words, boundary, pause), boundary) for boundary in range(len(words) + 1)
        )
        if nearest > _REACH_S:
            continue
        # A breath may part one pause in two, which then ends the word before once only.
        if place > 0 and place not in taken:
            ends[place - 1] = pause.start_s
        if place < len(words):
            starts[place] = pause.end_s
        taken.add(place)
    placed = []
    end_s = 0.0
    for word, start_s, wanted_s in zip(words, starts, ends, strict=True):
        start_s = max(start_s, end_s)
        end_s = max(start_s, wanted_s)
        placed.append(replace(word, start_s=start_s, end_s=end_s))
    return placed


def _distance(words: list[Word], boundary: int, pause: Span) -> float:
    """Return how badly the pause fits there, in seconds; people pause where marks are written."""
    at_s = words[boundary].start_s if boundary < len(words) else words[-1].end_s
    apart_s = max(pause.start_s - at_s, at_s - pause.end_s, 0.0)
    before = words[boundary - 1].text if boundary else ""
    is_marked = not before or _CLAUSE_END.search(before) or _is_sentence_end(before)
    return apart_s - (0.2 if is_marked else 0.0)


def _ends_sentence(before: Word, after: Word) -> bool:
    return after.start_s - before.end_s >= LONG_PAUSE_S or _is_sentence_end(before.text)


def _is_sentence_end(text: str) -> bool:
    return bool(_SENTENCE_END.search(text)) and not _ABBREVIATION.search(text)


def _split(words: list[Word], ends: Callable[[Word, Word], bool]) -> list[list[Word]]:
    parts = [words[:1]] if words else []
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
        start_s=words[0].start_s, end_s=words[-1].end_s, text="".join(word.text for word in words)
    )
