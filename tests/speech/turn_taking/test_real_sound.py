"""The engine with its real detectors: people who pause, interrupt, cough, and rooms that echo."""

from pathlib import Path

import numpy as np
import pytest

from bench.turn_sounds import ROOM_DB, SPEECH_DB, at_level, cough, echo, hum, room_noise
from speech.audio import Samples
from speech.turn_taking.end_of_turn import EndOfTurnModel
from speech.turn_taking.engine import TurnEngine
from speech.turn_taking.events import (
    EngineEvent,
    PossibleInterruption,
    SpeechStarted,
    TurnEnded,
    TurnTaking,
)
from speech.turn_taking.vad import VoiceActivity
from tests.speech.spoken import RATE_HZ, read_clip, say
from tests.speech.turn_taking.script import names

QUESTION = "How old is the Brooklyn Bridge?"
REPLY = "The Brooklyn Bridge was opened on the twenty-fourth of May, eighteen eighty-three."
STORY = "It took fourteen years to build, and for a long time nothing in the world hung as far."
OBJECTIONS = [
    "Stop please, I would rather hear a song today.",
    "Could you sing a song for me?",
    "Tell me about the trains instead.",
    "Please turn off the light in the kitchen.",
    "Let us talk about something else now.",
    "That is not what I meant at all.",
]


@pytest.fixture(scope="module")
def model(models: Path) -> EndOfTurnModel:
    return EndOfTurnModel(models / "smart-turn-v3.2" / "smart-turn-v3.2-cpu.onnx")


@pytest.fixture
def ears(model: EndOfTurnModel) -> TurnEngine:
    return TurnEngine(TurnTaking(), VoiceActivity(), model)


def listen(ears: TurnEngine, *sounds: Samples) -> list[EngineEvent]:
    """Let it hear them in a quiet room, as a client sends them, 20 ms at a time."""
    heard = np.concatenate(sounds)
    heard = heard + room_noise(len(heard) / RATE_HZ, ROOM_DB, seed=len(heard))
    return [e for at in range(0, len(heard), 320) for e in ears.hear(heard[at : at + 320])]


