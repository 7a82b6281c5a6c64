"""What a client asks for of a recording, as OpenAI's forms put it."""

from typing import Annotated, Any, Literal, TypeVar

from flask import Request, json
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from werkzeug.datastructures import MultiDict

from speech.languages import language_code
from web.context import services
from web.errors import ProblemError
from web.openai.models import check_transcription_model
from web.openai.transcription_formats import Granularity
from workers.turn_store import TranscriptionWish

_Form = TypeVar("_Form", bound="TranslationForm")

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]
SUBTITLES = ("srt", "vtt")

_LISTS = ("timestamp_granularities", "include", "keywords", "languages")
_BEYOND_US = {
    "known_speaker_names": "This server does not tell speakers apart.",
    "known_speaker_references": "This server does not tell speakers apart.",
}


class ServerVad(BaseModel):
    """Accepted as OpenAI has it; where recordings are cut, our own detector says."""

    type: Literal["server_vad"]
    prefix_padding_ms: int | None = Field(None, ge=0)
    silence_duration_ms: int | None = Field(None, ge=0)
    threshold: float | None = Field(None, ge=0, le=1)


class TranslationForm(BaseModel):
    model_config = ConfigDict(extra="ignore")

    file: bytes
    """Sound, or video with sound, of any common kind."""
    model: Annotated[str, Field(min_length=1)]
    prompt: str | None = None
    """Words that came before, or spellings to expect."""
    response_format: ResponseFormat = "json"
    temperature: float = Field(0.0, ge=0, le=1)
    """The first to be tried; higher ones follow where the text cannot be trusted."""

    def wish(self) -> TranscriptionWish:
        return TranscriptionWish(
            prompt=self.prompt,
            temperature=self.temperature,
            translates=True,
            has_details=self.response_format in ("verbose_json", *SUBTITLES),
        )


class TranscriptionForm(TranslationForm):
    language: str | None = None
    """ISO 639-1 code, tag or English name; left out, the first words tell."""
    languages: list[str] = []
    """One is `language`; of several the first words tell which."""
    timestamp_granularities: list[Granularity] = ["segment"]
    stream: bool | None = False
    include: list[Literal["logprobs"]] = []
    keywords: list[str] = []
    """Spellings to expect, after the prompt."""
    chunking_strategy: Literal["auto"] | ServerVad | None = None

    @field_validator("chunking_strategy", mode="before")
    @classmethod
    def _as_json(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) and value.startswith("{") else value

    @field_validator("language")
    @classmethod
    def _known(cls, language: str | None) -> str | None:
        return _code(language) if language else None

    @field_validator("languages")
    @classmethod
    def _all_known(cls, languages: list[str]) -> list[str]:
        return [_code(language) for language in languages]

    @property
    def spoken_language(self) -> str | None:
        """None where it is to be detected."""
        return self.language or (self.languages[0] if len(set(self.languages)) == 1 else None)

    def wish(self) -> TranscriptionWish:
        hints = ", ".join(filter(None, [self.prompt, *self.keywords]))
        return (
            super()
            .wish()
            .model_copy(
                update={
                    "prompt": hints or None,
                    "translates": False,
                    "has_words": "word" in self.timestamp_granularities
                    and self.response_format == "verbose_json",
                }
            )
        )


def _code(language: str) -> str:
    if (code := language_code(language)) is None:
        raise ValueError(f"Whisper does not know {language!r}; send an ISO 639-1 code")
    return code


def read_transcription(request: Request) -> TranscriptionForm:
    """Raises ProblemError that names the field which is wrong."""
    form = _read(TranscriptionForm, request)
    if (
        form.response_format != "verbose_json"
        and "timestamp_granularities" in form.model_fields_set
        # With these names OpenAI passes them over; the AI SDK sends them beside json.
        and not form.model.startswith("gpt-")
    ):
        raise ProblemError(
            "request_invalid",
            "timestamp_granularities needs response_format=verbose_json.",
            "timestamp_granularities",
        )
    if form.include:
        raise ProblemError(
            "request_invalid", "This server has no log probabilities of single tokens.", "include"
        )
    if form.stream and form.response_format in SUBTITLES:
        raise ProblemError(
            "request_invalid", "Subtitles are not streamed: leave stream out.", "stream"
        )
    return form


def read_translation(request: Request) -> TranslationForm:
    """Raises ProblemError that names the field which is wrong."""
    return _read(TranslationForm, request)


def _read(kind: type[_Form], request: Request) -> _Form:
    for name, reason in _BEYOND_US.items():
        if name in request.form or f"{name}[]" in request.form:
            raise ProblemError("request_invalid", reason, name)
    try:
        form = kind.model_validate(_fields(request.form) | {"file": _upload(request)})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = str(problem["loc"][0])
        code = "unknown_language" if name.startswith("language") else "request_invalid"
        raise ProblemError(code, f"{name}: {problem['msg']}", name) from error
    check_transcription_model(form.model)
    return form


def _upload(request: Request) -> bytes:
    uploads = request.files.getlist("file")
    if len(uploads) != 1:
        raise ProblemError(
            "audio_missing", "Send exactly one sound file in the multipart field file.", "file"
        )
    data: bytes = uploads[0].read()
    if not data:
        raise ProblemError("audio_empty", "The file is empty.", "file")
    limit = services().settings.max_upload_bytes
    if len(data) > limit:
        raise ProblemError(
            "audio_too_large", f"The file is larger than {limit // 2**20} MiB.", "file"
        )
    return data


def _fields(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the form's fields: lists from `a` or `a[]`, objects from `a[b]`, as clients write."""
    fields: dict[str, Any] = {}
    for name, value in form.items(multi=True):
        # A part of a form may come without a name.
        outer, bracket, inner = (name or "").partition("[")
        inner = inner.removesuffix("]")
        if outer in _LISTS:
            fields.setdefault(outer, []).append(value)
        elif bracket and inner:
            known = fields.get(outer)
            fields[outer] = (known if isinstance(known, dict) else {}) | {inner: value}
        elif value:  # An empty field is one that was left empty.
            fields[outer] = value
    return fields
