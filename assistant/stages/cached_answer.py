"""An answer that was given before, or is being written for someone else just now."""

from assistant.cache.stand_alone import leans_on
from assistant.draft import Answered, Dialogue, Draft, StageEvents
from assistant.events import CacheChecked, ReplyReady


def recall_answer(draft: Draft, dialogue: Dialogue) -> StageEvents:
    cache = dialogue.cache
    request = draft.request
    if cache is None or draft.said or request.must_be_written or request.offers_functions:
        return
    reason = _why_not(draft)
    variant = f"{dialogue.options.system_prompt}\n{dialogue.model.name}\n{draft.manner}"
    # Its question stands alone; an answer written in the middle of a conversation may not.
    is_first = not (draft.recollection.exchanges or draft.recollection.summary)
    if draft.request.fresh:
        cache.count("bypassed")
        yield CacheChecked(turn_id=draft.turn_id, outcome="bypassed", reason="fresh")
        if reason is None and is_first:
            draft.cache_as = variant  # In place of the one that the user would not have.
        return
    if reason:
        cache.count("bypassed")
        yield CacheChecked(turn_id=draft.turn_id, outcome="bypassed", reason=reason)
        return
    hit = cache.look_up(draft.question, draft.language, variant)
    if hit is not None:
        yield CacheChecked(
            turn_id=draft.turn_id,
            outcome=hit.outcome,
            similar_question=hit.similar_question,
            saved_s=round(hit.saved_s, 3),
        )
        yield from draft.give(hit.answer, "cache")
        return
    if not is_first:
        yield CacheChecked(turn_id=draft.turn_id, outcome="miss")
        return
    other = cache.claim(cache.key(draft.question, draft.language, variant), draft.turn_id)
    if other and other != draft.turn_id and dialogue.follow:
        cache.count("shared")
        yield CacheChecked(turn_id=draft.turn_id, outcome="shared")
        yield from _follow(other, draft, dialogue)
        return
    yield CacheChecked(turn_id=draft.turn_id, outcome="miss")
    draft.cache_as = variant


def _why_not(draft: Draft) -> str | None:
    if draft.tool_data:
        return "tool"
    if draft.request.history:
        return "history"
    if draft.request.generation or draft.request.max_reply_tokens:
        return "generation"  # Another temperature, another end: another answer.
    if draft.profile.is_enabled and draft.profile.facts:
        return "profile"  # What is known of one user must not reach another.
    return leans_on(draft.question, has_history=bool(draft.recollection.exchanges))


def _follow(other: str, draft: Draft, dialogue: Dialogue) -> StageEvents:
    """Say what the other turn says. Where it fails, this one goes on with a model of its own."""
    assert dialogue.follow is not None
    for event in dialogue.follow(other):
        if isinstance(event, ReplyReady):
            if event.source == "model" and event.finish_reason == "stop":
                draft.answer = Answered(text=draft.said, source="cache")
            return
        if event.source != "model":
            return  # An apology or a refusal is that turn's own.
        yield draft.say(event.text, "model")
