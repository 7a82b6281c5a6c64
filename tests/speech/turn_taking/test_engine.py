"""Turns, and what ends them."""

import itertools

import numpy as np
import pytest

from speech.turn_taking.engine import TurnEngine
from speech.turn_taking.events import (
    LikelyEnded,
    Paused,
    SpeechProgressed,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnTaking,
)
from speech.turn_taking.patience import CAP_MS
from speech.turn_taking.timing import LONGEST_TURN_MS
from tests.speech.turn_taking.script import (
    FRAME_MS,
    ScriptedModel,
    ScriptedVoice,
    engine,
    names,
    silence,
    sound,
    voice,
)


def test_a_finished_sentence_ends_after_200_ms_of_silence() -> None:
    ears = engine(0.99)
    assert ears.hear(silence(20)) == []

    events = ears.hear(np.concatenate([voice(20), silence(20)]))

    assert events == [
        SpeechStarted(start_ms=640 - 300),
        Paused(start_ms=340, end_ms=1280),
        LikelyEnded(start_ms=340, end_ms=1280, probability=0.99),
        TurnEnded(start_ms=340, end_ms=1280, at_ms=1280 + 7 * FRAME_MS),
    ]


@pytest.mark.parametrize("eagerness", ["low", "medium", "high", "auto"])
def test_an_unfinished_sentence_is_waited_out_up_to_the_cap(eagerness: str) -> None:
    ears = engine(0.0, eagerness=eagerness)
    events = ears.hear(np.concatenate([voice(20), silence(200)]))

    assert names(events) == ["SpeechStarted", "Paused", "LikelyEnded", "TurnEnded"]
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert CAP_MS[eagerness] <= ended.at_ms - ended.end_ms < CAP_MS[eagerness] + FRAME_MS


def test_a_silence_of_640_ms_is_answered_on_suspicion_however_unfinished_it_sounds() -> None:
    ears = engine(0.0)
    ears.hear(np.concatenate([voice(20), silence(19)]))
    assert names(ears.hear(silence(1))) == ["LikelyEnded"]
    assert names(ears.hear(voice(2))) == ["SpeechResumed"]


def test_the_less_finished_a_turn_sounds_the_longer_it_waits() -> None:
    waits = []
    for probability in (0.99, 0.9, 0.6, 0.3, 0.0):
        ended = engine(probability).hear(np.concatenate([voice(20), silence(200)]))[-1]
        assert isinstance(ended, TurnEnded)
        waits.append(ended.at_ms - ended.end_ms)
    assert waits == sorted(waits)
    assert len(set(waits)) == len(waits)


def test_the_model_is_asked_again_as_the_silence_grows() -> None:
    ears = engine(0.1, 0.1, 0.1, 0.99)
    events = ears.hear(np.concatenate([voice(20), silence(100)]))

    assert names(events) == ["SpeechStarted", "Paused", "LikelyEnded", "TurnEnded"]
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert 480 <= ended.at_ms - ended.end_ms < CAP_MS["auto"]


def test_the_model_hears_the_turn_with_its_padding_and_the_silence() -> None:
    model = ScriptedModel(0.99)
    ears = TurnEngine(TurnTaking(), ScriptedVoice(), model)
    ears.hear(np.concatenate([silence(20), voice(20), silence(10)]))

    assert len(model.heard[0]) == 16 * (300 + 20 * FRAME_MS + 6 * FRAME_MS)


def test_a_turn_goes_on_when_its_speaker_does() -> None:
    ears = engine(0.6)
    events = ears.hear(np.concatenate([voice(12), silence(8), voice(12), silence(100)]))

    assert names(events) == [
        "SpeechStarted",
        "Paused",
        "LikelyEnded",
        "SpeechResumed",
        "Paused",
        "LikelyEnded",
        "TurnEnded",
    ]
    assert SpeechResumed(at_ms=22 * FRAME_MS) in events
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert (ended.start_ms, ended.end_ms) == (0, 32 * FRAME_MS)


def test_a_click_is_no_speech_nor_does_it_resume_a_turn() -> None:
    ears = engine(0.0)
    assert ears.hear(np.concatenate([voice(3), silence(10), voice(4), silence(10)])) == []

    events = ears.hear(np.concatenate([voice(10), silence(10), voice(1), silence(100)]))

    assert names(events) == ["SpeechStarted", "Paused", "LikelyEnded", "TurnEnded"]
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert ended.at_ms - ended.end_ms == 75 * FRAME_MS, "the click has not made it wait longer"


def test_who_goes_on_just_when_the_turn_would_end_is_not_cut_off() -> None:
    ears = engine(0.99)
    events = ears.hear(np.concatenate([voice(20), silence(6), voice(4)]))

    assert names(events) == ["SpeechStarted", "Paused", "LikelyEnded", "SpeechResumed"]


def test_server_vad_ends_a_turn_by_silence_alone() -> None:
    ears = engine(0.99, mode="server_vad", silence_duration_ms=640)
    events = ears.hear(np.concatenate([voice(20), silence(19)]))
    assert names(events) == ["SpeechStarted", "Paused"]
    assert names(ears.hear(silence(1))) == ["TurnEnded"]


