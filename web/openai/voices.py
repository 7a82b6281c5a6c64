"""Who can speak, and by which names of models one asks for it: what Open WebUI's settings read."""

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict

from speech.tts.voices import OPENAI_VOICES, VOICES
from web.context import services
from web.identity import need_key
from web.openapi import operation

blueprint = Blueprint("openai_voices", __name__, url_prefix="/v1/audio")
blueprint.before_request(need_key)

_MODELS = ("default", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")


class SpeechVoice(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    """What `voice` of `/v1/audio/speech` takes."""
    name: str
    """What a person reads in a list."""
    languages: list[str]
    """ISO 639-1 codes; other languages are read by their own default voices."""
    spoken_by: dict[str, str]
    """Ids of voices by language, as one of OpenAI's names is several."""


class SpeechVoices(BaseModel):
    voices: list[SpeechVoice]


class SpeechModel(BaseModel):
    id: str


class SpeechModels(BaseModel):
    models: list[SpeechModel]


@blueprint.get("/voices")
@operation({200: SpeechVoices})
def voices() -> Response:
    """List the voices: OpenAI's names, then our own."""
    languages = list(services().default_voices)
    named = [
        SpeechVoice(
            id=name,
            name=name.capitalize(),
            languages=languages,
            spoken_by={language: services().voice(language, name).id for language in languages},
        )
        for name in OPENAI_VOICES
    ]
    own = [
        SpeechVoice(
            id=voice.id,
            name=voice.title,
            languages=list(voice.languages),
            spoken_by=dict.fromkeys(voice.languages, voice.id),
        )
        for voice in VOICES
    ]
    return jsonify(SpeechVoices(voices=named + own).model_dump())


@blueprint.get("/models")
@operation({200: SpeechModels})
def models() -> Response:
    """List the names of models that speak; all do the same, as the voice decides."""
    return jsonify(SpeechModels(models=[SpeechModel(id=name) for name in _MODELS]).model_dump())
