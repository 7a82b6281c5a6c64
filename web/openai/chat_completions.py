"""Chat completions: by the assistant with all its stages, or straight from a configured model."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, request

from web.context import services
from web.errors import ProblemError
from web.identity import need_key
from web.openai import chat_upstream
from web.openai.chat_answer import ChatCompletion, ChatCompletionChunk, ChunkChoice, Usage, wire
from web.openai.chat_messages import ChatHeaders, completion_id, turn_requests
from web.openai.chat_request import ChatCompletionRequest
from web.openai.chat_turns import ReplyOfTurn, follow
from web.openai.errors import error_answer
from web.openai.models import chat_model
from web.openai.presence import has_left
from web.openapi import Events, operation
from web.payloads import parse
from workers.services import Services
from workers.turn_control import stop
from workers.turn_start import start_turn

blueprint = Blueprint("openai_chat", __name__, url_prefix="/v1")
blueprint.before_request(need_key)

_DONE = "data: [DONE]\n\n"


@blueprint.post("/chat/completions")
@operation(
    {200: (ChatCompletion, Events(ChatCompletionChunk, last="[DONE]"))},
    body=ChatCompletionRequest,
    headers=ChatHeaders,
    errors=[
        "model_not_found",
        "question_empty",
        "question_too_long",
        "context_length_exceeded",
        "request_too_large",
        "insufficient_quota",
        "rate_limit_exceeded",
        "conversation_unknown",
        "unknown_voice",
        "audio_empty",
        "audio_unreadable",
        "audio_too_large",
        "audio_too_long",
        "audio_too_many_channels",
        "audio_unknown",
        "language_model_unavailable",
        "language_model_rejected",
        "engine_unavailable",
        "synthesis_failed",
        "turn_cancelled",
        "turn_timeout",
    ],
)
def chat_completions() -> Response:
    """Answer the last of the messages."""
    body = request.get_json()
    name = body.get("model") if isinstance(body, dict) else None
    model = chat_model(name) if isinstance(name, str) and name else None
    if model is not None:
        return chat_upstream.answer(model, body)
    wanted = parse(ChatCompletionRequest, body)
    asked = turn_requests(wanted)
    ours = services()
    turn_ids: list[str] = []

    def stop_turns() -> None:
        for turn_id in turn_ids:
            stop(ours, turn_id)  # Which changes nothing where it has ended.

    try:
        for turn in asked:
            turn_ids.append(start_turn(ours, turn))
        answer = _Answer(ours, wanted, turn_ids)
        if not wanted.stream:
            return Response(wire(answer.whole(stop_turns)), content_type="application/json")
        first = answer.first(stop_turns)
    except Exception:
        stop_turns()
        raise
    response = Response(answer.lines(first), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the words back.
    response.call_on_close(stop_turns)
    return response


class _Answer:
    def __init__(
        self, services: Services, wanted: ChatCompletionRequest, turn_ids: Sequence[str]
    ) -> None:
        spoken = (wanted.audio.format if wanted.audio else "wav") if wanted.wants_audio else None
        self._replies = [
            ReplyOfTurn(services, turn_id, index, spoken) for index, turn_id in enumerate(turn_ids)
        ]
        self._wanted = wanted
        self._common: dict[str, Any] = {
            "id": completion_id(),
            "created": int(time.time()),
            "model": wanted.model,
        }
        self._choices = self._read(services, turn_ids)

    def whole(self, stop_turns: Callable[[], None]) -> ChatCompletion:
        for choice in self._choices:
            if choice is None and has_left(request.environ):
                stop_turns()
        choices = [reply.choice for reply in self._replies]
        return ChatCompletion(choices=choices, usage=self._usage(), **self._common)

    def first(self, stop_turns: Callable[[], None]) -> ChunkChoice:
        """Wait for the first words: what fails before them has a status of its own."""
        for choice in self._choices:
            if choice is not None:
                return choice
            if has_left(request.environ):
                stop_turns()
        raise ProblemError("turn_expired", "The answer is no longer kept; ask again.")

    def lines(self, first: ChunkChoice) -> Iterator[str]:
        yield self._line([first])
        try:
            for choice in self._choices:
                yield self._line([choice]) if choice else ": still here\n\n"
        except ProblemError as problem:
            error = error_answer(problem.code, problem.detail, problem.status)
            yield f"data: {error.model_dump_json()}\n\n"
            return
        if self._wanted.include_usage:
            yield self._line([], self._usage())
        yield _DONE

    def _read(self, services: Services, turn_ids: Sequence[str]) -> Iterator[ChunkChoice | None]:
        begun: set[int] = set()
        for item in follow(services, turn_ids):
            if item is None:
                yield None
                continue
            place, event = item
            for choice in self._replies[place].add(event):
                if place not in begun:
                    begun.add(place)
                    yield self._replies[place].begin()
                yield choice

    def _line(self, choices: list[ChunkChoice], usage: Usage | None = None) -> str:
        chunk = ChatCompletionChunk(choices=choices, usage=usage, **self._common)
        return f"data: {wire(chunk)}\n\n"

    def _usage(self) -> Usage:
        """Of all choices together: each has read the prompt."""
        used = [reply.usage for reply in self._replies]
        return Usage(
            prompt_tokens=sum(usage.prompt_tokens for usage in used),
            completion_tokens=sum(usage.completion_tokens for usage in used),
            total_tokens=sum(usage.total_tokens for usage in used),
        )
