"""A text that is only spoken: a voice's sample, or an old reply whose sound is no longer kept."""

from flask import Blueprint, Response, jsonify, request, url_for

from web.answers import BegunAnswer
from web.context import services
from web.openapi import operation
from web.payloads import SpeechPayload, speech_request
from workers.turn_start import speak_text

blueprint = Blueprint("speech", __name__, url_prefix="/api")


@blueprint.post("/speech")
@operation({202: BegunAnswer}, body=SpeechPayload, errors=("unknown_voice",))
def speech() -> tuple[Response, int]:
    """Speak a text: a turn outside every conversation, whose events tell of the sound."""
    text, spoken = speech_request(request.get_json())
    turn_id = speak_text(services(), text, spoken)
    answer = BegunAnswer(turn_id=turn_id, events_url=url_for("turns.events", turn_id=turn_id))
    return jsonify(answer.model_dump()), 202
