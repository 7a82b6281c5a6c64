"""The client against a server that misbehaves on cue, and against llama.cpp's own."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from assistant.errors import (
    GenerationCancelledError,
    LanguageModelRejectedError,
    LanguageModelUnavailableError,
    PromptTooLongError,
    RequestRefusedError,
)
from assistant.llm.base import Completion, GenerationOptions
from assistant.llm.openai_chat import OpenAIChat
from assistant.messages import Message
from tests.assistant.llm.misbehaving import (
    DONE,
    DROP,
    HANG,
    KEEP_ALIVE,
    USAGE,
    Answer,
    MisbehavingServer,
    chunk,
    failing,
    refusing_port,
    silent_port,
)

QUESTION = [Message(role="user", content="Hi")]
OPTIONS = GenerationOptions(temperature=0.0, max_tokens=40)
STOP = chunk(None, "stop")


def at_port(port, **timeouts):
    return OpenAIChat(
        base_url=f"http://127.0.0.1:{port}/v1",
        model="m",
        api_key="",
        **({"first_token_timeout_s": 9.0, "token_timeout_s": 9.0} | timeouts),
    )


def answered(steps, options=OPTIONS, messages=QUESTION):
    """Return what the client yields for this answer, and the body of its request."""
    with MisbehavingServer(Answer(steps)) as server:
        pieces = list(server.model().stream(messages, options))
    ((_, _, body),) = server.requests
    return pieces, body


def test_a_proper_stream_is_its_text_and_its_count_of_tokens():
    script = [chunk(role="assistant"), chunk("Hel"), chunk("lo"), STOP, USAGE, DONE]
    with MisbehavingServer(Answer(script)) as server:
        assert list(server.model().stream(QUESTION, OPTIONS)) == [
            "Hel",
            "lo",
            Completion(finish_reason="stop", prompt_tokens=7, completion_tokens=2, model="m"),
        ]
    ((path, authorization, body),) = server.requests
    assert (path, authorization) == ("/v1/chat/completions", "Bearer secret")
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.0,
        "max_tokens": 40,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_server_that_counts_no_tokens_will_do():
    pieces, _ = answered([chunk("Hi"), chunk(None, "length"), DONE])
    assert pieces == ["Hi", Completion(finish_reason="length", model="m")]


def test_reasoning_in_a_field_of_its_own_is_not_text():
    pieces, _ = answered(
        [chunk(reasoning_content="Hm"), chunk([{"text": "Hm"}]), chunk("Hi"), STOP]
    )
    assert pieces[:-1] == ["Hi"]


def test_a_refused_connection_is_unavailable_at_once():
    start = time.monotonic()
    with pytest.raises(LanguageModelUnavailableError):
        next(at_port(refusing_port()).stream(QUESTION, OPTIONS))
    assert time.monotonic() - start < 3


def test_a_server_that_accepts_and_says_nothing_is_unavailable_after_the_timeout():
    with silent_port() as port, pytest.raises(LanguageModelUnavailableError, match="too long"):
        next(at_port(port, first_token_timeout_s=0.3).stream(QUESTION, OPTIONS))


ALIVE = [KEEP_ALIVE, 0.05] * 100


@pytest.mark.parametrize(
    "answer",
    [
        Answer(before_headers_s=HANG),
        Answer([HANG]),
        Answer([chunk(role="assistant"), HANG]),
        Answer(ALIVE),
        Answer([chunk(role="assistant", content=""), 0.05] * 100),
    ],
    ids=["no headers", "no body", "a role only", "keep-alive comments", "empty chunks"],
)
def test_a_first_token_that_does_not_come_is_waited_for_so_long_and_no_longer(answer):
    with MisbehavingServer(answer) as server:
        model = server.model(first_token_timeout_s=0.3, token_timeout_s=9.0)
        start = time.monotonic()
        with pytest.raises(LanguageModelUnavailableError, match="too long"):
            list(model.stream(QUESTION, OPTIONS))
        assert 0.3 <= time.monotonic() - start < 1.5
        assert server.client_left.wait(3)


@pytest.mark.parametrize("rest", [[HANG], ALIVE], ids=["silence", "keep-alive comments"])
def test_a_server_that_hangs_in_the_middle_has_its_own_timeout_and_what_it_said_stands(rest):
    with MisbehavingServer(Answer([chunk("Hi"), *rest])) as server:
        stream = server.model(first_token_timeout_s=9.0, token_timeout_s=0.3).stream(
            QUESTION, OPTIONS
        )
        assert next(stream) == "Hi"
        with pytest.raises(LanguageModelUnavailableError, match="too long"):
            next(stream)
        assert server.client_left.wait(3)
    assert len(server.requests) == 1


def test_a_slow_server_that_keeps_writing_or_reasoning_is_waited_for():
    script = [chunk(reasoning_content="Hm"), 0.2] * 3
    script += [part for text in "abcdefg" for part in (chunk(text), 0.2)]
    with MisbehavingServer(Answer([*script, STOP])) as server:
        model = server.model(first_token_timeout_s=0.8, token_timeout_s=0.8)
        pieces = list(model.stream(QUESTION, OPTIONS))
    assert "".join(pieces[:-1]) == "abcdefg"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_passing_trouble_is_unavailable(status):
    with (
        MisbehavingServer(failing(status)) as server,
        pytest.raises(LanguageModelUnavailableError, match=str(status)) as caught,
    ):
        list(server.model().stream(QUESTION, OPTIONS))
    assert caught.value.is_retryable
    assert caught.value.retry_after_s is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("in an hour", 3600.0),
    ],
)
def test_how_long_an_overloaded_server_wants_to_be_left_alone_is_kept(header, seconds):
    if header == "in an hour":
        header = format_datetime(datetime.now(UTC) + timedelta(hours=1))
    with (
        MisbehavingServer(failing(429, Retry_After=header)) as server,
        pytest.raises(LanguageModelUnavailableError) as caught,
    ):
        list(server.model().stream(QUESTION, OPTIONS))
    assert caught.value.retry_after_s == (seconds and pytest.approx(seconds, abs=60))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_request_that_will_never_do_is_rejected(status):
    with (
        MisbehavingServer(failing(status)) as server,
        pytest.raises(LanguageModelRejectedError, match=str(status)) as caught,
    ):
        list(server.model().stream(QUESTION, OPTIONS))
    assert not caught.value.is_retryable


def test_a_request_that_is_refused_is_told_in_the_servers_words():
    refusal = Answer(['{"error": {"message": "unrecognized type foo"}}'], 400)
    with (
        MisbehavingServer(refusal) as server,
        pytest.raises(RequestRefusedError, match="type foo"),
    ):
        list(server.model().stream(QUESTION, OPTIONS))


@pytest.mark.parametrize(
    "script",
    [
        [],
        ["<html>It works!</html>"],
        [b"\xff\xfe\x00"],
        [DONE],
        [DROP],
        [chunk("Hi")],
        [chunk("Hi"), DONE],
        [chunk("Hi"), DROP],
        [chunk("Hi"), 'data: {"choices": [{\n\n'],
        [chunk("Hi"), 'data: {"choices": [{}]}\n\n'],
        [chunk("Hi"), 'data: {"choices": 5}\n\n'],
        [chunk("Hi"), 'data: "what"\n\n', "data: 5\n\n"],
        [chunk("Hi"), 'data: {"error": {"message": "out of memory", "code": 500}}\n\n'],
        [chunk("Hi"), 'data: {"error": {"message": "overloaded", "code": 429}}\n\n'],
    ],
)
def test_a_broken_or_cut_stream_is_unavailable_and_what_it_said_stands(script):
    pieces = []
    with MisbehavingServer(Answer(script)) as server, pytest.raises(LanguageModelUnavailableError):
        pieces.extend(server.model().stream(QUESTION, OPTIONS))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        ['data: {"error": {"message": "prompt too long", "code": 400}}\n\n'],
        [chunk("Hi"), chunk(None, "content_filter"), DONE],
    ],
)
def test_a_refusal_within_the_stream_is_rejected(script):
    with MisbehavingServer(Answer(script)) as server, pytest.raises(LanguageModelRejectedError):
        list(server.model().stream(QUESTION, OPTIONS))


def test_closing_the_stream_closes_the_connection():
    with MisbehavingServer(Answer([chunk("Hi"), HANG])) as server:
        stream = server.model().stream(QUESTION, OPTIONS)
        assert next(stream) == "Hi"
        stream.close()
        assert server.client_left.wait(3)


@pytest.mark.parametrize(
    "answer",
    [Answer(before_headers_s=HANG), Answer([HANG]), Answer([chunk("Hi"), 0.01] * 9999)],
    ids=["before the headers", "before the first token", "while it writes"],
)
def test_an_answer_that_nobody_wants_any_more_is_stopped_at_once(answer):
    unwanted = threading.Event()
    with MisbehavingServer(answer) as server:
        threading.Timer(0.3, unwanted.set).start()
        start = time.monotonic()
        with pytest.raises(GenerationCancelledError):
            list(server.model().stream(QUESTION, OPTIONS, unwanted.is_set))
        assert time.monotonic() - start < 1.0
        assert server.client_left.wait(3)


def test_many_streams_at_once_share_one_thread_and_do_not_wait_for_one_another():
    with MisbehavingServer(Answer([0.5, chunk("Hi"), STOP, DONE])) as server:
        model = server.model()
        start = time.monotonic()
        with ThreadPoolExecutor(20) as users:
            answers = list(users.map(lambda _: list(model.stream(QUESTION, OPTIONS)), range(20)))
        assert time.monotonic() - start < 5  # One after the other, they take 10 s.
    assert [answer[0] for answer in answers] == ["Hi"] * 20
    assert [thread.name for thread in threading.enumerate()].count("language-models") == 1


def test_a_begun_reply_is_sent_to_be_continued_and_its_last_space_is_not_doubled():
    messages = [*QUESTION, Message(role="assistant", content="One.\n")]
    pieces, body = answered([chunk(" "), chunk(" Two"), chunk(" three."), STOP], OPTIONS, messages)
    assert pieces[:-1] == ["Two", " three."]
    assert body["messages"][-1] == {"role": "assistant", "content": "One."}
    assert body["continue_final_message"] is True and body["add_generation_prompt"] is False


def test_the_real_server_answers_and_counts(real_model):
    *pieces, completion = real_model.stream(
        [Message(role="user", content="What is the capital of France? One word.")], OPTIONS
    )
    assert "Paris" in "".join(pieces)
    assert completion.finish_reason == "stop"
    assert completion.prompt_tokens > 10 and completion.completion_tokens >= len(pieces) > 0


def test_the_real_server_says_that_a_reply_was_cut(real_model):
    question = [Message(role="user", content="Count from one to fifty.")]
    *_, completion = real_model.stream(question, GenerationOptions(max_tokens=5))
    assert (completion.finish_reason, completion.completion_tokens) == ("length", 5)


def test_the_real_server_goes_on_with_a_begun_reply_and_does_not_repeat_it(real_model):
    begun = "One, two, three, four, "
    messages = [
        Message(role="user", content="Count from one to ten in words."),
        Message(role="assistant", content=begun),
    ]
    *pieces, _ = real_model.stream(messages, GenerationOptions(temperature=0.0, max_tokens=12))
    assert "".join(pieces).startswith("five, six, seven")


def test_the_real_server_goes_on_with_a_begun_reply_in_chinese(real_model):
    messages = [
        Message(role="user", content="用汉字从一数到十。"),
        Message(role="assistant", content="一、二、三、四、"),
    ]
    *pieces, _ = real_model.stream(messages, GenerationOptions(temperature=0.0, max_tokens=8))
    assert "".join(pieces).startswith("五、六、七")


def test_the_real_server_rejects_a_prompt_that_does_not_fit(real_model):
    with pytest.raises(PromptTooLongError):
        list(real_model.stream([Message(role="user", content="word " * 5000)], OPTIONS))


@pytest.mark.parametrize("question", ["Tell me about Paris.", "介绍一下上海。"])
def test_the_real_server_holds_the_model_to_a_schema_with_optional_properties(real_model, question):
    schema = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["city", "person"]},
            "millions": {"type": "integer"},
        },
        "required": ["kind"],
    }
    options = GenerationOptions(temperature=0.0, max_tokens=60, json_schema=schema)
    *pieces, _ = real_model.stream([Message(role="user", content=question)], options)
    answer = json.loads("".join(pieces))
    assert answer.pop("kind") == "city"
    assert set(answer) <= {"millions"}


def test_a_lost_server_is_unavailable_and_the_next_one_in_line_is_free(real_model):
    # The server has one slot: were it not freed at once, the second reply would wait for 2000
    # tokens of the first, longer than the timeout.
    long = GenerationOptions(max_tokens=2000)
    stream = real_model.stream([Message(role="user", content="Write a very long story.")], long)
    next(stream)
    stream.close()
    start = time.monotonic()
    next(real_model.stream(QUESTION, OPTIONS))
    assert time.monotonic() - start < 20


def test_the_real_server_stops_reading_a_prompt_that_nobody_wants_answered(real_model):
    # The server looks once a second whether its client has left, and stops between two batches.
    def long_prompt(start):
        words = " ".join(f"w{number}" for number in range(start, start + 120))
        return [Message(role="user", content=words)]

    begin = time.monotonic()
    next(real_model.stream(long_prompt(1000), OPTIONS))
    whole_s = time.monotonic() - begin

    stop_at = time.monotonic() + whole_s / 10
    with pytest.raises(GenerationCancelledError):
        next(real_model.stream(long_prompt(5000), OPTIONS, lambda: time.monotonic() > stop_at))
    assert time.monotonic() < stop_at + 0.5
    next(real_model.stream(QUESTION, OPTIONS))
    free_s = time.monotonic() - stop_at
    print(f"read whole in {whole_s:.1f} s; free {free_s:.1f} s after the stop")
    assert free_s < max(3.0, whole_s / 2)
