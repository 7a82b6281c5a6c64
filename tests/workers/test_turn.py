"""The three stages with real Redis, real Whisper and a real voice; only the model is scripted."""

import numpy as np
import pytest

from assistant.errors import LanguageModelUnavailableError
from assistant.events import (
    AudioReady,
    ReplyDelta,
    SpeechFailed,
    SpeechQueued,
    TurnEvent,
    TurnFinished,
)
from speech.audio import Audio, encode_pcm16, wrap_wav
from speech.errors import SynthesisError
from tests.workers.conftest import Build, start
from workers import transcription, turn
from workers.services import Services
from workers.turn_order import is_next, let_next_go
from workers.turn_state import load_state


def said(services: Services) -> list[tuple[str, str]]:
    return [(item.question, item.answer) for item in services.conversations.exchanges("c")]


def events(services: Services) -> list[TurnEvent]:
    return [stored.event for stored in services.bus.events("t")]


def types(services: Services) -> list[str]:
    return [event.type for event in events(services)]


def test_each_sentence_is_sent_to_be_spoken_before_the_reply_is_whole(build: Build) -> None:
    services = build(["It is ", "noon now in Paris. ", "The sun is very ", "high today."])
    start(services)
    sent: list[int] = []
    turn.reply(services, "t", lambda _, index: sent.append(index))
    assert sent == [0, 1]
    names = types(services)
    assert names.index("speech_queued") < len(names) - 1 - names[::-1].index("reply_delta")
    assert names[-1] == "reply_ready"
    assert "turn_finished" not in names


def test_the_last_piece_to_be_spoken_finishes_the_turn_whatever_the_order(build: Build) -> None:
    services = build(["It is noon now in Paris. The sun is very high today."])
    start(services)
    turn.reply(services, "t", lambda *_: None)
    turn.speak(services, "t", 1)
    assert types(services)[-1] == "audio_ready"
    turn.speak(services, "t", 0)
    assert types(services)[-1] == "turn_finished"
    ready = [event for event in events(services) if isinstance(event, AudioReady)]
    assert sorted(event.index for event in ready) == [0, 1]
    for event in ready:
        pcm16 = services.turns.audio("t", event.index)
        assert pcm16 is not None
        assert len(pcm16) / 2 / 24_000 == pytest.approx(event.duration_s, abs=0.001)


def test_stages_that_run_twice_change_nothing(build: Build) -> None:
    services = build(["It is noon now in Paris."])
    start(services)
    for _ in range(2):
        turn.reply(services, "t", lambda *_: None)
    for _ in range(2):
        turn.speak(services, "t", 0)
    once = events(services)
    turn.reply(services, "t", lambda *_: None)
    turn.speak(services, "t", 0)
    assert events(services) == once
    assert said(services) == [("Hi?", "It is noon now in Paris.")]


def test_a_reply_that_lost_its_worker_goes_on_and_says_nothing_twice(build: Build) -> None:
    services = build(["in Paris. The sun is very high today."])
    start(services)
    for text in ("Good day to you all. ", "It is noon now "):
        services.bus.append(ReplyDelta(turn_id="t", text=text))
    first = SpeechQueued(turn_id="t", index=0, text="Good day to you all. ", language="en")
    services.bus.append(first, once="piece:0")
    turn.speak(services, "t", 0)
    sent: list[int] = []
    turn.reply(services, "t", lambda _, index: sent.append(index))
    assert sent == [1, 2]
    state = load_state(services.bus, "t")
    assert state.reply is not None
    assert state.reply.text == (
        "Good day to you all. It is noon now in Paris. The sun is very high today."
    )
    assert [piece.text.strip() for piece in state.queued.values()] == [
        "Good day to you all.",
        "It is noon now in Paris.",
        "The sun is very high today.",
    ]


