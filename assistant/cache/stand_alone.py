"""Which questions the cache may answer: those that lean on nothing but their own words."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from assistant.cache.normal_form import HAN, normalise, simplify

Reason = Literal["history", "personal", "time", "variety", "text"]

_MAX_CHARS = 200
"""What is longer brings a text or a story of its own."""
_SIGNS = {
    name: re.compile(
        rf"(?<![a-z0-9])(?:{'|'.join(words['en'])})(?![a-z0-9])|{'|'.join(words['zh'])}"
    )
    for name, words in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    ).items()
}
# Addresses, code, long numbers and long quotations, which the normal form does not keep.
_BROUGHT_ALONG = re.compile(
    r"https?://|www\.|\S@\S+\.\w|```|\n|\d{7,}|[\"“「『《][^\"”」』》]{40,}[\"”」』》]"
)
_HAN_CHARACTER = re.compile(f"[{HAN}]")


def leans_on(
    question: str, *, has_history: bool, personal_terms: Sequence[str] = ()
) -> Reason | None:
    """Return what keeps a question from being answered out of the cache; None where nothing does.

    `history`: what was said before, as far as `has_history`; in doubt it does. `personal`: the
    user's own matters, or one of `personal_terms` (what is known of the user). `time`: the answer
    changes. `variety`: it is to be another each time. `text`: the user brought one.
    """
    text = normalise(question)
    if (
        len(question) > _MAX_CHARS
        or _BROUGHT_ALONG.search(simplify(question))
        or _SIGNS["text"].search(text)
    ):
        return "text"
    own = _SIGNS["personal"].search(_SIGNS["nobody"].sub(" ", text))
    if own or any(_mentions(text, normalise(term)) for term in personal_terms):
        return "personal"
    if _SIGNS["time"].search(text):
        return "time"
    if _SIGNS["variety"].search(text) and not _SIGNS["facts"].search(text):
        return "variety"
    return "history" if has_history and not _is_whole(text) else None


def _mentions(text: str, term: str) -> bool:
    """A Chinese term is found anywhere, as there are no spaces around it; another as a word."""
    if _HAN_CHARACTER.search(term):
        return term in text
    return bool(term) and re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text) is not None


def _is_whole(text: str) -> bool:
    """Say whether a question in the middle of a conversation surely needs nothing of it."""
    if _SIGNS["back"].search(text) or _SIGNS["begins_back"].match(text):
        return False
    if _HAN_CHARACTER.search(text):
        return len(text) >= 5 and _SIGNS["whole"].search(text) is not None
    return len(text.split()) >= 4 and _SIGNS["whole"].match(text) is not None
