"""Finding what was said, and in which conversation."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.history import Exchange
from workers.conversation_records import Conversation
from workers.conversation_store import RedisConversations

MAX_EXCHANGES = 20_000
"""Read for one search: about 0.4 s. Of conversations beyond them only the titles are looked at."""
_PAGE = 50
_BEFORE, _AFTER = 40, 80
"""Columns around a match; a Chinese character takes two."""

# Chinese, Japanese and Korean may be cut anywhere.
_WORD = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_WIDE = frozenset("WF")
_NO_BEGINNING = " ，。！？；：、,.!?;:）)」』”’…"
_NO_END = " ，；：、,;:（(「『“‘"


@dataclass(frozen=True, kw_only=True)
class Match:
    turn_id: str
    text: str
    """A snippet, in one line."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    conversation: Conversation
    match: Match | None
    """None where the title matched."""


def search(conversations: RedisConversations, user_id: str, query: str) -> Iterator[Hit]:
    """Yield the user's conversations that say all words of the query, the last used first.

    The words stand in the title, or in one turn that was not superseded. Capitals do not matter.
    """
    words = query.split()
    phrase = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    patterns = [re.compile(re.escape(word), re.IGNORECASE) for word in words]
    looked_at = 0
    for conversation in _all(conversations, user_id):
        if all(pattern.search(conversation.title) for pattern in patterns):
            yield Hit(conversation=conversation, match=None)
        elif looked_at < MAX_EXCHANGES:
            exchanges = conversations.exchanges(conversation.id)
            looked_at += len(exchanges)
            superseded = conversations.succession.superseded(conversation.id)
            said = [item for item in exchanges if item.turn_id not in superseded]
            if match := _first_match(said, patterns, phrase):
                yield Hit(conversation=conversation, match=match)


def _all(conversations: RedisConversations, user_id: str) -> Iterator[Conversation]:
    ids = conversations.ids(user_id)
    for start in range(0, len(ids), _PAGE):
        yield from conversations.get_all(ids[start : start + _PAGE])


def _first_match(
    exchanges: Sequence[Exchange], patterns: Sequence[re.Pattern[str]], phrase: re.Pattern[str]
) -> Match | None:
    for exchange in exchanges:
        texts = [" ".join(text.split()) for text in (exchange.question, exchange.answer)]
        if all(any(pattern.search(text) for text in texts) for pattern in patterns):
            # Where the words stand together is the best place to show, then the first of them.
            found = (pattern.search(text) for pattern in (phrase, *patterns) for text in texts)
            match = next(match for match in found if match)
            return Match(
                turn_id=exchange.turn_id, text=snippet(match.string, match.start(), match.end())
            )
    return None


def snippet(text: str, start: int, end: int) -> str:
    """Return what stands around `text[start:end]`, without words that would be cut in two."""
    first = start - _fitting(text[max(0, start - _BEFORE) : start][::-1], _BEFORE)
    last = end + _fitting(text[end : end + _AFTER], _AFTER)
    if first and _WORD.match(text, first - 1) and (broken := _WORD.match(text, first)):
        first = min(start, broken.end())
    if last < len(text) and _WORD.match(text, last):
        while last > end and _WORD.match(text, last - 1):
            last -= 1
    before, after = text[first:start], text[end:last]
    if first:
        before = "…" + before.lstrip(_NO_BEGINNING)
    if last < len(text):
        after = after.rstrip(_NO_END) + "…"
    return before + text[start:end] + after


def _fitting(text: str, columns: int) -> int:
    """Return how many characters from the beginning of the text have room."""
    for count, character in enumerate(text):
        columns -= 2 if unicodedata.east_asian_width(character) in _WIDE else 1
        if columns < 0:
            return count
    return len(text)