def test_a_piece_that_cannot_be_spoken_does_not_hold_the_turn_up(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build(["It is noon now in Paris."])

    class Broken:
        name = "broken"

        def synthesize(self, *_: object) -> Audio:
            raise SynthesisError("No sound came out.")

    monkeypatch.setattr(services, "synthesizer", lambda _: Broken())
    start(services)
    turn.reply(services, "t", lambda *_: None)
    turn.speak(services, "t", 0)
    failed, finished = events(services)[-2:]
    assert isinstance(failed, SpeechFailed)
    assert failed.message == "No sound came out."
    assert isinstance(finished, TurnFinished)
    assert not finished.has_audio


def test_a_model_that_is_away_gives_the_fallback_answer_and_it_is_spoken(build: Build) -> None:
    services = build([LanguageModelUnavailableError("refused")])
    start(services, question="你好吗？")
    turn.reply(services, "t", lambda *_: None)
    for index in load_state(services.bus, "t").queued:
        turn.speak(services, "t", index)
    finished = events(services)[-1]
    assert isinstance(finished, TurnFinished)
    assert (finished.source, finished.has_audio) == ("fallback", True)
    assert "语言模型" in finished.answer
    assert services.conversations.recall("c").exchanges == ()


def test_without_speech_nothing_is_sent_to_be_spoken(build: Build) -> None:
    services = build(["It is noon now in Paris."])
    start(services, speak=False)
    turn.reply(services, "t", lambda *_: pytest.fail("nothing is to be spoken"))
    assert types(services)[-1] == "turn_finished"


def test_silence_ends_the_turn_without_an_answer(build: Build) -> None:
    services = build([])
    start(services, question=None)
    silence = Audio(np.zeros(16_000, np.float32), 16_000)
    services.turns.put_upload("t", wrap_wav(encode_pcm16(silence), 16_000))
    transcription.transcribe(services, "t", pytest.fail, pytest.fail)
    assert types(services) == ["turn_started", "audio_decoded", "transcript_ready", "turn_finished"]
    assert services.turns.upload("t") is None


def test_turns_of_a_conversation_are_answered_in_the_order_in_which_they_came(
    build: Build,
) -> None:
    services = build(["One."], ["Two."])
    start(services, "First?", "a", speak=False)
    start(services, "Second?", "b", speak=False)
    assert is_next(services, "a")
    assert not is_next(services, "b")
    turn.reply(services, "a", lambda *_: None)
    assert let_next_go(services, "a") == "b"
    assert is_next(services, "b")
    turn.reply(services, "b", lambda *_: None)
    assert let_next_go(services, "b") is None
    assert said(services) == [("First?", "One."), ("Second?", "Two.")]


def test_a_turn_whose_worker_was_lost_at_its_end_holds_nobody_up(build: Build) -> None:
    services = build(["One."], ["Two."])
    start(services, "First?", "a", speak=False)
    start(services, "Second?", "b", speak=False)
    turn.reply(services, "a", lambda *_: None)
    assert is_next(services, "b"), "although the first has not left by itself"


def test_a_turn_that_is_still_being_heard_is_waited_for(build: Build) -> None:
    services = build(["Two."])
    start(services, None, "a")
    start(services, "Second?", "b", speak=False)
    assert not is_next(services, "b")
    turn.fail(services, "a", "audio_unreadable", "What is that?")
    assert let_next_go(services, "a") == "b"


def test_the_second_copy_of_a_task_only_finishes_what_the_first_left(build: Build) -> None:
    services = build(["One."])
    start(services, speak=False)
    assert not turn.finish_if_written(services, "t")
    turn.reply(services, "t", lambda *_: None)
    before = events(services)
    assert turn.finish_if_written(services, "t")
    assert events(services) == before


def test_the_manner_that_a_user_wishes_is_heard(build: Build) -> None:
    services = build(["It is noon now in Paris."], ["It is noon now in Paris."])
    lengths = {}
    for turn_id, manner in (("a", None), ("b", "concise")):
        services.profiles.set_manner("anna", manner)
        start(services, turn_id=turn_id, voice="pyttsx3:en-us")
        turn.reply(services, turn_id, lambda *_: None)
        let_next_go(services, turn_id)
        turn.speak(services, turn_id, 0)
        lengths[turn_id] = load_state(services.bus, turn_id).audio[0].duration_s
    assert lengths["b"] < 0.95 * lengths["a"], "concise speech is faster"


def test_the_sound_of_a_cached_answer_is_not_made_again(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build(["Noon is at twelve in Paris."], answer_cache="exact")
    question = "When is noon in Paris?"
    for turn_id in ("a", "b"):
        start(services, question, turn_id)
        turn.reply(services, turn_id, lambda *_: None)
        let_next_go(services, turn_id)
        turn.speak(services, turn_id, 0)
        services.conversations.delete("c")
        monkeypatch.setattr(services, "synthesizer", lambda _: pytest.fail("spoken again"))
    state = load_state(services.bus, "b")
    assert state.reply is not None and state.reply.source == "cache"
    assert services.turns.audio("a", 0) == services.turns.audio("b", 0)
