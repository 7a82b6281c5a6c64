"""Where the terms of one category stand in a text, and which of these places are innocent."""

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from assistant.checks.normalise import LETTER

_MAY_GO_ON = regex.compile(rf"{LETTER}\Z")
_MANY = 30
"""Hits of one pattern, after which a text is no longer believed to be innocent; also a bound."""
_SENTENCE_ENDS = ".!?。"
_PHRASE_CHARS = 150
"""So far from a term an innocent phrase may begin and end: a bound to the cost of long texts."""


@dataclass(frozen=True)
class Entry:
    pattern: "regex.Pattern[str]"
    mark: str = ""
    """What stood in front of it: `?`, `!`, `~` or nothing."""
    needs: "regex.Pattern[str] | None" = None


@dataclass(frozen=True)
class Lists:
    """All of one category."""

    found: Sequence[Entry]
    phrases: Sequence["regex.Pattern[str]"]
    sentences: Sequence["regex.Pattern[str]"]

    def search(
        self, pattern: "regex.Pattern[str]", text: str, searched: int, is_growing: bool
    ) -> tuple[list[tuple[int, int]], int]:
        """Return the spans in the normalised text, and how far they are sure."""
        spans: list[tuple[int, int]] = []
        for number, match in enumerate(pattern.finditer(text, searched)):
            start, searched = match.span()
            if is_growing and searched == len(text) and _MAY_GO_ON.search(text):
                return spans, start
            if number < _MANY and self._is_innocent(text, start, searched):
                continue
            if is_growing and any(_may_cover(phrase, text, start) for phrase in self.phrases):
                return spans, start
            spans.append((start, searched))
        if is_growing:
            begun = pattern.search(text, searched, partial=True)
            if begun and begun.partial:
                return spans, begun.start()
        return spans, len(text)

    def _is_innocent(self, text: str, start: int, end: int) -> bool:
        first = max(0, start - _PHRASE_CHARS)
        last = end + _PHRASE_CHARS
        if any(
            match.start() <= start and end <= match.end()
            for phrase in self.phrases
            for match in phrase.finditer(text, first, last)
        ):
            return True
        first = max(first, *(text.rfind(stop, 0, start) for stop in _SENTENCE_ENDS))
        ends = [place for stop in _SENTENCE_ENDS if (place := text.find(stop, end)) >= 0]
        return any(phrase.search(text, first, min(last, *ends, last)) for phrase in self.sentences)


def _may_cover(phrase: "regex.Pattern[str]", text: str, start: int) -> bool:
    searched = max(0, start - _PHRASE_CHARS)
    while match := phrase.search(text, searched, partial=True):
        if match.partial:
            return match.start() <= start
        searched = match.end()
    return False