def pause(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def answer(ears: TurnEngine, models: Path) -> None:
    """Let the user ask, and the assistant begin to speak."""
    listen(ears, at_level(say(models, QUESTION), SPEECH_DB), pause(3))
    ears.set_audible(True)
    listen(ears, pause(0.5))


def test_a_question_is_over_a_quarter_of_a_second_after_its_last_sound(
    models: Path, ears: TurnEngine
) -> None:
    question = at_level(say(models, QUESTION), SPEECH_DB)
    events = listen(ears, pause(1), question, pause(3))

    assert names(events)[0] == "SpeechStarted"
    assert names(events)[-2:] == ["LikelyEnded", "TurnEnded"]
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert ended.start_ms >= 600
    assert ended.at_ms <= 1000 + len(question) / 16 + 400


@pytest.mark.parametrize("decibels", [0, -10, -20, -30])
def test_recorded_sentences_are_one_turn_each(
    shared_audio: Path, model: EndOfTurnModel, decibels: int
) -> None:
    paths = [
        shared_audio / "dev" / name
        for name in ("zh_aishell_a4.wav", "en_brooklyn_bridge.flac", "fr_leopard.wav")
    ]
    for path in paths:
        ears = TurnEngine(TurnTaking(), VoiceActivity(), model)
        clip = read_clip(path) * np.float32(10 ** (decibels / 20))
        events = listen(ears, pause(1), clip, pause(4))
        assert names(events).count("TurnEnded") == 1, path.name


def test_a_thoughtful_pause_is_waited_out(shared_audio: Path, ears: TurnEngine) -> None:
    clip = read_clip(shared_audio / "dev" / "en_spont_acoustic_corpus.wav")
    # "…" with silences of 1.2 and 0.6 s in it.
    events = listen(ears, clip[16 * 16_000 : 24 * 16_000])
    assert "TurnEnded" not in names(events)
    assert names(events).count("SpeechResumed") >= 2


@pytest.mark.parametrize("level_db", [6, 0, -6])
def test_words_over_the_reply_hold_it_and_then_interrupt_it(
    models: Path, ears: TurnEngine, level_db: int
) -> None:
    answer(ears, models)
    began_ms = ears.now_ms
    objection = say(models, "Wait, I meant the other bridge.")
    events = listen(ears, at_level(objection, SPEECH_DB + level_db), pause(4))

    (start,) = [event for event in events if isinstance(event, SpeechStarted)]
    hold, ended = events[0], events[-1]
    assert isinstance(hold, PossibleInterruption)
    assert isinstance(ended, TurnEnded)
    assert hold.at_ms - began_ms <= 250
    assert start.is_interruption
    assert start.start_ms <= began_ms + 100, "the first word is in the turn"


@pytest.mark.parametrize("level_db", [0, -6, -12])
@pytest.mark.parametrize("make", [cough, hum])
def test_a_cough_or_mhm_is_never_an_interruption_by_itself(
    models: Path, model: EndOfTurnModel, make: type, level_db: int
) -> None:
    for seed in range(3):
        ears = TurnEngine(TurnTaking(), VoiceActivity(), model)
        answer(ears, models)
        events = listen(ears, at_level(make(seed), SPEECH_DB + level_db), pause(1))
        assert "SpeechStarted" not in names(events)
        ears.judge(is_interruption=False)
        assert listen(ears, pause(5)) == []


def over(ears: TurnEngine, reply: Samples, echoed: Samples) -> list[EngineEvent]:
    """Play the reply while `echoed` is heard; the client plays on, as one that cannot hold."""
    events: list[EngineEvent] = []
    begin = 0

    def played(duration_ms: int) -> Samples:
        return np.pad(reply[:begin], (16 * duration_ms, 0))[-16 * duration_ms :]

    ears.set_audible(True, played)
    for begin in range(0, len(echoed), 320):
        events += ears.hear(echoed[begin : begin + 320])
    return events


@pytest.mark.parametrize("level_db", [0, -6, -12, -18, -24, -30])
def test_the_assistants_own_echo_interrupts_nothing(
    models: Path, ears: TurnEngine, level_db: int
) -> None:
    answer(ears, models)
    reply = at_level(say(models, REPLY), SPEECH_DB + level_db)
    assert over(ears, reply, echo(reply) + pause(len(reply) / RATE_HZ)) == []


@pytest.mark.parametrize("level_db", [-24, -30])
def test_a_faint_echo_of_what_nobody_knows_interrupts_nothing(
    models: Path, ears: TurnEngine, level_db: int
) -> None:
    answer(ears, models)
    assert listen(ears, at_level(echo(say(models, REPLY)), SPEECH_DB + level_db), pause(2)) == []


@pytest.mark.parametrize("level_db", [-6, -12, -20])
def test_an_interruption_over_an_echo_is_heard(
    models: Path, ears: TurnEngine, level_db: int
) -> None:
    answer(ears, models)
    reply = at_level(say(models, REPLY), SPEECH_DB + level_db)
    objection = at_level(say(models, "Wait, I meant the other bridge."), SPEECH_DB)
    heard = echo(reply)
    heard[RATE_HZ : RATE_HZ + len(objection)] += objection[: len(reply) - RATE_HZ]
    events = over(ears, reply, heard)

    assert names(events)[0] == "PossibleInterruption"
    assert "SpeechStarted" in names(events)


def test_a_user_with_the_assistants_own_voice_is_no_echo(
    models: Path, model: EndOfTurnModel
) -> None:
    reply = at_level(np.concatenate([say(models, REPLY), say(models, STORY)]), SPEECH_DB)
    quiet = np.zeros_like(reply)
    dismissed = 0
    for sentence in OBJECTIONS:
        objection = at_level(say(models, sentence), SPEECH_DB)
        for second in (2, 3, 4):
            ears = TurnEngine(TurnTaking(), VoiceActivity(), model)
            heard = quiet + pause(len(quiet) / RATE_HZ)[: len(quiet)]
            heard[second * RATE_HZ :][: len(objection)] += objection
            events = names(over(ears, reply, heard))
            assert "SpeechStarted" in events
            dismissed += "FalseAlarm" in events
    print(f"{dismissed} of {3 * len(OBJECTIONS)} were taken for an echo at first")
    assert dismissed <= len(OBJECTIONS) // 3
