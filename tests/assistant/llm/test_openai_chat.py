"""The client against a server that misbehaves on cue, and against llama.cpp's own."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assistant.errors import LanguageModelRejectedError, LanguageModelUnavailableError
from assistant.llm.base import Completion, GenerationOptions
from assistant.llm.openai_chat import OpenAIChat
from assistant.messages import Message

QUESTION = [Message(role="user", content="Hi")]
OPTIONS = GenerationOptions(temperature=0.0, max_tokens=40)
HANG_S = 1.0


def chunk(content=None, finish_reason=None, **delta):
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish_reason}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps(body | {'choices': [choice]})}\n\n"


USAGE = 'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}\n\n'
DONE = "data: [DONE]\n\n"


class Server(ThreadingHTTPServer):
    """Answers `status`, then sends `script`: text as it is, a number as that many seconds' wait."""

    daemon_threads = True

    def __init__(self, script, status=200):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.status = script, status
        self.requests = []
        self.client_left = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def model(self, timeout_s=5.0):
        return OpenAIChat(
            base_url=f"http://127.0.0.1:{self.server_port}/v1",
            model="m",
            api_key="secret",
            timeout_s=timeout_s,
        )


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        is_stream = self.server.status == 200
        self.send_header("Content-Type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        try:
            for step in self.server.script:
                if isinstance(step, str):
                    self.wfile.write(step.encode())
                else:
                    time.sleep(step)
        except OSError:
            self.server.client_left.set()

    def log_message(self, *_):
        pass


def test_a_proper_stream_is_its_text_and_its_count_of_tokens():
    script = [chunk(role="assistant"), chunk("Hel"), chunk("lo"), chunk(None, "stop"), USAGE, DONE]
    with Server(script) as server:
        assert list(server.model().stream(QUESTION, OPTIONS)) == [
            "Hel",
            "lo",
            Completion(finish_reason="stop", prompt_tokens=7, completion_tokens=2),
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
    with Server([chunk("Hi"), chunk(None, "length"), DONE]) as server:
        assert list(server.model().stream(QUESTION, OPTIONS)) == [
            "Hi",
            Completion(finish_reason="length"),
        ]


def test_reasoning_in_a_field_of_its_own_is_not_text():
    with Server([chunk(reasoning_content="Hm"), chunk("Hi"), chunk(None, "stop")]) as server:
        assert list(server.model().stream(QUESTION, OPTIONS))[:-1] == ["Hi"]


def test_a_refused_connection_is_unavailable_at_once():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    model = OpenAIChat(base_url=f"http://127.0.0.1:{port}/v1", model="m", api_key="", timeout_s=9.0)
    start = time.monotonic()
    with pytest.raises(LanguageModelUnavailableError):
        next(model.stream(QUESTION, OPTIONS))
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("script", [[HANG_S], [chunk("Hi"), HANG_S]])
def test_a_server_that_hangs_is_unavailable_after_the_timeout(script):
    with Server(script) as server, pytest.raises(LanguageModelUnavailableError, match="too long"):
        list(server.model(timeout_s=0.3).stream(QUESTION, OPTIONS))


def test_a_slow_server_that_keeps_writing_is_waited_for():
    script = [part for text in "abcdefg" for part in (chunk(text), 0.2)]
    with Server([*script, chunk(None, "stop")]) as server:
        pieces = list(server.model(timeout_s=0.8).stream(QUESTION, OPTIONS))
    assert "".join(pieces[:-1]) == "abcdefg"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_passing_trouble_is_unavailable(status):
    with (
        Server(['{"error": {"message": "no"}}'], status) as server,
        pytest.raises(LanguageModelUnavailableError, match=str(status)) as caught,
    ):
        list(server.model().stream(QUESTION, OPTIONS))
    assert caught.value.is_retryable
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_request_that_will_never_do_is_rejected(status):
    with (
        Server(['{"error": {"message": "no"}}'], status) as server,
        pytest.raises(LanguageModelRejectedError, match=str(status)) as caught,
    ):
        list(server.model().stream(QUESTION, OPTIONS))
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    "script",
    [
        [],
        ["<html>It works!</html>"],
        [DONE],
        [chunk("Hi")],
        [chunk("Hi"), DONE],
        [chunk("Hi"), 'data: {"choices": [{\n\n'],
        [chunk("Hi"), 'data: "what"\n\n', "data: 5\n\n"],
        [chunk("Hi"), 'data: {"error": {"message": "out of memory", "code": 500}}\n\n'],
        [chunk("Hi"), 'data: {"error": {"message": "overloaded", "code": 429}}\n\n'],
    ],
)
def test_a_broken_or_cut_stream_is_unavailable(script):
    with Server(script) as server, pytest.raises(LanguageModelUnavailableError):
        list(server.model().stream(QUESTION, OPTIONS))


@pytest.mark.parametrize(
    "script",
    [
        ['data: {"error": {"message": "prompt too long", "code": 400}}\n\n'],
        [chunk("Hi"), chunk(None, "content_filter"), DONE],
    ],
)
def test_a_refusal_within_the_stream_is_rejected(script):
    with Server(script) as server, pytest.raises(LanguageModelRejectedError):
        list(server.model().stream(QUESTION, OPTIONS))


def test_closing_the_stream_closes_the_connection():
    with Server([chunk("Hi"), *[0.02, chunk("x" * 4096)] * 200]) as server:
        stream = server.model().stream(QUESTION, OPTIONS)
        assert next(stream) == "Hi"
        stream.close()
        assert server.client_left.wait(3)


def test_a_begun_reply_is_sent_to_be_continued_and_its_last_space_is_not_doubled():
    messages = [*QUESTION, Message(role="assistant", content="One.\n")]
    with Server([chunk(" "), chunk(" Two"), chunk(" three."), chunk(None, "stop")]) as server:
        pieces = list(server.model().stream(messages, OPTIONS))
    assert pieces[:-1] == ["Two", " three."]
    body = server.requests[0][2]
    assert body["messages"][-1] == {"role": "assistant", "content": "One."}
    assert body["continue_final_message"] is True and body["add_generation_prompt"] is False


@pytest.fixture
def real_model(llama_server):
    return OpenAIChat(base_url=llama_server, model="qwen", api_key="none", timeout_s=60.0)


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
    with pytest.raises(LanguageModelRejectedError):
        list(real_model.stream([Message(role="user", content="word " * 5000)], OPTIONS))


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
