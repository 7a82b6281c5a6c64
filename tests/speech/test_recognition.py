"""From a recording to its words: real engines, and one that misbehaves on cue."""

from collections import defaultdict
from collections.abc import Callable
from csv import QUOTE_NONE, DictReader
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.error_rate import Errors, normalize
from speech.asr.base import DecodingOptions, Hypothesis, RecognitionEngine, RecognitionOptions
from speech.audio import Audio, Samples
from speech.recognition import cut_pieces, transcribe, warm_up
from speech.vad import Span
from tests.speech.spoken import load_engine, music, noise, read_clip, say, silence, tone

QUESTION = "What is the capital of France?"
OPTIONS = RecognitionOptions(beam_size=5)


def audio(*parts: Samples) -> Audio:
    return Audio(np.concatenate(parts), 16_000)


class ScriptedEngine:
    """Answers with what `answer` makes of the seconds it is given and the temperature."""

    name = "scripted"

    def __init__(self, answer: Callable[[float, float], Hypothesis]) -> None:
        self.answer = answer
        self.calls: list[tuple[float, float]] = []

    def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        self.calls.append((len(samples) / 16_000, options.temperature))
        return self.answer(*self.calls[-1])


def heard(
    text: str, avg_logprob: float = -0.2, no_speech_prob: float = 0.1, is_complete: bool = True
) -> Hypothesis:
    return Hypothesis(
        text=text,
        language="en",
        language_probability=0.9,
        avg_logprob=avg_logprob,
        no_speech_prob=no_speech_prob,
        is_complete=is_complete,
    )


@pytest.fixture
def engine(models: Path) -> RecognitionEngine:
    return load_engine(models, "faster-whisper")


@pytest.fixture
def question(models: Path) -> Samples:
    return say(models, QUESTION)


def test_a_question_is_transcribed_with_its_place(
    engine: RecognitionEngine, question: Samples
) -> None:
    transcript = transcribe(audio(silence(2), question, silence(1)), engine, OPTIONS)

    assert normalize(transcript.text, "en") == normalize(QUESTION, "en")
    assert transcript.language == "en"
    assert transcript.language_probability > 0.5
    assert not transcript.no_speech
    (segment,) = transcript.segments
    assert 1.5 <= segment.start_s <= 2.3
    assert segment.end_s <= 2 + len(question) / 16_000 + 1
    assert segment.text == transcript.text


def test_a_question_before_a_long_silence_comes_once(
    engine: RecognitionEngine, question: Samples
) -> None:
    transcript = transcribe(audio(silence(3), question, silence(40)), engine, OPTIONS)

    assert normalize(transcript.text, "en") == normalize(QUESTION, "en")


def test_two_questions_far_apart_are_two_segments(
    engine: RecognitionEngine, question: Samples
) -> None:
    transcript = transcribe(audio(question, silence(10), question), engine, OPTIONS)

    assert len(transcript.segments) == 2
    assert normalize(transcript.text, "en") == normalize(f"{QUESTION} {QUESTION}", "en")


@pytest.mark.parametrize(
    "samples",
    [silence(0), silence(10), noise(30, 1e-4), noise(8, 0.3), tone(5), music(12)],
    ids=["nothing", "silence", "faint noise", "loud noise", "tone", "music"],
)
def test_where_nobody_speaks_whisper_is_not_asked(samples: Samples) -> None:
    engine = ScriptedEngine(lambda *_: heard("Thanks for watching!"))

    transcript = transcribe(Audio(samples, 16_000), engine, OPTIONS)

    assert (transcript.text, transcript.language, transcript.no_speech) == ("", None, True)
    assert engine.calls == []


@pytest.mark.parametrize(
    "doubtful",
    [
        heard("Turn on the lamp. Turn on the lamp."),
        heard("to the " * 40),
        heard("Some word", avg_logprob=-0.4),
        heard("It was never said that this would", is_complete=False),
    ],
    ids=["said twice", "endless", "unlikely", "cut off"],
)
def test_a_doubtful_short_window_gives_way_to_the_full_one(
    question: Samples, doubtful: Hypothesis
) -> None:
    engine = ScriptedEngine(
        lambda context_s, _: heard("Turn on the lamp.") if context_s == 30 else doubtful
    )

    assert transcribe(audio(question), engine, OPTIONS).text == "Turn on the lamp."
    assert engine.calls == [(8.0, 0.0), (30.0, 0.0)]


@pytest.mark.parametrize(
    ("first", "text"),
    [
        (heard("Turn on the", avg_logprob=-0.6), "Turn on the"),
        (heard("Turn on the lamp. Turn on the lamp."), ""),
        (heard("Some word", avg_logprob=-1.2), ""),
    ],
    ids=["less sure", "said twice", "unlikely"],
)
def test_a_part_is_heard_once_and_what_is_doubtful_left_out(
    question: Samples, first: Hypothesis, text: str
) -> None:
    engine = ScriptedEngine(lambda *_: first)

    assert transcribe(audio(question), engine, replace(OPTIONS, is_part=True)).text == text
    assert engine.calls == [(8.0, 0.0)]


