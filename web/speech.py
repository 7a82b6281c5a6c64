"""A text that is only spoken: a voice's sample, or an old reply whose sound is no longer kept."""

from flask import Blueprint, Response, jsonify, request, url_for

from web.context import services
from web.payloads import speech_request
from workers.turn_start import speak_text

blueprint = Blueprint("speech", __name__, url_prefix="/api")


@blueprint.post("/speech")
def speech() -> tuple[Response, int]:
    """Begin a turn outside every conversation; its events tell of the sound."""
    text, spoken = speech_request(request.get_json())
    turn_id = speak_text(services(), text, spoken)
    return jsonify(turn_id=turn_id, events_url=url_for("turns.events", turn_id=turn_id)), 202
