"""What was heard, in the shapes that OpenAI's clients read."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from assistant.events import DetailedSegment
from speech.languages import LANGUAGES, space_between
from workers.transcript_store import StoredTranscript
from workers.turn_state import TurnState

Task = Literal["transcribe", "translate"]
Granularity = Literal["word", "segment"]
_FRAMES_PER_S = 100
# Not all that is no letter: Python's \w leaves out the vowel signs of Hindi and Thai.
_PUNCTUATION = ' \n\t.,;:!?¡¿"“”„‘’‚()[]{}<>«»‹›…。，、；：！？（）《》「」『』—–・♪؟،؛।'


class DurationUsage(BaseModel):
    type: Literal["duration"] = "duration"
    seconds: float
    """Of the recording."""


class HeardLanguage(BaseModel):
    code: str
    """ISO 639-1."""


class Transcription(BaseModel):
    text: str
    languages: list[HeardLanguage]
    """None where nobody spoke."""
    usage: DurationUsage


class TranscriptionWord(BaseModel):
    word: str
    start: float
    end: float


class VerboseSegment(BaseModel):
    id: int
    seek: int
    """Where the window begins that it was heard in, in hundredths of a second."""
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class VerboseTranscription(BaseModel):
    task: Task
    language: str
    """Its English name; empty where nobody spoke."""
    duration: float
    text: str
    segments: list[VerboseSegment] | None = None
    words: list[TranscriptionWord] | None = None
    usage: DurationUsage


def plain(state: TurnState) -> Transcription:
    return Transcription(text=text(state), languages=languages(state), usage=usage(state))


def verbose(
    state: TurnState, task: Task, granularities: Sequence[Granularity]
) -> VerboseTranscription:
    details = [each for each in state.segments if isinstance(each, DetailedSegment)]
    spoken = state.transcript.language if state.transcript else None
    written = "en" if task == "translate" else spoken
    space = space_between(written)
    return VerboseTranscription(
        task=task,
        language=LANGUAGES.get(written or "", "") if spoken else "",
        duration=_duration_s(state),
        text=text(state),
        segments=[_segment(index, each, space) for index, each in enumerate(details)]
        if "segment" in granularities
        else None,
        words=[word for each in details for word in _words(each)]
        if "word" in granularities
        else None,
        usage=usage(state),
    )


def subtitles(state: TurnState, kind: Literal["srt", "vtt"]) -> str:
    return StoredTranscript(
        text=text(state),
        language=None,  # OpenAI's files begin with the bare word WEBVTT.
        duration_s=_duration_s(state),
        segments=tuple(state.segments),
    ).as_file(kind)


def languages(state: TurnState) -> list[HeardLanguage]:
    code = state.transcript.language if state.transcript else None
    return [HeardLanguage(code=code)] if code else []


def usage(state: TurnState) -> DurationUsage:
    return DurationUsage(seconds=_duration_s(state))


def text(state: TurnState) -> str:
    return state.transcript.text if state.transcript else ""


def _duration_s(state: TurnState) -> float:
    return state.decoded.duration_s if state.decoded else 0.0


def _segment(index: int, segment: DetailedSegment, space: str) -> VerboseSegment:
    return VerboseSegment(
        id=index,
        seek=round(segment.window_s * _FRAMES_PER_S),
        start=segment.start_s,
        end=segment.end_s,
        text=space + segment.text,
        tokens=list(segment.tokens),
        temperature=segment.temperature,
        avg_logprob=segment.avg_logprob,
        compression_ratio=segment.compression_ratio,
        no_speech_prob=segment.no_speech_prob,
    )


def _words(segment: DetailedSegment) -> list[TranscriptionWord]:
    """Return its words without the marks around them, as OpenAI does."""
    return [
        TranscriptionWord(word=text, start=word.start_s, end=word.end_s)
        for word in segment.words
        if (text := word.text.strip(_PUNCTUATION))
    ]
