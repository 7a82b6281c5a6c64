"""What the caller of a chain of models sees, and what their servers are asked, when things fail."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.errors import (
    GenerationCancelledError,
    LanguageModelRejectedError,
    LanguageModelUnavailableError,
    UnknownLanguageModelError,
)
from assistant.llm.base import Completion, FailedAttempt, GenerationOptions, ToolRequest
from assistant.llm.openai_chat import OpenAIChat
from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.llm.scripted import ScriptedModel
from assistant.messages import Message
from tests.assistant.llm.misbehaving import (
    DONE,
    DROP,
    GOOD,
    HANG,
    KEEP_ALIVE,
    Answer,
    MisbehavingServer,
    chunk,
    failing,
    refusing_port,
    silent_port,
)

QUESTION = [Message(role="user", content="Hi")]
OPTIONS = GenerationOptions()
QUICK = RetryPolicy(first_backoff_s=0.02, longest_backoff_s=1.0, total_s=9.0, breaker_failures=99)
UNAVAILABLE = "language_model_unavailable"


def said(pieces):
    return "".join(piece for piece in pieces if isinstance(piece, str))


def failures(pieces):
    return [piece for piece in pieces if isinstance(piece, FailedAttempt)]


def at_port(port, first_token_timeout_s=0.3):
    return OpenAIChat(
        base_url=f"http://127.0.0.1:{port}/v1",
        model="dead",
        api_key="",
        first_token_timeout_s=first_token_timeout_s,
        token_timeout_s=1.0,
    )


@pytest.mark.parametrize(
    "bad",
    [
        failing(500),
        failing(503, Retry_After="0.1"),
        Answer([chunk(role="assistant"), DROP]),
        Answer(['data: {"choices": [{\n\n']),
        Answer(["<html>It works!</html>"]),
        Answer([DONE]),
    ],
    ids=["500", "503", "drop", "broken JSON", "no event stream", "nothing"],
)
def test_a_failure_before_the_first_word_is_followed_by_another_attempt(bad):
    with MisbehavingServer(bad, GOOD) as server:
        pieces = list(ResilientModel([server.model()], QUICK).stream(QUESTION, OPTIONS))
    (failure,) = failures(pieces)
    assert pieces[0] is failure
    assert (failure.model, failure.code) == ("m", UNAVAILABLE)
    assert server.arrived_s[1] - server.arrived_s[0] >= failure.retry_in_s > 0.02
    assert pieces[1:] == ["Hel", "lo", Completion(finish_reason="stop", model="m")]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "rest",
    [[DROP], [HANG], [KEEP_ALIVE, 0.1] * 50, ['data: {"choices": [{\n\n'], []],
    ids=["drop", "hang", "keep-alive comments", "broken JSON", "end"],
)
def test_after_the_first_word_nothing_is_tried_again_so_nothing_is_said_twice(rest):
    heard = []
    with (
        MisbehavingServer(Answer([chunk("Hi"), *rest])) as server,
        MisbehavingServer(GOOD) as next_,
    ):
        model = ResilientModel([server.model(token_timeout_s=0.3), next_.model()], QUICK)
        with pytest.raises(LanguageModelUnavailableError):
            heard.extend(model.stream(QUESTION, OPTIONS))
    assert len(server.requests) == 1 and not next_.requests


def test_what_was_said_before_a_drop_has_been_passed_on():
    with MisbehavingServer(Answer([chunk("Hi"), DROP])) as server:
        stream = ResilientModel([server.model()], QUICK).stream(QUESTION, OPTIONS)
        assert next(stream) == "Hi"
        with pytest.raises(LanguageModelUnavailableError):
            next(stream)


def test_pauses_grow_and_the_last_error_is_raised():
    policy = RetryPolicy(attempts=4, first_backoff_s=0.1, longest_backoff_s=9.0, breaker_failures=9)
    pieces = []
    with MisbehavingServer(failing(500)) as server:
        with pytest.raises(LanguageModelUnavailableError, match="500"):
            for piece in ResilientModel([server.model()], policy).stream(QUESTION, OPTIONS):
                pieces.append(piece)
        assert len(server.requests) == 4
    for number, (failure, (before, after)) in enumerate(
        zip(pieces, itertools.pairwise(server.arrived_s), strict=True)
    ):
        shortest_s = 0.1 * 2**number
        assert shortest_s <= failure.retry_in_s <= shortest_s + 0.1
        assert failure.retry_in_s <= after - before < failure.retry_in_s + 0.5


def test_a_pause_that_the_server_asks_for_is_kept():
    policy = RetryPolicy(first_backoff_s=0.02, longest_backoff_s=2.0)
    with MisbehavingServer(failing(429, Retry_After="0.6"), GOOD) as server:
        pieces = list(ResilientModel([server.model()], policy).stream(QUESTION, OPTIONS))
        assert said(pieces) == "Hello"
    assert server.arrived_s[1] - server.arrived_s[0] >= 0.6


def test_a_server_that_asks_for_too_long_a_pause_is_left_for_the_next_model():
    with MisbehavingServer(failing(429, Retry_After="60")) as busy, MisbehavingServer(GOOD) as good:
        start = time.monotonic()
        model = ResilientModel([busy.model("busy"), good.model("good")], QUICK)
        pieces = list(model.stream(QUESTION, OPTIONS))
        assert time.monotonic() - start < 1
    assert pieces[0] == FailedAttempt(model="busy", code=UNAVAILABLE, retry_in_s=None)
    assert said(pieces) == "Hello"
    assert pieces[-1].model == "good"
    assert len(busy.requests) == 1


def test_a_server_that_hangs_is_not_asked_again_but_the_next_model_is():
    with silent_port() as port, MisbehavingServer(GOOD) as good:
        model = ResilientModel([at_port(port, first_token_timeout_s=1.2), good.model()], QUICK)
        pieces = list(model.stream(QUESTION, OPTIONS))
    assert failures(pieces) == [FailedAttempt(model="dead", code=UNAVAILABLE, retry_in_s=None)]
    assert said(pieces) == "Hello"


def test_a_server_that_refuses_connections_costs_little_time():
    with MisbehavingServer(GOOD) as good:
        start = time.monotonic()
        model = ResilientModel([at_port(refusing_port()), good.model()], QUICK)
        pieces = list(model.stream(QUESTION, OPTIONS))
        assert time.monotonic() - start < 1
    assert [failure.retry_in_s is None for failure in failures(pieces)] == [False, True]
    assert said(pieces) == "Hello"


def test_a_rejection_is_not_repeated_but_another_model_may_do_it():
    with MisbehavingServer(failing(400)) as small, MisbehavingServer(GOOD) as large:
        model = ResilientModel([small.model("small"), large.model("large")], QUICK)
        pieces = list(model.stream(QUESTION, OPTIONS))
    assert failures(pieces) == [
        FailedAttempt(model="small", code="language_model_rejected", retry_in_s=None)
    ]
    assert said(pieces) == "Hello"
    assert len(small.requests) == 1


def test_the_whole_turn_has_one_bound_before_the_first_word():
    policy = RetryPolicy(total_s=0.6, breaker_failures=1)
    with (
        MisbehavingServer(Answer(before_headers_s=HANG)) as first,
        MisbehavingServer(Answer(before_headers_s=HANG)) as second,
    ):
        model = ResilientModel(
            [first.model(first_token_timeout_s=0.4), second.model(first_token_timeout_s=9.0)],
            policy,
        )
        start = time.monotonic()
        with pytest.raises(LanguageModelUnavailableError, match="too long"):
            list(model.stream(QUESTION, OPTIONS))
        assert 0.6 <= time.monotonic() - start < 1.2
        assert second.client_left.wait(3)


def test_a_model_that_has_begun_may_take_longer_than_the_bound():
    with MisbehavingServer(Answer([chunk("a"), 0.5, chunk("b"), chunk(None, "stop")])) as server:
        model = ResilientModel([server.model()], RetryPolicy(total_s=0.3))
        assert said(model.stream(QUESTION, OPTIONS)) == "ab"


def test_a_dead_server_costs_milliseconds_once_its_breaker_is_open():
    policy = RetryPolicy(attempts=1, breaker_failures=2, breaker_reset_s=60.0)
    with silent_port() as port:
        model = ResilientModel([at_port(port)], policy)
        for _ in range(2):
            with pytest.raises(LanguageModelUnavailableError, match="too long"):
                list(model.stream(QUESTION, OPTIONS))
        start = time.monotonic()
        with pytest.raises(LanguageModelUnavailableError, match="at the moment"):
            list(model.stream(QUESTION, OPTIONS))
        assert time.monotonic() - start < 0.01


def test_a_bound_shorter_than_the_models_own_opens_its_breaker_too():
    policy = RetryPolicy(total_s=0.2, breaker_failures=1)
    with silent_port() as port:
        model = ResilientModel([at_port(port, first_token_timeout_s=9.0)], policy)
        with pytest.raises(LanguageModelUnavailableError, match="too long"):
            list(model.stream(QUESTION, OPTIONS))
        with pytest.raises(LanguageModelUnavailableError, match="at the moment"):
            list(model.stream(QUESTION, OPTIONS))


def test_of_many_users_one_tries_whether_a_dead_server_is_back_and_then_all_are_served():
    policy = RetryPolicy(attempts=1, breaker_failures=1, breaker_reset_s=0.3)
    slow = Answer([0.2, *GOOD.steps])
    with MisbehavingServer(failing(500), slow) as server, MisbehavingServer(GOOD) as next_:
        model = ResilientModel([server.model("first"), next_.model("next")], policy)

        def answered_by(_):
            return list(model.stream(QUESTION, OPTIONS))[-1].model

        assert answered_by(0) == "next"
        time.sleep(0.35)
        with ThreadPoolExecutor(8) as users:
            answered = list(users.map(answered_by, range(8)))
        assert sorted(answered) == ["first"] + ["next"] * 7
        assert answered_by(0) == "first"


def test_rejections_do_not_open_the_breaker():
    policy = RetryPolicy(breaker_failures=1)
    with MisbehavingServer(failing(400)) as server:
        model = ResilientModel([server.model()], policy)
        for _ in range(3):
            with pytest.raises(LanguageModelRejectedError):
                list(model.stream(QUESTION, OPTIONS))
    assert len(server.requests) == 3


def test_a_model_whose_breaker_opens_is_not_asked_again_in_the_same_turn():
    policy = RetryPolicy(attempts=5, first_backoff_s=0.01, breaker_failures=2)
    with MisbehavingServer(failing(500)) as server, MisbehavingServer(GOOD) as good:
        pieces = list(
            ResilientModel([server.model(), good.model()], policy).stream(QUESTION, OPTIONS)
        )
    assert [failure.retry_in_s is None for failure in failures(pieces)] == [False, True]
    assert len(server.requests) == 2


def test_a_router_says_who_is_asked_in_which_order_and_the_breakers_are_shared():
    policy = RetryPolicy(attempts=1, breaker_failures=1)
    down = LanguageModelUnavailableError("x")
    small, middle, large = (
        ScriptedModel([[down]], "small"),
        ScriptedModel([["b"], ["b"]], "middle"),
        ScriptedModel([[down]], "large"),
    )
    model = ResilientModel([small, middle, large], policy)
    assert model.name == "small"
    chosen = model.only(["large", "small"])
    assert chosen.name == "large"
    with pytest.raises(LanguageModelUnavailableError, match="x"):
        list(chosen.stream(QUESTION, OPTIONS))
    assert said(model.stream(QUESTION, OPTIONS)) == "b"
    assert len(large.prompts) == len(small.prompts) == len(middle.prompts) == 1
    with pytest.raises(UnknownLanguageModelError, match="small, middle, large: huge"):
        model.only(["large", "huge"])


def test_whoever_cancels_during_a_pause_is_heard_at_once():
    policy = RetryPolicy(first_backoff_s=9.0, longest_backoff_s=9.0)
    unwanted = threading.Event()
    with MisbehavingServer(failing(500)) as server:
        stream = ResilientModel([server.model()], policy).stream(QUESTION, OPTIONS, unwanted.is_set)
        assert isinstance(next(stream), FailedAttempt)
        threading.Timer(0.2, unwanted.set).start()
        start = time.monotonic()
        with pytest.raises(GenerationCancelledError):
            next(stream)
        assert time.monotonic() - start < 1
    assert len(server.requests) == 1


def test_whoever_cancels_while_a_model_is_waited_for_stops_it_and_no_other_is_asked():
    unwanted = threading.Event()
    with (
        MisbehavingServer(Answer(before_headers_s=HANG)) as server,
        MisbehavingServer(GOOD) as next_,
    ):
        model = ResilientModel([server.model(), next_.model()], QUICK)
        threading.Timer(0.2, unwanted.set).start()
        with pytest.raises(GenerationCancelledError):
            list(model.stream(QUESTION, OPTIONS, unwanted.is_set))
        assert server.client_left.wait(3)
    assert not next_.requests


def test_closing_the_stream_closes_the_connection():
    with MisbehavingServer(Answer([chunk("Hi"), HANG])) as server:
        stream = ResilientModel([server.model()], QUICK).stream(QUESTION, OPTIONS)
        assert next(stream) == "Hi"
        stream.close()
        assert server.client_left.wait(3)


def test_a_request_for_a_tool_counts_as_an_answer():
    request = ToolRequest(id="call_1", name="clock", text="{}", arguments={})
    script = [request, LanguageModelUnavailableError("x")]
    stream = ResilientModel([ScriptedModel([script, ["Hi"]])], QUICK).stream(QUESTION, OPTIONS)
    assert next(stream) == request
    with pytest.raises(LanguageModelUnavailableError, match="x"):
        next(stream)


def test_the_real_server_answers_where_the_first_one_in_the_chain_is_down(real_model):
    model = ResilientModel([at_port(refusing_port()), real_model], QUICK)
    question = [Message(role="user", content="What is the capital of France? One word.")]
    pieces = list(model.stream(question, GenerationOptions(temperature=0.0, max_tokens=20)))
    assert len(failures(pieces)) == 2
    assert "Paris" in said(pieces)
    assert pieces[-1].model == "qwen"
