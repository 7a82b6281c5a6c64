"""What every language model engine must do, and what the small ones do besides."""

import pytest

from assistant.errors import LanguageModelUnavailableError, UnknownLanguageModelError
from assistant.llm.base import Completion, GenerationOptions
from assistant.llm.registry import create_model
from assistant.messages import Message


@pytest.fixture(params=["echo", "scripted", "openai_chat"])
def model(request):
    if request.param == "openai_chat":
        base_url = request.getfixturevalue("llama_server")
        return create_model(
            "openai_chat", base_url=base_url, model="qwen", api_key="none", timeout_s=60.0
        )
    if request.param == "scripted":
        return create_model("scripted", scripts=[["Good", " day."]])
    return create_model("echo")


def test_a_stream_is_text_and_then_one_completion(model):
    pieces = list(
        model.stream([Message(role="user", content="Hi")], GenerationOptions(max_tokens=8))
    )
    assert len(pieces) > 1
    assert all(isinstance(piece, str) and piece for piece in pieces[:-1])
    assert isinstance(pieces[-1], Completion)
    assert model.name


def test_an_unknown_engine_is_told_the_known_ones():
    with pytest.raises(UnknownLanguageModelError, match="'x': echo, openai_chat, scripted"):
        create_model("x")


def test_the_echo_repeats_the_question_and_goes_on_from_what_was_written():
    messages = [Message(role="user", content="one two three")]
    echo = create_model("echo")
    stop = Completion(finish_reason="stop")
    assert list(echo.stream(messages, GenerationOptions())) == ["one", " two", " three", stop]
    messages.append(Message(role="assistant", content="one two"))
    assert list(echo.stream(messages, GenerationOptions())) == [" three", stop]
    assert list(echo.stream(messages[:1], GenerationOptions(max_tokens=1))) == [
        "one",
        Completion(finish_reason="length"),
    ]


def test_a_scripted_model_fails_on_cue_and_when_its_scripts_are_over():
    model = create_model("scripted", scripts=[["a", 0.01, LanguageModelUnavailableError("x")]])
    stream = model.stream([], GenerationOptions())
    assert next(stream) == "a"
    with pytest.raises(LanguageModelUnavailableError, match="x"):
        next(stream)
    with pytest.raises(LanguageModelUnavailableError, match="over"):
        next(model.stream([], GenerationOptions()))