def test_a_doubtful_full_window_is_tried_at_higher_temperatures(question: Samples) -> None:
    engine = ScriptedEngine(
        lambda _, temperature: heard("Right.", avg_logprob=-0.5 if temperature > 0.3 else -1.5)
    )

    (segment,) = transcribe(audio(question), engine, OPTIONS).segments

    assert [temperature for _, temperature in engine.calls] == [0.0, 0.0, 0.2, 0.4]
    assert segment.temperature == 0.4


def test_where_nothing_can_be_trusted_the_likeliest_is_taken(question: Samples) -> None:
    engine = ScriptedEngine(lambda _, temperature: heard(f"{temperature}", -3 + temperature))

    assert transcribe(audio(question), engine, OPTIONS).text == "1.0"


@pytest.mark.parametrize(
    "invented",
    [
        heard("Thanks for watching!", avg_logprob=-1.2, no_speech_prob=0.8),
        heard("... ..."),
        heard(""),
    ],
    ids=["probably no speech", "no word", "empty"],
)
def test_text_that_whisper_doubts_itself_is_dropped(
    question: Samples, invented: Hypothesis
) -> None:
    transcript = transcribe(audio(question), ScriptedEngine(lambda *_: invented), OPTIONS)

    assert (transcript.text, transcript.no_speech) == ("", True)


def test_the_full_window_is_used_alone_where_asked(question: Samples) -> None:
    engine = ScriptedEngine(lambda *_: heard("Right."))

    transcribe(audio(question), engine, RecognitionOptions(window="full"))

    assert engine.calls == [(30.0, 0.0)]


def test_of_a_prompt_no_more_is_given_than_can_be_read(question: Samples) -> None:
    prompts: list[str | None] = []

    class Engine(ScriptedEngine):
        def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
            prompts.append(options.prompt)
            return super().recognize(samples, options)

    prompt = "Long ago. " * 10_000 + "Now."
    engine = Engine(lambda _seconds, _temperature: heard(QUESTION))
    transcribe(audio(question), engine, replace(OPTIONS, prompt=prompt))
    (given,) = prompts
    assert given is not None and prompt.endswith(given)
    assert 223 * 10 < len(given) < 10_000


def test_pieces_fit_in_the_window_and_end_at_long_pauses() -> None:
    spans = [Span(0, 10), Span(11, 25), Span(26, 33), Span(40, 45)]

    assert cut_pieces(spans) == [Span(0, 25), Span(26, 33), Span(40, 45)]
    assert cut_pieces([]) == []


def test_warming_up_asks_the_engine_once() -> None:
    engine = ScriptedEngine(lambda *_: heard(""))
    warm_up(engine)
    assert engine.calls == [(8.0, 0.0)]


def test_recorded_clips_are_heard_well(
    engine: RecognitionEngine, shared_audio: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (shared_audio / "dev" / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(DictReader(file, delimiter="\t", quoting=QUOTE_NONE))
    errors: dict[str, Errors] = defaultdict(Errors)
    for row in rows:
        language = row["language"]
        clip = Audio(read_clip(shared_audio / "dev" / row["file"]), 16_000)
        transcript = transcribe(clip, engine, OPTIONS)
        assert transcript.language == language, row["file"]
        if "NOSCORE" not in row["note"]:
            for group in (language, row["file"]):
                errors[group].add(row["reference"], transcript.text, language)

    with capsys.disabled():
        for language in sorted({row["language"] for row in rows}):
            found = errors[language]
            print(
                f"\n{language}: {found.wrong} of {found.total} wrong, {found.percent:.1f} %", end=""
            )
    assert errors["en"].percent < 5
    assert errors["zh"].percent < 20
    assert errors["en_longform_lj001.flac"].percent < 5


def test_recorded_oddities_are_heard_right(engine: RecognitionEngine, shared_audio: Path) -> None:
    for name, words in {
        "quiet_minus40dB.wav": "ask not what your country can do for you",
        "clipped_plus24dB.wav": "ask what you can do for your country",
        "noisy_pink.wav": "ask what you can do for your country",
        "speech_then_40s_silence.flac": "how old is the brooklyn bridge",
        "stereo_left_only.wav": "how old is the brooklyn bridge",
    }.items():
        clip = Audio(read_clip(shared_audio / "formats" / name), 16_000)
        text = normalize(transcribe(clip, engine, OPTIONS).text, "en")
        assert text.count(normalize(words, "en")) == 1, (name, text)
