"""One request to a model's server; several where it gives fewer choices than were asked for."""

import asyncio
import functools
import json
import ssl
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from web.errors import ProblemError
from web.openai.errors import error_answer
from web.openai.presence import has_left
from web.openai.upstream_errors import refusal, unavailable
from workers.direct_models import DirectModel, count_usage
from workers.services import Services

_CONNECT_TIMEOUT_S = 3.0
_LOOK_S = 0.5
"""How often it is seen whether the client still waits."""
_BYTES_PER_TOKEN = 3
"""Of a prompt whose tokens nobody counted, since the client left before the end."""
_ENDED = "[DONE]"


class UpstreamCall:
    """For one thread. Background work stands back until `close`, which counts what was used."""

    def __init__(
        self, services: Services, model: DirectModel, user_id: str, body: dict[str, Any]
    ) -> None:
        self._services = services
        self._model = model
        self._user_id = user_id
        wished = body.get("stream_options")
        self._wants_usage = isinstance(wished, dict) and bool(wished.get("include_usage"))
        self._body = body | {"model": model.name}
        self._count = body.get("n") or 1
        self._usage: dict[str, int] = {}
        self._deltas = 0
        self._response: httpx.Response | None = None
        self._id = uuid.uuid4().hex
        services.foreground.enter(self._id)

    def close(self) -> None:
        """May be called again, which changes nothing."""
        if self._response is not None:
            self._response.close()
        self._services.foreground.leave(self._id)
        if not self._usage and self._deltas:
            prompt = json.dumps(self._body["messages"], ensure_ascii=False).encode()
            self._use({"prompt_tokens": len(prompt) // _BYTES_PER_TOKEN})
            self._use({"completion_tokens": self._deltas})
        if self._usage:
            count_usage(
                self._services,
                self._model,
                self._user_id,
                self._id,
                self._usage.get("prompt_tokens", 0),
                self._usage.get("completion_tokens", 0),
            )

    def whole(self, environ: dict[str, Any]) -> dict[str, Any]:
        """Return the server's answer. Raises ProblemError."""
        merged: dict[str, Any] = {}
        choices: list[dict[str, Any]] = []
        while len(choices) < self._count:
            got = _read(asyncio.run(self._post(self._request(len(choices)), environ)))
            self._use(got.get("usage") or {})
            merged = merged or got
            if not got.get("choices"):
                break
            choices += [
                choice | {"index": len(choices) + place}
                for place, choice in enumerate(got["choices"])
            ]
        return merged | {"choices": choices} | ({"usage": self._usage} if self._usage else {})

    async def _post(self, body: dict[str, Any], environ: dict[str, Any]) -> httpx.Response:
        timeout = self._timeout(self._services.settings.turn_timeout_s)
        async with httpx.AsyncClient(timeout=timeout, verify=_ssl()) as client:
            task = asyncio.ensure_future(client.post(self._url, json=body, headers=self._headers))
            while not (await asyncio.wait({task}, timeout=_LOOK_S))[0]:
                if has_left(environ):
                    task.cancel()
            try:
                return await task
            except asyncio.CancelledError:
                raise ProblemError("turn_cancelled", "Nobody waits for the answer.") from None
            except httpx.ReadTimeout as error:
                raise ProblemError(
                    "turn_timeout", "The answer takes too long; have it streamed, or made shorter."
                ) from error
            except httpx.HTTPError as error:
                raise unavailable() from error

    def lines(self) -> Iterator[str]:
        """Yield server-sent events. Raises ProblemError before the first one only."""
        choices, last = 0, {}
        while choices < self._count:
            try:
                response = self._open(self._request(choices) | {"stream": True})
            except ProblemError as problem:
                if not choices:
                    raise
                yield _line(error_answer(problem.code, problem.detail, problem.status).model_dump())
                return
            got, is_whole = 0, False
            used: dict[str, Any] = {}
            try:
                for chunk in _chunks(response):
                    if not chunk:
                        yield ": still here\n\n"
                        continue
                    is_whole = is_whole or _is_end(chunk)
                    last = chunk
                    # Some servers count in every chunk, all from the beginning.
                    used = chunk.get("usage") or used
                    for choice in chunk.get("choices") or ():
                        got = max(got, choice.get("index", 0) + 1)
                        choice["index"] = choices + choice.get("index", 0)
                        self._deltas += 1
                    if chunk.get("choices") or "error" in chunk:
                        yield _line(chunk)
            except (httpx.HTTPError, ValueError):
                is_whole = False
            finally:
                response.close()
                self._use(used)
            if not is_whole:
                yield _line(_error("The connection to the language model failed."))
                return
            choices += max(1, got)
        self.close()  # Whoever has read the end may ask what it cost.
        if self._wants_usage and self._usage:
            yield _line(last | {"choices": [], "usage": self._usage})
        yield f"data: {_ENDED}\n\n"

    def _open(self, body: dict[str, Any]) -> httpx.Response:
        body |= {"stream_options": {"include_usage": True}}
        timeout = self._timeout(self._services.settings.llm_first_token_timeout_s)
        asked = _client().build_request(
            "POST", self._url, json=body, headers=self._headers, timeout=timeout
        )
        try:
            self._response = _client().send(asked, stream=True)
            if self._response.status_code >= 400:
                self._response.read()
        except httpx.HTTPError as error:
            raise unavailable() from error
        if self._response.status_code >= 400:
            raise refusal(self._response)
        return self._response

    def _request(self, choices: int) -> dict[str, Any]:
        """Return what is asked for where so many choices are there already."""
        body = dict(self._body)
        if "n" in body:
            body["n"] = self._count - choices
        if isinstance(body.get("seed"), int):
            body["seed"] += choices  # Else they would all be the same.
        return body

    def _use(self, usage: dict[str, Any]) -> None:
        if not usage:
            return
        for name in ("prompt_tokens", "completion_tokens"):
            self._usage[name] = self._usage.get(name, 0) + (usage.get(name) or 0)
        self._usage["total_tokens"] = sum(
            self._usage[name] for name in ("prompt_tokens", "completion_tokens")
        )

    def _timeout(self, read_s: float) -> httpx.Timeout:
        return httpx.Timeout(read_s, connect=_CONNECT_TIMEOUT_S)

    @property
    def _url(self) -> str:
        return f"{self._model.base_url.rstrip('/')}/chat/completions"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._model.api_key}"}


@functools.cache
def _client() -> httpx.Client:
    """Thread-safe, as its connections are pooled."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    return httpx.Client(limits=limits, verify=_ssl())


@functools.cache
def _ssl() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _chunks(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield the data of each event, and nothing for a comment. Raises ValueError, httpx.HTTPError.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    for line in _lines(response):
        name, _, data = line.partition(b":")
        if not name and line:
            yield {}
        elif name == b"data" and data.strip() != _ENDED.encode():
            chunk = json.loads(data)
            if not isinstance(chunk, dict):
                raise ValueError("an event that is no object")
            yield chunk


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """httpx's own would end at U+2028 and others, too, which may stand inside of JSON."""
    rest = b""
    for part in response.iter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
    yield rest


def _is_end(chunk: dict[str, Any]) -> bool:
    return "error" in chunk or any(
        choice.get("finish_reason") for choice in chunk.get("choices") or ()
    )


def _read(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 400:
        raise refusal(response)
    try:
        body = response.json()
    except ValueError as error:
        raise unavailable() from error
    if not isinstance(body, dict):
        raise unavailable()
    return body


def _error(message: str) -> dict[str, Any]:
    return error_answer("language_model_unavailable", message, 503).model_dump()


def _line(chunk: dict[str, Any]) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
