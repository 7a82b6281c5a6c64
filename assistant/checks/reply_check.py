"""A reply while it is written: what is let through was checked first."""

import re

from assistant.checks.content import MASK, ContentChecks, gravest
from assistant.checks.question import SPECIAL_TOKEN
from assistant.events import CheckAction

_TAG = re.compile(rf"(?P<think><think>)|</think>|{SPECIAL_TOKEN}")
_TAG_BEGUN = re.compile(r"<(?:/?[a-z_]{0,13}|[|｜][^|｜<>\s]{0,40}[|｜]?)\Z")
_END_OF_REASONING = "</think>"

_CONTEXT_CHARS = 80
"""What was let through is looked at this far back: innocent phrases may begin there."""


class ReplyCheck:
    """Lets a growing reply through as far as it is surely clean, and no further.

    Reasoning (`<think>…</think>`) and special tokens are left out, also where they are cut
    across deltas. Only what may be the beginning of a tag or term is held back. For one reply;
    `written` is what of it was let through before a worker was lost; without `checks` nothing
    is looked for.
    """

    def __init__(self, checks: ContentChecks | None, written: str = "") -> None:
        self.action: CheckAction = "allow"
        """The gravest so far: of what was met in this part of the reply."""
        self.categories: tuple[str, ...] = ()
        """What was met, in the order in which it was."""
        self.released = written
        """All that was let through, `written` included."""
        self._checks = checks
        self._raw = ""
        self._is_reasoning = False
        self._text = written
        self._end = len(written)

    @property
    def is_blocked(self) -> bool:
        """True once a refused term was met: what was let through is clean, and all that comes."""
        return self.action in ("refuse", "care")

    def feed(self, delta: str) -> str:
        """Return the text that may go out now, possibly none."""
        self._raw += delta
        self._strip_tags()
        return self._release(is_growing=True)

    def flush(self) -> str:
        """Return what was held back; the reply has ended."""
        if not self._is_reasoning:
            self._text += self._raw
        self._raw = ""
        return self._release(is_growing=False)

    def _strip_tags(self) -> None:
        """Move what is no tag from `_raw` to `_text`; keep in `_raw` what may become one."""
        while True:
            if self._is_reasoning:
                reasoning, end, rest = self._raw.partition(_END_OF_REASONING)
                if not end:
                    self._raw = reasoning[1 - len(_END_OF_REASONING) :]
                    return
                self._raw = rest
                self._is_reasoning = False
            tag = _TAG.search(self._raw)
            if tag is None:
                break
            self._text += self._raw[: tag.start()]
            self._raw = self._raw[tag.end() :]
            self._is_reasoning = tag["think"] is not None
        begun = _TAG_BEGUN.search(self._raw)
        end_of_text = begun.start() if begun else len(self._raw)
        self._text += self._raw[:end_of_text]
        self._raw = self._raw[end_of_text:]

    def _release(self, *, is_growing: bool) -> str:
        if self.is_blocked:
            return ""
        if not self._end:
            self._text = self._text.lstrip()  # Models begin with empty lines after reasoning.
        clean = self._clean(is_growing)
        self.released += clean
        return clean

    def _clean(self, is_growing: bool) -> str:
        """Return what is sure of the text after `_end`, masked; move `_end` to where that ends."""
        if self._checks is None:
            begin, self._end = self._end, len(self._text)
            return self._text[begin:]
        context = max(0, self._end - _CONTEXT_CHARS)
        hits, sure = self._checks.find(
            self._text[context:], "reply", start=self._end - context, is_growing=is_growing
        )
        clean = ""
        for hit in hits:
            start, end = context + hit.start, context + hit.end
            if end <= self._end:
                continue  # Inside the last one.
            clean += self._text[self._end : start]
            self._end = max(self._end, start)
            if hit.category not in self.categories:
                self.categories += (hit.category,)
            self.action = gravest(self.action, self._checks.action(hit.category))
            if self.is_blocked:
                return clean
            clean += MASK
            self._end = end
        clean += self._text[self._end : context + sure]
        self._end = max(self._end, context + sure)
        return clean
