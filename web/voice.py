"""A spoken question."""

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import BaseModel

from assistant.events import TurnFailed, TurnStarted
from web.answers import BegunAnswer, TurnAnswer
from web.context import services
from web.errors import ProblemError
from web.openapi import operation
from web.payloads import ASKING_ERRORS, VoiceForm, parse, voice_request
from web.turns import TURN_ERRORS, wait_for_end
from workers.turn_start import start_turn

blueprint = Blueprint("voice", __name__, url_prefix="/api")

_VERDICT_S = 2.0
"""How long an upload's first look is awaited, so that a bad file is refused in the answer itself.
Decoding takes tens of milliseconds; on a busy server the turn's events bring the news instead."""


class VoiceArguments(BaseModel):
    wait: bool = False


@blueprint.post("/voice")
@operation(
    {202: BegunAnswer, 200: TurnAnswer},
    form=VoiceForm,
    query=VoiceArguments,
    errors=(*ASKING_ERRORS, *TURN_ERRORS, "audio_missing", "audio_empty"),
)
def voice() -> tuple[Response, int] | Response:
    """Answer a recording: at once with the id of its turn, or with `wait` once it is answered."""
    waits = parse(VoiceArguments, request.args.to_dict()).wait
    uploads = request.files.getlist("audio")
    if len(uploads) != 1:
        raise ProblemError(
            "audio_missing", "Send exactly one sound file in the multipart field named audio."
        )
    data = uploads[0].read()
    if not data:
        raise ProblemError("audio_empty", "The file is empty; record or choose it again.")
    limit = services().settings.max_upload_bytes
    if len(data) > limit:
        raise ProblemError(
            "audio_too_large", f"The file is larger than {limit // 2**20} MiB; send a shorter one."
        )
    turn = voice_request(request.form.to_dict())
    turn_id = start_turn(services(), turn, upload=data)
    if waits:
        return wait_for_end(turn_id)
    _refuse_bad_upload(turn_id)
    answer = BegunAnswer(
        turn_id=turn_id,
        conversation_id=turn.conversation_id,
        events_url=url_for("turns.events", turn_id=turn_id),
    )
    return jsonify(answer.model_dump()), 202


def _refuse_bad_upload(turn_id: str) -> None:
    for stored in services().bus.follow(turn_id, timeout_s=_VERDICT_S):
        if stored is None or isinstance(stored.event, TurnStarted):
            continue
        if isinstance(stored.event, TurnFailed):
            raise ProblemError(stored.event.code, stored.event.message)
        return
