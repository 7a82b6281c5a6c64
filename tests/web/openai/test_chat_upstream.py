"""Chat completions straight from a model, whose server does what a test wrote down."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from redis import Redis

from assistant.llm.usage import Budget
from tests.assistant.llm.misbehaving import (
    DONE,
    DROP,
    HANG,
    USAGE,
    Answer,
    MisbehavingServer,
    chunk,
    refusing_port,
)
from tests.web.openai.conftest import served, web_app
from workers.direct_models import direct_models
from workers.services import Services
from workers.settings import Settings

BIG = list(range(3000))
HI = [{"role": "user", "content": "Hi"}]
STOP = chunk(None, "stop")


def whole(*texts: str, status: int = 200, **usage: int) -> Answer:
    """As a server answers that is not asked to stream."""
    choices = [
        {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for i, text in enumerate(texts)
    ]
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": choices}
    counted = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9} | usage
    return Answer([json.dumps(body | {"usage": counted, "extra": [1]})], status)


def refused(status: int, **error: Any) -> Answer:
    return Answer([json.dumps({"error": {"message": "no"} | error})], status)


class Upstream:
    def __init__(self, url: str, services: Services, server: MisbehavingServer) -> None:
        self.url = url
        self.services = services
        self.server = server
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def ask(self, **fields: Any) -> Any:
        return self.client.chat.completions.create(**({"model": "big", "messages": HI} | fields))

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.server.requests]

    @property
    def used(self) -> tuple[int, int]:
        used = self.services.usage.today("anonymous")
        return used.prompt_tokens, used.completion_tokens


Build = Callable[..., Upstream]


@pytest.fixture
def upstream(redis_socket: Path, models: Path) -> Iterator[Build]:
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(unix_socket_path=str(redis_socket)))
        redis.flushall()

        def build(*answers: Answer, port: int | None = None, **settings: Any) -> Upstream:
            server = stack.enter_context(MisbehavingServer(*answers))
            spec = {
                "name": "big",
                "base_url": f"http://127.0.0.1:{port or server.server_port}/v1",
                "api_key": "secret",
            } | settings.pop("spec", {})
            app, services = web_app(
                redis, Settings(model_dir=models, llm_models=[spec], **settings)
            )
            made = Upstream(stack.enter_context(served(app)), services, server)
            stack.callback(made.client.close)
            return made

        yield build


def test_the_answer_is_the_server_s_own(upstream: Build) -> None:
    asked = upstream(whole("Hello"))
    body = {"model": "big", "messages": HI, "logprobs": True, "top_k": 3, "stop": ["x"]}
    answer = httpx.post(f"{asked.url}/v1/chat/completions", json=body).json()
    assert answer["choices"][0]["message"]["content"] == "Hello"
    assert answer["extra"] == [1]
    ((path, authorization, sent),) = asked.server.requests
    assert (path, authorization, sent) == ("/v1/chat/completions", "Bearer secret", body)
    assert asked.used == (7, 2)


def test_a_stream_is_passed_on_as_it_comes_and_its_count_only_where_it_is_wanted(
    upstream: Build,
) -> None:
    asked = upstream(Answer([chunk("Hel", reasoning_content="x"), chunk("lo"), STOP, USAGE, DONE]))
    chunks = list(asked.ask(stream=True))
    assert [c.choices[0].delta.content for c in chunks] == ["Hel", "lo", None]
    assert chunks[0].choices[0].delta.reasoning_content == "x"
    *_, last = asked.ask(stream=True, stream_options={"include_usage": True})
    assert last.choices == [] and last.usage.total_tokens == 9
    assert all(body["stream_options"] == {"include_usage": True} for body in asked.bodies)
    assert asked.used == (14, 4)


def test_choices_that_the_server_does_not_give_are_asked_for_one_by_one(upstream: Build) -> None:
    asked = upstream(whole("A"), whole("B"), whole("C"))
    answer = asked.ask(n=3, seed=1)
    assert [(c.index, c.message.content) for c in answer.choices] == [(0, "A"), (1, "B"), (2, "C")]
    assert answer.usage.total_tokens == 27
    assert [(body["n"], body["seed"]) for body in asked.bodies] == [(3, 1), (2, 2), (1, 3)]


def test_choices_of_a_server_that_knows_them_are_asked_for_once(upstream: Build) -> None:
    asked = upstream(whole("A", "B"))
    assert len(asked.ask(n=2).choices) == 2
    assert len(asked.bodies) == 1


def test_choices_that_a_streaming_server_does_not_give_follow_one_another(upstream: Build) -> None:
    asked = upstream(*(Answer([chunk(text), STOP, USAGE, DONE]) for text in "AB"))
    said = ["", ""]
    for each in asked.ask(n=2, stream=True):
        said[each.choices[0].index] += each.choices[0].delta.content or ""
    assert said == ["A", "B"]
    assert asked.used == (14, 4)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (refused(400, param="top_k"), 400, "request_invalid"),
        (refused(400, type="exceed_context_size_error"), 400, "context_length_exceeded"),
        (refused(401), 502, "language_model_rejected"),
        (refused(404), 502, "language_model_rejected"),
        (refused(429), 429, "rate_limit_exceeded"),
        (refused(500), 503, "language_model_unavailable"),
        (Answer(["<html>"], 502), 503, "language_model_unavailable"),
        (Answer(["[]"], 403), 502, "language_model_rejected"),
    ],
)
def test_the_server_s_errors_have_one_form(
    upstream: Build, answer: Answer, status: int, code: str, stream: bool
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        upstream(answer).ask(stream=stream)
    assert (caught.value.status_code, caught.value.code) == (status, code)


@pytest.mark.parametrize("answer", [Answer(["<html>"]), Answer(["[]"]), Answer([DROP])])
def test_an_answer_that_cannot_be_read_is_no_answer(upstream: Build, answer: Answer) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        upstream(answer).ask()
    assert caught.value.code == "language_model_unavailable"


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_is_down_is_said_at_once(upstream: Build, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        upstream(port=refusing_port()).ask(stream=stream)
    assert caught.value.code == "language_model_unavailable"


@pytest.mark.parametrize("end", [DROP, "data: {broken\n\n", ": bye\n\n"])
def test_a_stream_that_breaks_off_ends_with_an_error(upstream: Build, end: object) -> None:
    said = ""
    with pytest.raises(openai.APIError) as caught:
        for each in upstream(Answer([chunk("Hel"), end])).ask(stream=True):
            said += each.choices[0].delta.content
    assert said == "Hel"
    assert caught.value.code == "language_model_unavailable"


def test_a_client_that_leaves_closes_the_connection_and_pays_for_what_it_had(
    upstream: Build,
) -> None:
    asked = upstream(Answer([chunk("more "), 0.05] * 200))
    with asked.ask(stream=True) as stream:
        next(iter(stream))
    assert asked.server.client_left.wait(10)
    for _ in range(100):
        if asked.used[1]:
            break
        time.sleep(0.05)
    assert asked.used[0] > 0 and asked.used[1] > 0
    assert not asked.services.foreground.is_busy()


def test_background_work_stands_back_while_a_model_writes(upstream: Build) -> None:
    asked = upstream(Answer([json.dumps({"choices": []})], before_headers_s=1.0))
    thread = threading.Thread(target=asked.ask)
    thread.start()
    while not asked.server.requests:
        time.sleep(0.01)
    assert asked.services.foreground.is_busy()
    thread.join()
    assert not asked.services.foreground.is_busy()


def test_a_budget_that_is_spent_and_a_limit_that_is_reached_are_said(upstream: Build) -> None:
    plans = {"standard": {"budget": Budget(tokens_per_day=10).model_dump()}}
    asked = upstream(whole("Hello"), llm_plans=plans)
    asked.ask()
    asked.ask()
    with pytest.raises(openai.RateLimitError) as caught:
        asked.ask()
    assert caught.value.code == "insufficient_quota"
    asked = upstream(whole("Hello"), spec={"name": "other", "tokens_per_day": 5})
    asked.ask(model="other")
    with pytest.raises(openai.RateLimitError) as caught:
        asked.ask(model="other")
    assert caught.value.code == "rate_limit_exceeded"


def test_a_model_outside_the_plan_is_not_there(upstream: Build) -> None:
    small = {"name": "tiny", "tier": "small", "base_url": "http://127.0.0.1:1/v1"}
    large = {"name": "big", "base_url": "http://127.0.0.1:1/v1"}
    asked = upstream(spec=large, llm_plans={"standard": {"tiers": ["large"]}})
    settings = asked.services.settings.model_copy(
        update={"llm_models": Settings(llm_models=[large, small]).llm_models}
    )
    asked.services.settings = settings
    assert [model.name for model in direct_models(asked.services)] == ["big"]
    with pytest.raises(openai.NotFoundError):
        asked.ask(model="tiny")


def test_what_is_counted_in_every_chunk_is_counted_once(upstream: Build) -> None:
    counts = [
        'data: {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}], '
        f'"usage": {{"prompt_tokens": 7, "completion_tokens": {count}}}}}\n\n'
        for count in (1, 2)
    ]
    asked = upstream(Answer([*counts, STOP, DONE]))
    assert len(list(asked.ask(stream=True))) == 3
    assert asked.used == (7, 2)


@pytest.mark.parametrize(
    "fields", [{"modalities": 5}, {"stream": True, "stream_options": "x"}, {"messages": ["x"]}]
)
def test_what_is_not_ours_to_judge_is_passed_on(upstream: Build, fields: dict[str, Any]) -> None:
    asked = upstream(refused(400, message="modalities is a list", param=["modalities"]))
    body = {"model": "big", "messages": HI} | fields
    answer = httpx.post(f"{asked.url}/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["message"]) == (400, "modalities is a list")


def test_what_a_server_would_die_of_does_not_reach_it(upstream: Build) -> None:
    asked = upstream(whole("Hello"))
    function = {"name": "f", "arguments": '{"a":' * 30_000}
    calls = [{"id": "1", "type": "function", "function": function}]
    called = {"role": "assistant", "content": None, "tool_calls": calls}
    with pytest.raises(openai.BadRequestError, match="nested"):
        asked.ask(messages=[*HI, called, {"role": "tool", "tool_call_id": "1", "content": "x"}])
    assert asked.bodies == []


@pytest.mark.parametrize(
    "wish",
    [
        {"grammar": "root ::= " + "(" * 100_000},
        {"json_schema": {"pattern": "((a{0,1000}){0,1000}){0,1000}"}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"enum": BIG}}}},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"enum": BIG}}}]},
    ],
)
def test_what_would_hold_a_server_up_does_not_reach_it(
    upstream: Build, wish: dict[str, object]
) -> None:
    asked = upstream(whole("Hello"))
    with pytest.raises(openai.BadRequestError) as caught:
        asked.ask(extra_body=wish)
    assert caught.value.param == next(iter(wish))
    assert asked.bodies == []


def test_what_only_the_assistant_can_do_is_said(upstream: Build) -> None:
    asked = upstream(whole("Hello"))
    with pytest.raises(openai.BadRequestError, match="assistant") as caught:
        asked.ask(modalities=["text", "audio"])
    assert caught.value.param == "modalities"
    with pytest.raises(openai.BadRequestError) as caught:
        asked.ask(n=99)
    assert caught.value.param == "n"
    assert asked.bodies == []


def test_lines_end_where_the_protocol_says_and_nowhere_else(upstream: Build) -> None:
    text = "a\u2028b\u2029c\x85d"
    # Many servers do not escape them.
    body = json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=False)
    asked = upstream(Answer([f"data: {body}\r\n\r\n".encode(), STOP, DONE]))
    said = [each.choices[0].delta.content for each in asked.ask(stream=True)]
    assert said == [text, None]


def test_a_choice_that_fails_after_others_is_an_error_in_the_stream(upstream: Build) -> None:
    asked = upstream(Answer([chunk("A"), STOP, USAGE, DONE]), refused(429))
    said = []
    with pytest.raises(openai.APIError) as caught:
        said += [each.choices[0].delta.content for each in asked.ask(n=2, stream=True)]
    assert not isinstance(caught.value, openai.APIConnectionError)


def test_an_answer_that_takes_too_long_is_not_asked_for_again(upstream: Build) -> None:
    asked = upstream(Answer([HANG]), turn_timeout_s=0.5)
    fields: Any = {"model": "big", "messages": HI}
    with pytest.raises(openai.InternalServerError) as caught:
        asked.client.with_options(max_retries=2).chat.completions.create(**fields)
    assert (caught.value.status_code, caught.value.code) == (504, "turn_timeout")
    assert len(asked.bodies) == 1


def test_functions_that_together_would_hold_a_server_up_do_not_reach_it(upstream: Build) -> None:
    asked = upstream(whole("Hello"))
    schema = {"type": "object", "properties": {"x": {"enum": list(range(1500))}}}
    tools = [
        {"type": "function", "function": {"name": f"f{at}", "parameters": schema}}
        for at in range(5)
    ]
    with pytest.raises(openai.BadRequestError, match="in all"):
        asked.ask(tools=tools)
    assert asked.bodies == []
