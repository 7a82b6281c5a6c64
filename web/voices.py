"""Who can speak."""

from flask import Blueprint, Response, jsonify

from speech.tts.voices import VOICES
from web.context import services

blueprint = Blueprint("voices", __name__, url_prefix="/api")


@blueprint.get("/voices")
def voices() -> Response:
    return jsonify(
        voices=[
            {"id": voice.id, "title": voice.title, "languages": list(voice.languages)}
            for voice in VOICES
        ],
        defaults=services().default_voices,
    )
