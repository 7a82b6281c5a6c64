"""What every language model engine must do, and what the small ones do besides."""

import itertools
import time

import pytest

from assistant.errors import (
    GenerationCancelledError,
    LanguageModelUnavailableError,
    UnknownLanguageModelError,
)
from assistant.llm.asking import ask
from assistant.llm.base import Completion, FailedAttempt, GenerationOptions, ToolRequest
from assistant.llm.registry import create_model
from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.messages import Message

HI = [Message(role="user", content="Hi there, how are you?")]


@pytest.fixture(params=["echo", "scripted", "openai_chat", "resilient"])
def model(request):
    if request.param == "openai_chat":
        return request.getfixturevalue("real_model")
    if request.param == "scripted":
        return create_model("scripted", scripts=[["Good", " day."]])
    if request.param == "resilient":
        return ResilientModel([create_model("echo")], RetryPolicy())
    return create_model("echo")


def test_a_stream_is_text_and_then_one_completion_that_names_the_model(model):
    pieces = list(model.stream(HI, GenerationOptions(max_tokens=8)))
    assert len(pieces) > 1
    assert all(isinstance(piece, str) and piece for piece in pieces[:-1])
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].model == model.name


def test_a_stream_that_nobody_wants_any_more_ends_with_an_error(model):
    with pytest.raises(GenerationCancelledError):
        list(model.stream(HI, GenerationOptions(max_tokens=8), lambda: True))


def test_a_question_asked_in_the_background_gets_the_whole_answer_or_is_cancelled():
    echo = create_model("echo")
    assert ask(echo, HI, GenerationOptions()) == HI[0].content
    asked = itertools.count()
    with pytest.raises(GenerationCancelledError):
        ask(echo, HI, GenerationOptions(), lambda: next(asked) == 2)


def test_an_unknown_engine_is_told_the_known_ones():
    with pytest.raises(UnknownLanguageModelError, match="'x': echo, openai_chat, scripted"):
        create_model("x")


def test_the_echo_repeats_the_question_and_goes_on_from_what_was_written():
    messages = [Message(role="user", content="one two three")]
    echo = create_model("echo")
    stop = Completion(finish_reason="stop", model="echo")
    assert list(echo.stream(messages, GenerationOptions())) == ["one", " two", " three", stop]
    messages.append(Message(role="assistant", content="one two"))
    assert list(echo.stream(messages, GenerationOptions())) == [" three", stop]
    assert list(echo.stream(messages[:1], GenerationOptions(max_tokens=1))) == [
        "one",
        Completion(finish_reason="length", model="echo"),
    ]


def test_a_scripted_model_fails_on_cue_and_when_its_scripts_are_over():
    model = create_model("scripted", scripts=[["a", 0.01, LanguageModelUnavailableError("x")]])
    stream = model.stream([], GenerationOptions())
    assert next(stream) == "a"
    with pytest.raises(LanguageModelUnavailableError, match="x"):
        next(stream)
    with pytest.raises(LanguageModelUnavailableError, match="over"):
        next(model.stream([], GenerationOptions()))


def test_a_scripted_model_plays_tools_and_failed_attempts_and_can_be_stopped_in_a_pause():
    steps = [
        FailedAttempt(model="m", code="c", retry_in_s=None),
        ToolRequest(id="call_1", name="clock", text="{}", arguments={}),
    ]
    model = create_model("scripted", scripts=[steps, [30.0]])
    assert list(model.stream(HI, GenerationOptions()))[:-1] == steps
    end = time.monotonic() + 0.1
    with pytest.raises(GenerationCancelledError):
        list(model.stream(HI, GenerationOptions(), lambda: time.monotonic() > end))
    assert time.monotonic() - end < 1
    assert model.closed == 1
