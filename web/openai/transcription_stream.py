"""A recording written down window by window, as server-sent events."""

from collections.abc import Iterator
from functools import partial
from typing import Literal

from flask import Response, request
from pydantic import BaseModel, RootModel

from assistant.events import (
    DetailedSegment,
    TranscriptProgress,
    TranscriptReady,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from speech.languages import join_texts, space_between
from web.context import services
from web.errors import ProblemError
from web.openai.errors import error_answer
from web.openai.presence import has_left
from web.openai.transcription_formats import HeardLanguage, languages, text
from workers.services import Services
from workers.turn_control import stop
from workers.turn_state import load_state

_VERDICT_S = 30.0
"""How long an upload's first look is awaited, so that a bad file is refused by the status."""

_PING_S = 1.0
"""Once the answer has begun, that the client has left is only seen by writing to it, twice."""


class TextDelta(BaseModel):
    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str


class TextSegment(BaseModel):
    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    start: float
    end: float
    text: str
    speaker: str = ""
    """Speakers are not told apart."""


class TextDone(BaseModel):
    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    languages: list[HeardLanguage]
    """None where nobody spoke."""


class TranscriptionEvent(RootModel[TextDelta | TextSegment | TextDone]):
    """With `response_format=verbose_json` segments come as well."""


def stream(turn_id: str) -> Response:
    """Raises ProblemError where the upload cannot be read."""
    for stored in services().bus.follow(turn_id, timeout_s=_VERDICT_S, ping_s=_PING_S):
        if stored is None:
            if has_left(request.environ):
                stop(services(), turn_id)
            continue
        if isinstance(stored.event, TurnStarted):
            continue
        if isinstance(stored.event, TurnFailed):
            raise problem_of(stored.event)
        break
    response = Response(_lines(services(), turn_id), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back.
    # A client that leaves stops the turn; it changes nothing where that has ended.
    response.call_on_close(partial(stop, services(), turn_id))
    return response


def problem_of(failure: TurnFailed) -> ProblemError:
    if failure.code == "unknown_language":  # One of Whisper's, but not of this model.
        return ProblemError(failure.code, failure.message, "language")
    is_file = failure.code.startswith("audio_")
    return ProblemError(failure.code, failure.message, "file" if is_file else None)


def _lines(services: Services, turn_id: str) -> Iterator[str]:
    """Yield the events as they are sent."""
    count = 0
    for stored in services.bus.follow(turn_id, ping_s=_PING_S):
        match stored and stored.event:
            case None:
                yield ": still here\n\n"
            case TranscriptProgress() as progress if progress.segments:
                space = space_between(progress.language) if count else ""
                texts = (segment.text for segment in progress.segments)
                yield _sse(TextDelta(delta=space + join_texts(texts, progress.language)))
                for segment in progress.segments:
                    if isinstance(segment, DetailedSegment):
                        yield _sse(_told(count, segment))
                    count += 1
            case TranscriptReady() as heard if heard.text and not count:
                yield _sse(TextDelta(delta=heard.text))
            case TurnFailed() as failure:
                problem = problem_of(failure)
                yield _sse(
                    error_answer(problem.code, problem.detail, problem.status, problem.param)
                )
            case TurnFinished():
                state = load_state(services.bus, turn_id)
                yield _sse(TextDone(text=text(state), languages=languages(state)))
            case _:
                pass


def _told(index: int, segment: DetailedSegment) -> TextSegment:
    return TextSegment(
        id=f"seg_{index:03}", start=segment.start_s, end=segment.end_s, text=segment.text
    )


def _sse(event: BaseModel) -> str:
    return f"data: {event.model_dump_json()}\n\n"
