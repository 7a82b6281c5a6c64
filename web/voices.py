"""Who can speak."""

from flask import Blueprint, Response, jsonify

from speech.tts.voices import VOICES
from web.answers import Described
from web.context import services
from web.openapi import operation

blueprint = Blueprint("voices", __name__, url_prefix="/api")


class VoiceAnswer(Described):
    id: str
    title: str
    """What a person reads in a list."""
    languages: list[str]
    """ISO 639-1 codes of what it speaks well, its mother tongue first."""


class VoicesAnswer(Described):
    voices: list[VoiceAnswer]
    defaults: dict[str, str]
    """Voice ids by language."""


@blueprint.get("/voices")
@operation({200: VoicesAnswer})
def voices() -> Response:
    """List the voices."""
    answer = VoicesAnswer(
        voices=[
            VoiceAnswer(id=voice.id, title=voice.title, languages=list(voice.languages))
            for voice in VOICES
        ],
        defaults=services().default_voices,
    )
    return jsonify(answer.model_dump())