def test_without_a_model_silence_alone_decides() -> None:
    events = engine(silence_duration_ms=640).hear(np.concatenate([voice(20), silence(40)]))
    assert names(events) == ["SpeechStarted", "Paused", "TurnEnded"]
    assert events[-1] == TurnEnded(start_ms=0, end_ms=640, at_ms=1280)


def test_long_speech_is_told_about_once_a_second() -> None:
    events = engine(0.99).hear(voice(160))
    told = [event.at_ms for event in events if isinstance(event, SpeechProgressed)]
    assert 4 <= len(told) <= 5
    assert all(1000 <= b - a <= 1000 + FRAME_MS for a, b in itertools.pairwise(told))


def test_speech_without_end_is_cut_into_turns() -> None:
    events = engine(0.0).hear(voice(2 * LONGEST_TURN_MS // FRAME_MS + 100))
    ends = [event for event in events if isinstance(event, TurnEnded)]
    assert len(ends) == 2
    assert all(event.end_ms - event.start_ms <= LONGEST_TURN_MS + FRAME_MS for event in ends)
    assert ends[0].end_ms == ends[1].start_ms, "nothing is lost or heard twice"


def test_a_higher_threshold_wants_clearer_speech() -> None:
    assert engine(0.9, threshold=0.5).hear(voice(20, 0.6)) != []
    assert engine(0.9, threshold=0.8).hear(voice(20, 0.6)) == []


def test_a_turn_begins_not_before_the_last_one_ended() -> None:
    ears = engine(0.99, prefix_padding_ms=1000)
    events = ears.hear(np.concatenate([voice(20), silence(10), voice(20), silence(10)]))
    ends = [event for event in events if isinstance(event, TurnEnded)]
    assert ends[1].start_ms == ends[0].end_ms


def test_the_sound_of_a_turn_is_there_when_its_end_is_told() -> None:
    ears = engine(0.99, prefix_padding_ms=320)
    heard = np.concatenate([silence(50), sound((0.8, 20), (0.9, 20)), silence(8)])

    for begin in range(0, len(heard), 100):
        for event in ears.hear(heard[begin : begin + 100]):
            if isinstance(event, Paused | TurnEnded):
                expected = heard[16 * event.start_ms : 16 * event.end_ms]
                assert np.array_equal(ears.audio(event.start_ms, event.end_ms), expected)


@pytest.mark.parametrize("size", [1, 160, 511, 512, 777, 16_000])
def test_the_size_of_the_pieces_does_not_matter(size: int) -> None:
    heard = np.concatenate([silence(5), voice(12), silence(9), voice(3), silence(20)])
    pieces = engine(0.7)
    events = [e for i in range(0, len(heard), size) for e in pieces.hear(heard[i : i + size])]

    assert events == engine(0.7).hear(heard)


def test_push_to_talk_ends_where_the_client_says() -> None:
    ears = engine(0.99, mode="manual")
    assert ears.commit() is None
    assert ears.hear(np.concatenate([voice(20), silence(100), voice(20)])) == []
    assert ears.commit() == TurnEnded(start_ms=0, end_ms=4480, at_ms=4480)
    assert len(ears.audio(0, 4480)) == 16 * 4480
    assert ears.commit() is None

    ears.hear(silence(10))
    ears.clear()
    ears.hear(voice(10))
    ended = ears.commit()
    assert ended is not None
    assert (ended.start_ms, ended.end_ms) == (4800, 5120)


def test_push_to_talk_keeps_no_more_than_the_longest_turn() -> None:
    ears = engine(mode="manual")
    for _ in range(100):
        assert ears.hear(voice(31)) == []
    ended = ears.commit()
    assert ended is not None
    assert LONGEST_TURN_MS <= ended.end_ms - ended.start_ms <= LONGEST_TURN_MS + 2000


def test_a_client_may_end_a_turn_that_the_engine_has_begun() -> None:
    ears = engine(0.0)
    ears.hear(silence(20))
    assert ears.commit() is None, "nobody has said anything"
    ears.hear(voice(20))
    assert ears.commit() == TurnEnded(start_ms=340, end_ms=1280, at_ms=1280)
    assert ears.hear(silence(200)) == []


def test_what_is_cleared_is_forgotten() -> None:
    ears = engine(0.0)
    ears.hear(voice(20))
    ears.clear()
    assert ears.hear(silence(200)) == []
    assert len(ears.audio(0, 640)) == 0


def test_a_turn_stays_open_when_the_client_takes_over_its_end() -> None:
    ears = engine(0.0)
    ears.hear(np.concatenate([silence(20), voice(20)]))
    ears.configure(TurnTaking(mode="manual"))
    assert ears.hear(silence(300)) == []
    ended = ears.commit()
    assert ended is not None
    assert ended.start_ms == 340


def test_from_push_to_talk_to_open_ears() -> None:
    ears = engine(0.99, mode="manual")
    ears.hear(voice(20))
    ears.configure(TurnTaking())
    assert names(ears.hear(np.concatenate([voice(20), silence(20)])))[-1] == "TurnEnded"
