"""What was said in a recording: as JSON with times, or as a file of text or subtitles."""

from typing import Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel

from web.context import services
from web.errors import ProblemError
from web.openapi import operation
from web.payloads import parse
from web.turns import own_turn
from workers.transcript_store import StoredTranscript
from workers.turn_state import load_state

blueprint = Blueprint("transcripts", __name__, url_prefix="/api/turns")

_MEDIA_TYPES = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}


class TranscriptArguments(BaseModel):
    format: Literal["json", "txt", "srt", "vtt"] = "json"


@blueprint.get("/<turn_id>/transcript")
@operation(
    {200: (StoredTranscript, "text/plain", "application/x-subrip", "text/vtt")},
    query=TranscriptArguments,
    errors=("conversation_unknown", "transcript_unknown", "transcript_not_ready"),
)
def transcript(turn_id: str) -> Response:
    """Return what was said in a recording, with times; as plain text or subtitles: a download."""
    kind = parse(TranscriptArguments, request.args.to_dict()).format
    conversation_id = own_turn(turn_id)
    found = services().transcripts.get(conversation_id, turn_id) if conversation_id else None
    if found is None:
        state = load_state(services().bus, turn_id)
        if state.started is not None and state.started.kind == "voice" and state.end is None:
            raise ProblemError("transcript_not_ready", "The recording is still being written down.")
        raise ProblemError("transcript_unknown", "There is no transcript of this turn.")
    if kind == "json":
        return jsonify(found.model_dump())
    response = Response(found.as_file(kind), content_type=_MEDIA_TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="transcript-{turn_id}.{kind}"'
    return response
