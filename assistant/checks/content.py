"""What is done about a text: terms and, for questions, a classifier give their verdict."""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import get_args

from assistant.checks.classifier import Classifier
from assistant.checks.terms import Hit, Terms, Where
from assistant.events import CheckAction

log = logging.getLogger(__name__)

CATEGORIES = (
    "harassment",
    "hate",
    "sexual",
    "sexual/minors",
    "violence",
    "illicit",
    "self-harm",
    "profanity",
    "custom",
)
"""OpenAI's names where there is one; `custom` is the user's own list."""

DEFAULT_ACTIONS: Mapping[str, CheckAction] = {
    **dict.fromkeys(CATEGORIES, "refuse"),
    "self-harm": "care",
    "profanity": "mask",
}

_SEVERITY: tuple[CheckAction, ...] = ("allow", "mask", "care", "refuse")
MASK = "***"
"""Silent where it is spoken."""


def gravest(*actions: CheckAction) -> CheckAction:
    return max(actions, key=_SEVERITY.index, default="allow")


@dataclass(frozen=True)
class Verdict:
    action: CheckAction
    categories: tuple[str, ...]
    """Those that were found and are not allowed, by name."""
    text: str
    """The text; with `MASK` in place of what was found where the action is `mask`."""


class ContentChecks:
    """Thread-safe.

    `terms`: the lists as they are now, such as `TermFiles`. `actions`: by category, in place of
    `DEFAULT_ACTIONS`; a category nobody knows is refused. `threshold`: the classifier's score, 0
    to 1, from which on it is believed.
    """

    def __init__(
        self,
        terms: Callable[[], Terms],
        actions: Mapping[str, CheckAction] | None = None,
        classifier: Classifier | None = None,
        threshold: float = 0.5,
    ) -> None:
        self._terms = terms
        self._actions = {**DEFAULT_ACTIONS, **(actions or {})}
        unknown = set(self._actions.values()) - set(get_args(CheckAction))
        if unknown:
            raise ValueError(f"no such action: {', '.join(sorted(unknown))}")
        self._classifier = classifier
        self._threshold = threshold
        self._threads = ThreadPoolExecutor(16, "classifier") if classifier else None

    def check(self, text: str, where: Where = "question") -> Verdict:
        """Judge a whole text by the lists; well under a millisecond for a spoken question."""
        hits, _ = self.find(text, where)
        verdict = self._judge((hit.category for hit in hits), text)
        if verdict.action != "mask":
            return verdict
        masked, end = "", 0
        for hit in hits:
            if hit.end > end:
                masked += text[end : hit.start] + MASK * (hit.start >= end)
                end = hit.end
        return Verdict("mask", verdict.categories, masked + text[end:])

    def classify(self, text: str) -> Callable[[], Verdict]:
        """Start to ask the classifier; what is returned waits for its verdict and returns that.

        Ask for it before the first word goes out: until then the model writes meanwhile. A
        classifier that fails, or none, allows.
        """
        if self._threads is None:
            return lambda: Verdict("allow", (), text)
        opinion: Future[Verdict] = self._threads.submit(self._classify, text)
        return opinion.result

    def find(
        self, text: str, where: Where, *, start: int = 0, is_growing: bool = False
    ) -> tuple[list[Hit], int]:
        """See `Terms.find`; hits of allowed categories are left out."""
        hits, sure = self._terms().find(text, where, start=start, is_growing=is_growing)
        return [hit for hit in hits if self.action(hit.category) != "allow"], sure

    def action(self, category: str) -> CheckAction:
        """That of the category above counts for one that is not listed: `hate/threatening`."""
        return self._actions.get(category) or self._actions.get(category.split("/")[0], "refuse")

    def _classify(self, text: str) -> Verdict:
        assert self._classifier
        try:
            scores = self._classifier.classify(text)
        except Exception:
            log.warning("the classifier has no opinion", exc_info=True)
            return Verdict("allow", (), text)
        found = (category for category, score in scores.items() if score >= self._threshold)
        verdict = self._judge(found, text)
        # It does not say where in the text, so there is nothing to put a mask on.
        return verdict if verdict.action != "mask" else Verdict("allow", (), text)

    def _judge(self, found: Iterable[str], text: str) -> Verdict:
        categories = sorted({name for name in found if self.action(name) != "allow"})
        action = gravest(*(self.action(name) for name in categories))
        return Verdict(action, tuple(categories), text)
