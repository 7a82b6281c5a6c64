"""A voice while the assistant is audible: an interruption, or nothing."""

import random

import numpy as np
import pytest

from speech.audio import Samples
from speech.turn_taking.engine import TurnEngine
from speech.turn_taking.events import (
    EngineEvent,
    FalseAlarm,
    Paused,
    PossibleInterruption,
    ShortSpeech,
    SpeechStarted,
    TurnEnded,
    TurnTaking,
)
from speech.turn_taking.timing import CERTAIN_MS, JUDGEMENT_MS, SHORT_SILENCE_MS
from tests.speech.turn_taking.script import (
    FRAME_MS,
    MAYBE,
    engine,
    names,
    silence,
    sound,
    voice,
)

SILENT = SHORT_SILENCE_MS // FRAME_MS


def speaking_assistant(*probabilities: float, **settings: object) -> TurnEngine:
    ears = engine(*(probabilities or (0.99,)), **settings)
    ears.hear(silence(20))
    ears.set_audible(True)
    return ears


def test_a_voice_holds_the_reply_within_a_tenth_of_a_second() -> None:
    events = speaking_assistant().hear(voice(3))
    assert events == [PossibleInterruption(at_ms=23 * FRAME_MS)]


def test_a_voice_that_goes_on_is_an_interruption_from_its_beginning() -> None:
    ears = speaking_assistant()
    events = ears.hear(voice(CERTAIN_MS // FRAME_MS))
    assert names(events) == ["PossibleInterruption", "SpeechStarted"]
    assert events[-1] == SpeechStarted(start_ms=640 - 300, is_interruption=True)

    events = ears.hear(np.concatenate([voice(10), silence(20)]))
    assert names(events) == ["Paused", "LikelyEnded", "TurnEnded"]
    assert events[0] == Paused(start_ms=340, end_ms=(20 + 16 + 10) * FRAME_MS)


def test_short_speech_is_asked_about_and_then_a_turn() -> None:
    ears = speaking_assistant()
    events = ears.hear(np.concatenate([voice(8), silence(20)]))
    assert names(events) == ["PossibleInterruption", "ShortSpeech"]
    assert events[-1] == ShortSpeech(start_ms=340, end_ms=28 * FRAME_MS)
    assert len(ears.audio(340, 28 * FRAME_MS)) == 16 * (28 * FRAME_MS - 340)

    events = ears.judge(is_interruption=True) + ears.hear(silence(10))

    assert names(events) == ["SpeechStarted", "Paused", "LikelyEnded", "TurnEnded"]
    assert events[0] == SpeechStarted(start_ms=340, is_interruption=True)
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert (ended.start_ms, ended.end_ms) == (340, 28 * FRAME_MS)


def test_short_speech_that_was_nothing_is_a_false_alarm() -> None:
    ears = speaking_assistant()
    ears.hear(np.concatenate([voice(8), silence(20)]))
    assert names(ears.judge(is_interruption=False)) == ["FalseAlarm"]
    assert ears.judge(is_interruption=True) == [], "it was decided"
    assert ears.hear(silence(300)) == []


def test_a_click_is_a_false_alarm_without_asking() -> None:
    events = speaking_assistant().hear(np.concatenate([voice(4, MAYBE), silence(20)]))
    assert names(events) == ["PossibleInterruption", "FalseAlarm"]


def test_less_than_a_tenth_of_a_second_is_not_even_held() -> None:
    assert speaking_assistant().hear(np.concatenate([voice(2), silence(20)])) == []


def test_what_is_said_while_the_verdict_is_open_stays_in_the_turn() -> None:
    ears = speaking_assistant(0.99)
    ears.hear(np.concatenate([voice(6), silence(10), voice(4), silence(1)]))
    events = ears.judge(is_interruption=True) + ears.hear(silence(20))
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert (ended.start_ms, ended.end_ms) == (340, 40 * FRAME_MS)


def test_what_is_said_after_a_mhm_is_judged_with_it() -> None:
    ears = speaking_assistant()
    ears.hear(np.concatenate([voice(6), silence(10), voice(4), silence(1)]))
    assert ears.judge(is_interruption=False) == []
    assert names(ears.hear(silence(10))) == ["ShortSpeech"]
    assert names(ears.judge(is_interruption=False)) == ["FalseAlarm"]


def test_speech_that_goes_on_before_the_verdict_needs_none() -> None:
    ears = speaking_assistant()
    ears.hear(np.concatenate([voice(6), silence(10)]))
    events = ears.hear(voice(12))
    assert names(events) == ["SpeechStarted"]
    assert ears.judge(is_interruption=False) == []


def test_without_a_verdict_the_reply_goes_on() -> None:
    ears = speaking_assistant()
    events = ears.hear(np.concatenate([voice(8), silence(JUDGEMENT_MS // FRAME_MS + 1)]))
    assert names(events) == ["PossibleInterruption", "ShortSpeech", "FalseAlarm"]


def test_the_end_of_the_reply_does_not_change_an_open_question() -> None:
    ears = speaking_assistant()
    ears.hear(voice(5))
    ears.set_audible(False)
    assert names(ears.hear(np.concatenate([voice(3), silence(SILENT)]))) == ["ShortSpeech"]
    assert names(ears.judge(is_interruption=True))[0] == "SpeechStarted"


def test_speech_that_began_before_the_reply_ended_is_speech() -> None:
    ears = speaking_assistant()
    ears.hear(voice(2))
    ears.set_audible(False)
    events = ears.hear(voice(3))
    assert events == [SpeechStarted(start_ms=340)]


def test_a_reply_that_may_not_be_interrupted_is_not() -> None:
    ears = speaking_assistant(can_be_interrupted=False)
    assert ears.hear(voice(100)) == []
    ears.set_audible(False)
    assert names(ears.hear(voice(5))) == ["SpeechStarted"]


def test_after_a_false_alarm_the_next_voice_is_heard_as_well() -> None:
    ears = speaking_assistant()
    ears.hear(np.concatenate([voice(8), silence(10)]))
    ears.judge(is_interruption=False)
    assert names(ears.hear(voice(16))) == ["PossibleInterruption", "SpeechStarted"]


@pytest.mark.parametrize("is_asked", [False, True])
def test_a_held_reply_is_released_when_what_held_it_is_forgotten(is_asked: bool) -> None:
    heard = np.concatenate([voice(8), silence(10 if is_asked else 0)])
    for forget in ("clear", "manual"):
        ears = speaking_assistant()
        ears.hear(heard)
        ears.clear() if forget == "clear" else ears.configure(TurnTaking(mode="manual"))
        assert names(ears.hear(silence(1))) == ["FalseAlarm"]
        assert ears.hear(silence(300)) == []


def test_a_client_may_take_what_is_in_question_for_a_turn() -> None:
    ears = speaking_assistant()
    ears.hear(np.concatenate([voice(8), silence(10)]))
    ended = ears.commit()
    assert ended is not None
    assert ended.start_ms == 340
    assert ears.hear(silence(300)) == []


def test_an_echo_far_below_the_users_voice_interrupts_nothing() -> None:
    # The scripted detector takes the first sample of a frame; the others carry the level.
    def heard(probability: float, level: float, n_frames: int) -> Samples:
        frames = np.full((n_frames, 512), level, np.float32)
        frames[:, 0] = probability
        return frames.ravel()

    ears = engine(0.99)
    ears.hear(np.concatenate([heard(0.9, 0.5, 20), silence(20)]))
    ears.set_audible(True)
    assert ears.hear(heard(0.9, 0.05, 40)) == []
    assert names(ears.hear(heard(0.9, 0.5, 16)))[0] == "PossibleInterruption"


def play(ears: TurnEngine, random_numbers: random.Random) -> list[EngineEvent]:
    """Return what a session of a minute tells, with anything happening at any time."""
    events: list[EngineEvent] = []
    while ears.now_ms < 60_000:
        match random_numbers.randrange(12):
            case 0:
                ears.set_audible(random_numbers.random() < 0.7)
            case 1:
                events += ears.judge(random_numbers.random() < 0.5)
            case 2 if random_numbers.random() < 0.2:
                ears.clear()
                events.append(TurnEnded(start_ms=0, end_ms=0, at_ms=ears.now_ms))
            case 3 if random_numbers.random() < 0.2:
                ended = ears.commit()
                events += [ended] if ended else []
            case _:
                probability = random_numbers.choice([0.0, 0.0, 0.4, 0.6, 0.9])
                n_samples = random_numbers.randrange(1, 16_000)
                events += ears.hear(np.full(n_samples, probability, np.float32))
    return events


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_nothing_gets_stuck(seed: int) -> None:
    random_numbers = random.Random(seed)
    ears = engine(
        *(random_numbers.random() for _ in range(500)),
        mode=random_numbers.choice(["semantic_vad", "server_vad"]),
        eagerness=random_numbers.choice(["low", "high"]),
    )
    events = play(ears, random_numbers)
    # Then everybody is silent, and nobody answers: at most the cap, or the wait for a verdict.
    events += ears.hear(sound((0.0, 200)))

    is_held, is_open, is_paused = False, False, False
    for event in events:
        match event:
            case PossibleInterruption():
                assert not is_held
                assert not is_open
                is_held = True
            case ShortSpeech():
                assert is_held
            case FalseAlarm():
                is_held = False
            case SpeechStarted(is_interruption=is_interruption):
                assert not is_open
                assert is_interruption == is_held
                is_open, is_held, is_paused = True, False, False
            case TurnEnded():
                # Also where a client commits or clears, and then a held reply may be released.
                is_open, is_paused, is_held = False, False, False
            case Paused():
                assert is_open
                assert not is_paused
                is_paused = True
            case _ if type(event).__name__ == "SpeechResumed":
                assert is_paused
                is_paused = False
    assert not is_held
    assert not is_open
    assert ears.hear(sound((0.0, 50))) == []
