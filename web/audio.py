"""The sound of replies."""

import io

from flask import Blueprint, Response, send_file
from pydantic import BaseModel

from speech.audio import wrap_wav
from web.context import services
from web.errors import ProblemError
from web.openapi import operation
from workers.turn_state import load_state
from workers.turn_store import REPLY_SAMPLE_RATE_HZ

blueprint = Blueprint("audio", __name__, url_prefix="/api")


class ByteRange(BaseModel):
    range: str | None = None
    """As in `bytes=0-1023`: this part of the file alone."""


@blueprint.get("/audio/<audio_id>")
@operation(
    {200: "audio/wav", 206: "audio/wav"},
    headers=ByteRange,
    errors=("audio_unknown", "audio_not_ready", "range_invalid"),
)
def audio(audio_id: str) -> Response:
    """Return a reply's sound as WAV.

    `audio_id` is that of a piece, as the turn's events tell it, or the id of a finished turn, for
    the whole reply.
    """
    turn_id, _, index = audio_id.partition(".")
    pcm16 = _piece(turn_id, index) if index else _whole(turn_id)
    if pcm16 is None:
        raise ProblemError("audio_unknown", "There is no such sound, or it is no longer kept.")
    response = send_file(
        io.BytesIO(wrap_wav(pcm16, REPLY_SAMPLE_RATE_HZ)),
        mimetype="audio/wav",
        download_name=f"{audio_id}.wav",
        conditional=True,  # Byte ranges: Safari plays nothing without them.
        etag=audio_id,
    )
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _piece(turn_id: str, index: str) -> bytes | None:
    return services().turns.audio(turn_id, int(index)) if index.isdecimal() else None


def _whole(turn_id: str) -> bytes | None:
    state = load_state(services().bus, turn_id)
    if state.started and not state.end:
        raise ProblemError(
            "audio_not_ready", "The reply is still being spoken; its pieces can be played already."
        )
    pieces = [services().turns.audio(turn_id, index) for index in sorted(state.audio)]
    known = [piece for piece in pieces if piece is not None]
    return b"".join(known) if known and len(known) == len(pieces) else None
