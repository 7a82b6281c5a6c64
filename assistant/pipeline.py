"""From a question to the events of its reply: the stages, in the order in which they run."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistant.checks.question import check_question
from assistant.draft import Answered, Dialogue, Draft, ReplyOptions, ReplyRequest
from assistant.events import ReplyReady, TurnEvent
from assistant.history import Exchange, Recollection
from assistant.llm.cancellation import stop_if
from assistant.llm.usage import Usage
from assistant.prompts import sentence_language
from assistant.stages.cached_answer import recall_answer
from assistant.stages.content import check_content, once_classified
from assistant.stages.memory import recall_user
from assistant.stages.tools import use_tool
from assistant.stages.writing import write

STAGES = (check_content, recall_user, use_tool, recall_answer, write)
"""The first that knows the reply ends the run; the last always does."""
_STAGES_BY_ITSELF = (recall_user, write)


def reply(request: ReplyRequest, dialogue: Dialogue) -> Iterator[TurnEvent]:
    """Yield the reply as it is written, then one `ReplyReady`; closing it stops the model.

    `ReplyReady.text` is `request.written` and all deltas together. A model that fails before
    its first word gives the fallback answer; one that fails later is apologised for, and what
    it wrote stands. Raises QuestionEmptyError, QuestionTooLongError, PromptTooLongError, and
    GenerationCancelledError where `request` says that it is no longer wanted.
    """
    dialogue = replace(dialogue, options=_options(request, dialogue.options))
    question = ""
    if request.cue is None:
        question = check_question(request.question, dialogue.options.max_question_chars)
    draft = Draft(
        request=request,
        question=question,
        language=sentence_language(request.language, question or request.cue or ""),
        recollection=dialogue.conversations.recall(request.conversation_id)
        if request.conversation_id
        else Recollection(),
        said=request.written,
    )
    began = time.monotonic()
    if request.written and request.written_source != "model":
        # Prepared text comes in one piece: the worker was lost after it, and nothing is missing.
        draft.answer = Answered(
            text=request.written,
            source=request.written_source,
            finish_reason="refused" if request.written_source == "refusal" else "stop",
        )
    elif request.called:
        draft.answer = Answered(text=request.written, source="model", finish_reason="tool_calls")
    try:
        for stage in STAGES if request.cue is None else _STAGES_BY_ITSELF:
            if draft.answer is None:
                stop_if(request.is_cancelled)
                yield from once_classified(stage(draft, dialogue), draft)
        yield _finish(draft, dialogue, time.monotonic() - began)
    finally:
        if draft.cache_as and dialogue.cache:
            key = dialogue.cache.key(draft.question, draft.language, draft.cache_as)
            dialogue.cache.release(key, request.turn_id)


def _options(request: ReplyRequest, options: ReplyOptions) -> ReplyOptions:
    generation = options.generation
    if request.generation is not None:
        generation = replace(generation, **request.generation.model_dump(exclude_none=True))
    if request.max_reply_tokens is not None:
        generation = replace(generation, max_tokens=request.max_reply_tokens)
    prompt = request.instructions or options.system_prompt
    return replace(options, system_prompt=prompt, generation=generation)


def _finish(draft: Draft, dialogue: Dialogue, took_s: float) -> ReplyReady:
    """Keep what is to be kept of the reply, and return its last event.

    Before `ReplyReady`, after which a lost worker's turn would not come here again.
    """
    answer, request = draft.answer, draft.request
    assert answer is not None, "the last stage always answers"
    model = next((done.model for done in draft.completions if done.model), dialogue.model.name)
    cost = _count_usage(draft, dialogue)  # Also of what was not meant: the tokens are spent.
    request.on_written()
    request.wait_until_confirmed()
    # What ends in calls of functions goes on in a later turn, which keeps the question then.
    if request.conversation_id and answer.finish_reason != "tool_calls":
        dialogue.conversations.add(
            request.conversation_id,
            request.user_id,
            Exchange(
                question=draft.question,
                answer=(answer.text if answer.remembered is None else answer.remembered).strip(),
                turn_id=request.turn_id,
                source=answer.source,
                at=time.time(),
                language=request.language,
            ),
        )
    if (
        draft.cache_as
        and dialogue.cache
        and (answer.source, answer.finish_reason) == ("model", "stop")
    ):
        dialogue.cache.remember(
            draft.question, draft.language, answer.text.strip(), took_s, draft.cache_as
        )
    return ReplyReady(
        turn_id=request.turn_id,
        text=answer.text,
        source=answer.source,
        model=model if answer.source == "model" else None,
        finish_reason=answer.finish_reason,
        prompt_tokens=_sum(done.prompt_tokens for done in draft.completions),
        completion_tokens=_sum(done.completion_tokens for done in draft.completions),
        cost=cost,
    )


def _count_usage(draft: Draft, dialogue: Dialogue) -> float | None:
    """Return what the turn costs; None where no model was asked."""
    if not draft.completions or dialogue.router is None or dialogue.usage is None:
        return None
    used: dict[str, Usage] = {}
    for done in draft.completions:
        model = done.model or dialogue.model.name
        usage = dialogue.router.spec(model).usage(
            done.prompt_tokens or 0, done.completion_tokens or 0
        )
        used[model] = used.get(model, Usage()) + usage
    for model, usage in used.items():
        dialogue.usage.add(draft.request.user_id, draft.turn_id, model, usage)
    return sum(usage.cost for usage in used.values())


def _sum(tokens: Iterable[int | None]) -> int | None:
    known = [count for count in tokens if count is not None]
    return sum(known) if known else None
