"""Which models there are, by the names that OpenAI's clients ask for."""

import re
from typing import Literal

from flask import Blueprint, Response
from pydantic import BaseModel

from web.context import services
from web.errors import ProblemError
from web.identity import need_key
from web.openapi import operation
from workers.direct_models import DirectModel, direct_models

blueprint = Blueprint("openai_models", __name__, url_prefix="/v1")
blueprint.before_request(need_key)

ASSISTANT = "assistant"
_SPEECH = "tts-1"
_TRANSCRIPTION = "whisper-1"

# What clients bring by default is the assistant.
_ASSISTANT_NAMES = re.compile(r"assistant|default|gpt-.+|chatgpt-.+|o[134](-.+)?")
_TRANSCRIPTION_NAMES = re.compile(r"(whisper|gpt-).*|default")


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    """Not known."""
    owned_by: str = "voice-assistant"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


@blueprint.get("/models")
@operation({200: ModelList})
def models() -> Response:
    """List the models: the assistant, those behind it, and the names for speech and hearing."""
    return _json(ModelList(data=[Model(id=name) for name in _names()]))


@blueprint.get("/models/<path:model>")
@operation({200: Model}, errors=["model_not_found"])
def model(model: str) -> Response:
    """Tell of one model; the names that OpenAI's clients bring by default are the assistant."""
    if not (model in _names() or _ASSISTANT_NAMES.fullmatch(model)):
        raise unknown_model(model)
    return _json(Model(id=model))


def chat_model(name: str) -> DirectModel | None:
    """Return the model that is asked directly; None for the assistant.

    Raises ProblemError where there is none of this name, or it is not in the users' plan.
    """
    for direct in direct_models(services()):
        if direct.name == name:
            return direct
    if _ASSISTANT_NAMES.fullmatch(name):
        return None
    raise unknown_model(name)


def check_transcription_model(name: str) -> None:
    """Raises ProblemError where no recording is written down by a model of this name."""
    ours = services().settings.asr_model
    if name != ours and not _TRANSCRIPTION_NAMES.fullmatch(name):
        raise unknown_model(name)


def unknown_model(name: str) -> ProblemError:
    known = ", ".join(_names())
    return ProblemError("model_not_found", f"There is no model {name!r} here: {known}.", "model")


def _names() -> list[str]:
    direct = [model.name for model in direct_models(services())]
    named = [ASSISTANT, *direct, _SPEECH, _TRANSCRIPTION, services().settings.asr_model]
    return list(dict.fromkeys(named))


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), content_type="application/json")
