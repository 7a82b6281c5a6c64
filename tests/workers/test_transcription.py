"""Recordings become transcripts: real Redis, real decoding, mostly real Whisper."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from assistant.events import (
    AudioDecoded,
    DetailedSegment,
    TranscriptProgress,
    TranscriptReady,
    TurnCancelled,
    TurnFinished,
)
from speech.asr.base import DecodingOptions, Hypothesis, Word
from speech.audio import Audio, Samples, encode_pcm16, wrap_wav
from tests.speech.spoken import load_engine, say, silence
from tests.workers.conftest import Build, Work, start
from workers import transcription, turn_control
from workers.services import Services
from workers.turn import fail
from workers.turn_order import is_next
from workers.turn_start import start_turn, transcribe_upload
from workers.turn_state import TurnState, load_state
from workers.turn_store import TranscriptionWish, TurnRequest

SENTENCE = "The museum opens at nine in the morning."


class Scripted:
    """Hears one word a window, and is as slow as it is told to be."""

    name = "scripted"

    def __init__(self, slow_s: float = 0.0) -> None:
        self.slow_s = slow_s
        self.windows = 0
        self.options: DecodingOptions | None = None
        """The last ones."""

    def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        time.sleep(self.slow_s)
        self.windows += 1
        self.options = options
        text = f"Word {self.windows}."
        is_aligned = options.aligned_s is not None
        return Hypothesis(
            text=text,
            language="en",
            language_probability=0.9,
            avg_logprob=-0.1,
            no_speech_prob=0.0,
            is_complete=True,
            words=(Word(start_s=0.5, end_s=1.5, text=f" {text}", tokens=(7, 8)),)
            if is_aligned
            else (),
        )


@pytest.fixture(scope="module")
def sentence(models: Path) -> Samples:
    return say(models, SENTENCE)


def recording(sentence: Samples, count: int) -> bytes:
    """Return the sentence so many times, each in a window of its own."""
    samples = np.concatenate([part for _ in range(count) for part in (sentence, silence(8))])
    return wrap_wav(encode_pcm16(Audio(samples, 16_000)), 16_000)


def scripted(services: Services, slow_s: float = 0.0) -> Scripted:
    engine = Scripted(slow_s)
    services.__dict__["recognizer"] = engine
    return engine


def upload(services: Services, data: bytes, turn_id: str = "t", **fields: object) -> None:
    start(services, None, turn_id, **fields)
    services.turns.put_upload(turn_id, data)


def transcribe(services: Services, turn_id: str = "t") -> list[str]:
    """Do the stage in its one or two tasks; return the turns sent to be answered."""
    sent: list[str] = []
    long: list[str] = []
    transcription.transcribe(services, turn_id, sent.append, long.append)
    for each in long:
        transcription.transcribe_recording(services, each, sent.append)
    return sent


def progress(services: Services, turn_id: str = "t") -> list[TranscriptProgress]:
    events = [stored.event for stored in services.bus.events(turn_id)]
    return [event for event in events if isinstance(event, TranscriptProgress)]


def types(services: Services) -> list[str]:
    return [stored.event.type for stored in services.bus.events("t")]


def state(services: Services) -> TurnState:
    return load_state(services.bus, "t")


def test_a_short_recording_is_heard_at_once_and_answered_before_anything_is_kept(
    build: Build, sentence: Samples
) -> None:
    services = build([])
    engine = scripted(services)
    upload(services, recording(sentence, 1))
    kept: list[object] = []

    def reply(turn_id: str) -> None:
        kept.append(services.transcripts.get("c", turn_id))

    transcription.transcribe(services, "t", reply, pytest.fail)
    assert types(services) == ["turn_started", "audio_decoded", "transcript_ready"]
    assert (engine.windows, kept) == (1, [None])
    found = services.transcripts.get("c", "t")
    assert found is not None
    assert [segment.text for segment in found.segments] == [found.text] == ["Word 1."]
    assert services.turns.upload("t") is None


def test_a_long_recording_is_written_down_and_not_answered(build: Build, sentence: Samples) -> None:
    services = build([])
    scripted(services)
    upload(services, recording(sentence, 8), answer="auto")
    assert transcribe(services) == []
    assert types(services) == [
        "turn_started",
        "audio_decoded",
        *["transcript_progress"] * 8,
        "transcript_ready",
        "turn_finished",
    ]
    assert isinstance(state(services).end, TurnFinished)
    found = services.transcripts.get("c", "t")
    assert found is not None and len(found.segments) == 8
    assert found.text == " ".join(f"Word {number}." for number in range(1, 9))
    (exchange,) = services.conversations.exchanges("c")
    assert (exchange.source, exchange.question) == ("transcript", found.text)
    assert services.conversations.recall("c").exchanges == (), "no model sees it"
    conversation = services.conversations.get("c")
    assert conversation is not None and conversation.title.startswith("Word 1.")


@pytest.mark.parametrize(
    ("count", "answer", "is_answered"),
    [(1, "auto", True), (1, "never", False), (8, "always", True), (8, "never", False)],
)
def test_whoever_sends_a_recording_says_whether_it_is_answered(
    build: Build, sentence: Samples, count: int, answer: str, is_answered: bool
) -> None:
    services = build([])
    scripted(services)
    upload(services, recording(sentence, count), answer=answer)
    assert transcribe(services) == (["t"] if is_answered else [])
    decoded = state(services).decoded
    assert isinstance(decoded, AudioDecoded) and decoded.is_answered == is_answered
    assert (state(services).end is None) == is_answered
    assert services.transcripts.turn_ids("c") == {"t"}


def test_what_follows_an_unanswered_recording_does_not_wait_for_it(
    build: Build, sentence: Samples
) -> None:
    services = build([])
    scripted(services)
    upload(services, recording(sentence, 8), answer="auto")
    start(services, "Hi?", "question")
    assert not is_next(services, "question")
    sent: list[str] = []
    transcription.transcribe(services, "t", sent.append, lambda _: None)
    assert sent == ["question"]
    assert is_next(services, "question")


def test_a_lost_workers_successor_hears_only_what_is_left(build: Build, sentence: Samples) -> None:
    services = build([])
    engine = scripted(services)
    upload(services, recording(sentence, 8), answer="auto")
    transcription.transcribe(services, "t", pytest.fail, lambda _: None)

    class WorkerLostError(BaseException):
        pass

    def die_in_the_fifth(samples: Samples, options: DecodingOptions) -> Hypothesis:
        if engine.windows == 4:
            raise WorkerLostError
        return Scripted.recognize(engine, samples, options)

    engine.recognize = die_in_the_fifth  # type: ignore[method-assign]
    with pytest.raises(WorkerLostError):
        transcription.transcribe_recording(services, "t", pytest.fail)
    assert len(progress(services)) == 4
    del engine.recognize
    transcription.transcribe_recording(services, "t", pytest.fail)
    assert engine.windows == 8, "none was heard twice"
    found = services.transcripts.get("c", "t")
    assert found is not None
    assert found.text == " ".join(f"Word {number}." for number in range(1, 9))
    assert [event.language for event in progress(services)] == ["en"] * 8
    once = services.bus.events("t")
    transcription.transcribe_recording(services, "t", pytest.fail)
    assert services.bus.events("t") == once


def test_progress_grows_to_the_whole_and_tells_each_segment_once(
    build: Build, sentence: Samples
) -> None:
    services = build([])
    scripted(services)
    upload(services, recording(sentence, 4), answer="auto")  # Above one window, and not long.
    transcribe(services)
    told = progress(services)
    assert [event.done_s for event in told] == sorted({event.done_s for event in told})
    assert len(told) == 4
    found = services.transcripts.get("c", "t")
    assert found is not None
    assert tuple(each for event in told for each in event.segments) == found.segments
    assert told[-1].done_s <= told[-1].duration_s == found.duration_s


def test_a_recording_without_words_ends_without_a_transcript(build: Build) -> None:
    services = build([])
    engine = scripted(services)
    upload(services, wrap_wav(bytes(2 * 16_000 * 90), 16_000), answer="auto")
    transcribe(services)
    assert engine.windows == 0
    ready = state(services).transcript
    assert isinstance(ready, TranscriptReady) and ready.no_speech
    assert isinstance(state(services).end, TurnFinished)
    assert services.transcripts.get("c", "t") is None
    assert services.conversations.exchanges("c") == []


def test_a_recording_is_cancelled_between_two_windows_and_nothing_is_kept(
    build: Build, sentence: Samples
) -> None:
    services = build([])
    engine = scripted(services, slow_s=0.3)
    upload(services, recording(sentence, 12), answer="auto")
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(transcribe, services)
        while not progress(services):
            time.sleep(0.02)
        turn_control.cancel(services, "t", "cancelled")
        cancelled_s = time.monotonic()
        done.result(10)
    assert time.monotonic() - cancelled_s < 1
    assert engine.windows < 12
    assert isinstance(state(services).end, TurnCancelled)
    assert services.transcripts.get("c", "t") is None
    assert services.conversations.exchanges("c") == []
    assert services.turns.upload("t") is None


def test_a_recording_stands_back_while_somebody_waits_but_not_for_ever(
    build: Build, sentence: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build([])
    engine = scripted(services)
    upload(services, recording(sentence, 8), answer="auto")
    services.foreground.enter("somebody else's")
    transcription.transcribe(services, "t", pytest.fail, lambda _: None)
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(transcription.transcribe_recording, services, "t", pytest.fail)
        time.sleep(0.5)
        assert engine.windows == 0
        services.foreground.leave("somebody else's")
        done.result(10)
    assert engine.windows == 8
    monkeypatch.setattr("workers.recording.PATIENCE_S", 0.1)
    services.foreground.enter("somebody else's")
    upload(services, recording(sentence, 8), "u", answer="auto")
    transcribe(services, "u")
    assert engine.windows == 16


def test_details_and_words_are_told_where_they_are_asked_for(
    build: Build, sentence: Samples
) -> None:
    services = build([])
    engine = scripted(services)
    data = recording(sentence, 2)
    told = []
    for turn_id, wish in (
        ("plain", TranscriptionWish()),
        ("details", TranscriptionWish(has_details=True)),
        ("words", TranscriptionWish(has_details=True, has_words=True)),
    ):
        engine.windows = 0
        upload(services, data, turn_id, answer="never", transcription=wish)
        transcribe(services, turn_id)
        told.append([each for event in progress(services, turn_id) for each in event.segments])
    plain, details, words = told
    assert plain == [], "what fits into a window is heard at once"
    first, second = (each for each in details if isinstance(each, DetailedSegment))
    assert (first.text, first.tokens, first.words) == ("Word 1.", (7, 8), ())
    assert first.avg_logprob == -0.1 and first.temperature == 0 and first.no_speech_prob == 0
    assert first.compression_ratio > 0
    assert first.window_s <= first.start_s < first.end_s < second.window_s
    assert isinstance(words[0], DetailedSegment)
    (word,) = words[0].words
    assert (word.text, word.start_s, word.end_s) == (" Word 1.", first.start_s, first.end_s)


def test_how_an_upload_is_to_be_heard_reaches_the_engine(build: Build, sentence: Samples) -> None:
    services = build([])
    engine = scripted(services)
    wish = TranscriptionWish(prompt="Museum.", temperature=0.4, translates=True, has_words=True)
    for count in (1, 8):
        turn_id = f"of {count}"
        upload(services, recording(sentence, count), turn_id, answer="never", transcription=wish)
        transcribe(services, turn_id)
        heard = engine.options
        assert heard is not None
        assert (heard.prompt, heard.temperature, heard.translates) == ("Museum.", 0.4, True)


def test_what_is_heard_outside_every_conversation_is_kept_nowhere(
    build: Build, work: Work, sentence: Samples
) -> None:
    services = build([])
    scripted(services)
    with work(services):
        started = [
            transcribe_upload(services, recording(sentence, count), "en") for count in (1, 8, 1)
        ]
        for turn_id in started:
            assert list(services.bus.follow(turn_id, timeout_s=60))
    for turn_id in started:
        ended = load_state(services.bus, turn_id)
        assert isinstance(ended.end, TurnFinished)
        assert ended.transcript is not None and "Word" in ended.transcript.text
        assert services.turns.upload(turn_id) is None
    assert not services.transcripts.turn_ids("")
    assert not services.conversations.exchanges("")
    assert services.order.first("") is None


@pytest.fixture
def long_work(build: Build, work: Work, models: Path) -> Iterator[Services]:
    services = build(["It is noon."])
    services.__dict__["recognizer"] = load_engine(models, "faster-whisper")
    with work(services):
        yield services


def test_a_spoken_question_is_heard_long_before_a_recording_that_came_first_is_done(
    long_work: Services, sentence: Samples, capsys: pytest.CaptureFixture[str]
) -> None:
    services = long_work

    def send(data: bytes, conversation_id: str, **fields: object) -> str:
        request = TurnRequest(
            conversation_id=conversation_id, user_id="anna", speak=False, **fields
        )
        return start_turn(services, request, upload=data)

    # More than there are threads for.
    long = [send(recording(sentence, 25), f"long {number}", answer="auto") for number in range(4)]
    while not any(progress(services, turn_id) for turn_id in long):
        time.sleep(0.05)
    windows = sum(len(progress(services, turn_id)) for turn_id in long)
    asked_s = time.monotonic()
    question = send(recording(sentence, 1), "short")
    while load_state(services.bus, question).transcript is None:
        time.sleep(0.02)
    took_s = time.monotonic() - asked_s
    windows = sum(len(progress(services, turn_id)) for turn_id in long) - windows
    for _ in services.bus.follow(question, timeout_s=60):
        pass
    answered = load_state(services.bus, question)
    assert answered.transcript is not None and "museum" in answered.transcript.text
    assert isinstance(answered.end, TurnFinished)
    assert not any(load_state(services.bus, turn_id).end for turn_id in long)
    for turn_id in long:
        turn_control.cancel(services, turn_id, "cancelled")
    with capsys.disabled():
        print(f"\nheard after {took_s:.1f} s and {windows} of 100 windows", end="")
    # Of each of two recordings one had begun; on a slow machine their patience ends once more.
    assert windows <= 4


def test_an_upload_that_cannot_be_heard_is_not_kept(build: Build) -> None:
    services = build()
    upload(services, b"no sound at all")
    fail(services, "t", "audio_unreadable", "This is no sound.")
    assert services.turns.upload("t") is None
