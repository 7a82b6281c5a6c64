"""Responses by the assistant: the same turns as chat completions, told as items."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from web.context import services
from web.errors import ProblemError
from web.identity import need_key
from web.openai.chat_answer import ToolCall
from web.openai.chat_messages import ChatHeaders, turn_requests
from web.openai.chat_turns import ReplyOfTurn, follow
from web.openai.models import chat_model
from web.openai.presence import has_left
from web.openai.responses_answer import (
    IncompleteDetails,
    Output,
    OutputFunctionCall,
    OutputMessage,
    OutputText,
    ResponseAnswer,
    ResponseError,
    ResponseEvent,
    ResponseUsage,
    Status,
)
from web.openai.responses_history import (
    call_id,
    lasting_instructions,
    message_id,
    response_id,
)
from web.openai.responses_request import ResponsesRequest, TextFormat, TextOptions
from web.openapi import Events, operation
from web.payloads import parse
from workers.services import Services
from workers.turn_control import stop
from workers.turn_start import start_turn

blueprint = Blueprint("openai_responses", __name__, url_prefix="/v1")
blueprint.before_request(need_key)


@blueprint.post("/responses")
@operation(
    {200: (ResponseAnswer, Events(ResponseEvent))},
    body=ResponsesRequest,
    headers=ChatHeaders,
    errors=[
        "model_not_found",
        "previous_response_not_found",
        "question_empty",
        "question_too_long",
        "context_length_exceeded",
        "request_too_large",
        "insufficient_quota",
        "conversation_unknown",
        "audio_empty",
        "audio_unreadable",
        "audio_too_large",
        "audio_too_long",
        "audio_too_many_channels",
        "language_model_unavailable",
        "turn_cancelled",
        "turn_timeout",
    ],
)
def responses() -> Response:
    """Answer the last of the input's messages; the assistant does, and no other model."""
    wanted = parse(ResponsesRequest, request.get_json())
    if chat_model(wanted.model) is not None:
        raise ProblemError(
            "request_invalid", "Ask 'assistant'; other models have chat completions.", "model"
        )
    (asked,) = turn_requests(wanted.as_chat())
    lasting = {"lasting_instructions": lasting_instructions(asked, wanted.instructions)}
    turn_id = start_turn(services(), asked.model_copy(update=lasting))
    stop_turn = partial(stop, services(), turn_id)  # Changes nothing where it has ended.
    told = _Telling(services(), wanted, turn_id)
    begun: list[ResponseEvent] = []
    try:
        for event in told.events():
            if event is not None:
                begun.append(event)
            elif has_left(request.environ):
                stop_turn()
            # What fails before the first words has a status of its own.
            if wanted.stream and len(begun) > 2:
                break
    except Exception:
        stop_turn()
        raise
    if not wanted.stream:
        answer = told.response(*told.ended).model_dump_json(by_alias=True)
        return Response(answer, content_type="application/json")
    response = Response(told.lines(begun), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the words back.
    response.call_on_close(stop_turn)
    return response


class _Telling:
    """One response as it grows."""

    def __init__(self, services: Services, wanted: ResponsesRequest, turn_id: str) -> None:
        self._wanted = wanted
        self._turn_id = turn_id
        self._created_at = round(time.time(), 3)
        self._reply = ReplyOfTurn(services, turn_id, 0, None)
        self._turns = follow(services, [turn_id])
        self._events = self._tell()
        self._count = 0
        self._output: list[Output] = []

    def events(self) -> Iterator[ResponseEvent | None]:
        """Yield what is left to tell, and None every second without news. Raises ProblemError."""
        return self._events

    def lines(self, begun: list[ResponseEvent]) -> Iterator[str]:
        for event in begun:
            yield event.line()
        try:
            for told in self._events:
                yield told.line() if told else ": still here\n\n"
        except ProblemError as problem:
            error = ResponseError(code=problem.code, message=problem.detail)
            failed = self.response("failed").model_copy(update={"error": error})
            yield self._event("failed", response=failed).line()

    @property
    def ended(self) -> tuple[Status, IncompleteDetails | None]:
        match self._reply.choice.finish_reason:
            case "length":
                return "incomplete", IncompleteDetails(reason="max_output_tokens")
            case "content_filter":
                return "incomplete", IncompleteDetails(reason="content_filter")
            case _:
                return "completed", None

    def response(
        self, status: Status, incomplete: IncompleteDetails | None = None
    ) -> ResponseAnswer:
        wanted, used = self._wanted, self._reply.usage
        usage = ResponseUsage(
            input_tokens=used.prompt_tokens,
            output_tokens=used.completion_tokens,
            total_tokens=used.total_tokens,
        )
        return ResponseAnswer(
            id=response_id(self._turn_id),
            created_at=self._created_at,
            status=status,
            model=wanted.model,
            output=list(self._output),
            error=None,
            incomplete_details=incomplete,
            instructions=wanted.instructions,
            previous_response_id=wanted.previous_response_id,
            parallel_tool_calls=wanted.parallel_tool_calls is not False,
            temperature=wanted.temperature,
            top_p=wanted.top_p,
            max_output_tokens=wanted.max_output_tokens,
            tool_choice=wanted.tool_choice or "auto",
            tools=wanted.tools or [],
            text=wanted.text or TextOptions(format=TextFormat()),
            usage=usage if status in ("completed", "incomplete") else None,
        )

    def _tell(self) -> Iterator[ResponseEvent | None]:
        yield self._event("created", response=self.response("in_progress"))
        yield self._event("in_progress", response=self.response("in_progress"))
        is_writing = False
        for item in self._turns:
            if item is None:
                yield None
                continue
            calls = len(self._reply.calls)
            for choice in self._reply.add(item[1]):
                if choice.delta.content:
                    if not is_writing:
                        yield from self._begin_message()
                        is_writing = True
                    yield self._text("output_text.delta", delta=choice.delta.content, logprobs=[])
            for place, call in enumerate(self._reply.calls[calls:], calls):
                if is_writing:
                    yield from self._end_message()
                    is_writing = False
                yield from self._call(call, place)
        if is_writing:
            yield from self._end_message()
        status, incomplete = self.ended
        yield self._event(status, response=self.response(status, incomplete))

    def _begin_message(self) -> Iterator[ResponseEvent]:
        yield self._added(self._message("in_progress", []))
        yield self._text("content_part.added", part=OutputText(text=""))

    def _end_message(self) -> Iterator[ResponseEvent]:
        text = self._reply.text
        part = OutputText(text=text)
        yield self._text("output_text.done", text=text, logprobs=[])
        yield self._text("content_part.done", part=part)
        yield self._done(self._message("completed", [part]))

    def _message(self, status: Any, content: list[OutputText]) -> OutputMessage:
        return OutputMessage(id=message_id(self._turn_id), status=status, content=content)

    def _call(self, call: ToolCall, place: int) -> Iterator[ResponseEvent]:
        item = OutputFunctionCall(
            id=call_id(self._turn_id, place),
            status="completed",
            call_id=call.id,
            name=call.function.name,
            arguments=call.function.arguments,
        )
        where: dict[str, Any] = {"item_id": item.id, "output_index": len(self._output)}
        yield self._added(item.model_copy(update={"status": "in_progress", "arguments": ""}))
        yield self._event("function_call_arguments.delta", delta=item.arguments, **where)
        yield self._event(
            "function_call_arguments.done", name=item.name, arguments=item.arguments, **where
        )
        yield self._done(item)

    def _text(self, type: str, **fields: Any) -> ResponseEvent:
        place = {"output_index": len(self._output), "content_index": 0}
        return self._event(type, item_id=message_id(self._turn_id), **place, **fields)

    def _added(self, item: Output) -> ResponseEvent:
        return self._event("output_item.added", output_index=len(self._output), item=item)

    def _done(self, item: Output) -> ResponseEvent:
        self._output.append(item)
        return self._event("output_item.done", output_index=len(self._output) - 1, item=item)

    def _event(self, type: str, **fields: Any) -> ResponseEvent:
        number, self._count = self._count, self._count + 1
        return ResponseEvent(type=f"response.{type}", sequence_number=number, **fields)
