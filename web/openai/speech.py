"""Text spoken: as a file that grows while the rest is still being made, or as events."""

import base64
import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Annotated, Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from speech.encoding import CONTENT_TYPES, SAMPLE_RATE_HZ, AudioFormat, StreamEncoder
from speech.errors import UnknownVoiceError
from speech.tts.voices import check_voice
from web.context import services
from web.errors import ProblemError
from web.identity import need_key
from web.openai.errors import error_answer
from web.openai.presence import has_left
from web.openai.spoken import spoken_pieces
from web.openapi import Events, operation
from web.payloads import Language, parse
from workers.turn_control import stop
from workers.turn_start import speak_text
from workers.turn_store import TurnRequest

blueprint = Blueprint("openai_speech", __name__, url_prefix="/v1/audio")
blueprint.before_request(need_key)

_BYTES_PER_TOKEN = 3
"""Of the text: what the prompts of chats are estimated by."""
_TOKENS_PER_S = 20
"""Of sound, as OpenAI counts what its models say."""
_WORDLESS = bytes(2 * SAMPLE_RATE_HZ // 10)
"""What a text without words sounds like, as one of emoji: voice frameworks take an error amiss."""


class CustomVoice(BaseModel):
    id: str


class SpeechRequest(BaseModel):
    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)

    input: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=4096, pattern=r"\S"),
    ]
    model: Annotated[str, StringConstraints(min_length=1)] = "default"
    """Any: the voice decides what speaks."""
    voice: str | CustomVoice = "alloy"
    """One of OpenAI's names, or an id of `/v1/audio/voices`."""
    instructions: str | None = None
    """Accepted, and without effect: these voices have one manner each."""
    response_format: AudioFormat = "mp3"
    """`pcm`: 24 kHz, mono, signed 16-bit little-endian, without a header."""
    speed: Annotated[float, Field(ge=0.25, le=4, allow_inf_nan=False)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    language: Language | None = None
    """Ours: which it is where the letters alone do not tell, as of a number."""


class SpeechUsage(BaseModel):
    """Estimates."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class SpeechAudioDelta(BaseModel):
    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str
    """Base64. Joined in their order, all of them are the file."""


class SpeechAudioDone(BaseModel):
    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: SpeechUsage


class SpeechEvent(RootModel[SpeechAudioDelta | SpeechAudioDone]):
    """With `stream_format=sse`."""


@blueprint.post("/speech")
@operation(
    {200: (*CONTENT_TYPES.values(), Events(SpeechEvent))},
    body=SpeechRequest,
    errors=[
        "unknown_voice",
        "synthesis_failed",
        "engine_unavailable",
        "turn_cancelled",
        "turn_timeout",
    ],
)
def speech() -> Response:
    """Speak a text; the sound is sent while the rest of it is being made."""
    wanted = parse(SpeechRequest, request.get_json())
    turn_id = speak_text(services(), wanted.input, _turn_request(wanted))
    # Where the client leaves, or a piece fails; it changes nothing where the turn has ended.
    stop_turn = partial(stop, services(), turn_id)
    encoder = StreamEncoder(wanted.response_format)
    pieces = spoken_pieces(turn_id)
    try:
        first = _first(pieces, stop_turn)
    except ProblemError:
        stop_turn()
        raise
    if wanted.stream_format == "sse":
        lines = _lines(first, pieces, encoder, wanted.input)
        response = Response(lines, content_type="text/event-stream")
    else:
        content_type = CONTENT_TYPES[wanted.response_format]
        response = Response(_file(first, pieces, encoder), content_type=content_type)
    response.headers["X-Request-Id"] = turn_id  # OpenAI's clients keep it for their logs.
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the sound back.
    response.call_on_close(stop_turn)
    return response


def _turn_request(wanted: SpeechRequest) -> TurnRequest:
    """Raises ProblemError."""
    voice = wanted.voice if isinstance(wanted.voice, str) else wanted.voice.id
    try:
        check_voice(voice)
    except UnknownVoiceError as error:
        raise ProblemError(
            "unknown_voice",
            f"There is no voice {voice!r}; GET /v1/audio/voices lists those there are.",
            "voice",
        ) from error
    return TurnRequest(
        conversation_id="",
        user_id="",
        # The voices go by the language alone: zh for zh-CN.
        language=wanted.language.split("-")[0].lower() if wanted.language else None,
        voice=voice,
        speed=wanted.speed,
    )


def _first(pieces: Iterator[bytes], stop_turn: Callable[[], None]) -> bytes:
    """Return the first sound. Raises ProblemError, which then has a status of its own."""
    for piece in pieces:
        if piece:
            return piece
        if has_left(request.environ):
            stop_turn()
    return _WORDLESS


def _file(first: bytes, pieces: Iterator[bytes], encoder: StreamEncoder) -> Iterator[bytes]:
    """Yield the file. An error breaks the connection off, so that nobody takes it for whole."""
    for piece in chain([first], pieces):
        for part in _parts(piece):
            yield encoder.feed(part)
    yield encoder.finish()


def _lines(
    first: bytes, pieces: Iterator[bytes], encoder: StreamEncoder, text: str
) -> Iterator[str]:
    n_bytes = 0
    try:
        for piece in chain([first], pieces):
            n_bytes += len(piece)
            for part in _parts(piece):
                data = encoder.feed(part)
                yield _delta(data) if data else ": still here\n\n"
    except ProblemError as problem:
        yield _sse(error_answer(problem.code, problem.detail, problem.status))
        return
    if rest := encoder.finish():
        yield _delta(rest)
    duration_s = n_bytes / 2 / SAMPLE_RATE_HZ
    taken = math.ceil(len(text.encode()) / _BYTES_PER_TOKEN)
    given = math.ceil(duration_s * _TOKENS_PER_S)
    usage = SpeechUsage(input_tokens=taken, output_tokens=given, total_tokens=taken + given)
    yield _sse(SpeechAudioDone(usage=usage))


def _parts(piece: bytes) -> list[bytes]:
    """Return half seconds, or what is empty: the first are sent while the others are encoded."""
    return [piece[at : at + SAMPLE_RATE_HZ] for at in range(0, len(piece), SAMPLE_RATE_HZ)] or [b""]


def _delta(data: bytes) -> str:
    return _sse(SpeechAudioDelta(audio=base64.b64encode(data).decode()))


def _sse(event: BaseModel) -> str:
    return f"data: {event.model_dump_json()}\n\n"
