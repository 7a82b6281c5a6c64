"""Recordings written down, and translated into English."""

from collections.abc import Sequence

from flask import Blueprint, Response, request
from pydantic import BaseModel

from assistant.events import TurnFailed, TurnFinished
from web.context import services
from web.errors import ProblemError
from web.identity import need_key
from web.openai import transcription_formats as formats
from web.openai.presence import has_left
from web.openai.transcription_formats import (
    Granularity,
    Task,
    Transcription,
    VerboseTranscription,
)
from web.openai.transcription_request import (
    TranscriptionForm,
    TranslationForm,
    read_transcription,
    read_translation,
)
from web.openai.transcription_stream import TranscriptionEvent, problem_of, stream
from web.openapi import Events, operation
from workers.turn_control import stop
from workers.turn_start import transcribe_upload
from workers.turn_state import TurnState, load_state

blueprint = Blueprint("openai_transcriptions", __name__, url_prefix="/v1/audio")
blueprint.before_request(need_key)

_LOOK_S = 1.0
"""How often it is seen whether the client still waits."""
_ERRORS = (
    "audio_missing",
    "audio_empty",
    "audio_unreadable",
    "audio_too_large",
    "audio_too_long",
    "audio_too_many_channels",
    "unknown_language",
    "model_not_found",
    "engine_unavailable",
)


@blueprint.post("/transcriptions")
@operation(
    {200: (Transcription, VerboseTranscription, "text/plain", Events(TranscriptionEvent))},
    form=TranscriptionForm,
    errors=_ERRORS,
)
def transcriptions() -> Response:
    """Write a recording down."""
    form = read_transcription(request)
    turn_id = transcribe_upload(services(), form.file, form.spoken_language, form.wish())
    if form.stream:
        return stream(turn_id)
    return _answer(_wait(turn_id), form, "transcribe", form.timestamp_granularities)


@blueprint.post("/translations")
@operation(
    {200: (Transcription, VerboseTranscription, "text/plain")},
    form=TranslationForm,
    errors=_ERRORS,
)
def translations() -> Response:
    """Write down in English what is said in a recording of any language."""
    form = read_translation(request)
    turn_id = transcribe_upload(services(), form.file, wish=form.wish())
    return _answer(_wait(turn_id), form, "translate", ["segment"])


def _wait(turn_id: str) -> TurnState:
    """Return the turn at its end. Raises ProblemError where it failed."""
    for stored in services().bus.follow(turn_id, ping_s=_LOOK_S):
        if stored is None and has_left(request.environ):
            stop(services(), turn_id)
    state = load_state(services().bus, turn_id)
    match state.end:
        case TurnFailed() as failure:
            raise problem_of(failure)
        case TurnFinished():
            return state
        case _:
            raise ProblemError("turn_expired", "The recording is no longer kept; send it again.")


def _answer(
    state: TurnState, form: TranslationForm, task: Task, granularities: Sequence[Granularity]
) -> Response:
    match form.response_format:
        case "json":
            return _json(formats.plain(state))
        case "verbose_json":
            return _json(formats.verbose(state, task, granularities))
        case "text":
            text = formats.plain(state).text + "\n"
        case "srt" | "vtt" as kind:
            text = formats.subtitles(state, kind)
    return Response(text, content_type="text/plain; charset=utf-8")


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(exclude_none=True), content_type="application/json")
