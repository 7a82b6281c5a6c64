"""Is the question fit to be answered? The lists say so now, the classifier while it is answered."""

from collections.abc import Iterator

from assistant.checks.care import CARE
from assistant.checks.content import Verdict
from assistant.draft import Dialogue, Draft, StageEvents
from assistant.events import ContentChecked, FunctionCalled, ReplyDelta, TurnEvent


def check_content(draft: Draft, dialogue: Dialogue) -> StageEvents:
    if dialogue.checks is None:
        return
    verdict = dialogue.checks.check(draft.question, "question")
    yield from _act(verdict, draft)
    draft.question = verdict.text
    if draft.answer is None and not draft.said:
        draft.classifier_verdict = dialogue.checks.classify(draft.question)


def once_classified(events: Iterator[TurnEvent], draft: Draft) -> StageEvents:
    """Hold the first word back until the classifier has its verdict, and act on that."""
    for event in events:
        if isinstance(event, ReplyDelta | FunctionCalled) and draft.classifier_verdict is not None:
            verdict = draft.classifier_verdict()
            draft.classifier_verdict = None
            if verdict.action in ("refuse", "care"):
                draft.said, draft.answer, draft.cache_as = "", None, ""
                yield from _act(verdict, draft)
                return
        yield event


def _act(verdict: Verdict, draft: Draft) -> StageEvents:
    if not verdict.categories:
        return
    yield ContentChecked(
        turn_id=draft.turn_id,
        where="question",
        action=verdict.action,
        categories=verdict.categories,
    )
    if verdict.action == "refuse":
        yield from draft.refuse()
    elif verdict.action == "care":
        yield from draft.give(CARE[draft.language], "care")
