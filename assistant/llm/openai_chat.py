"""Any server that speaks the OpenAI chat protocol: llama.cpp, vLLM, Ollama, a cloud."""

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime

import openai
from openai.types import CompletionUsage
from openai.types.chat.chat_completion_chunk import ChoiceDelta, ChoiceDeltaToolCall

from assistant.errors import (
    LanguageModelError,
    LanguageModelRejectedError,
    LanguageModelUnavailableError,
    PromptTooLongError,
    RequestRefusedError,
)
from assistant.llm.base import Completion, Generated, GenerationOptions, ToolRequest
from assistant.llm.event_loop import iterate
from assistant.llm.openai_request import chat_request
from assistant.llm.written_calls import WrittenCalls, forced_call, new_call_id
from assistant.messages import Message

_CONNECT_TIMEOUT_S = 3.0
"""A server that does not even accept a connection is down: the user should hear so soon."""

_PASSING_STATUSES = {"408", "409", "425", "429"}
"""4xx that say "not now"; any other says "not so"."""

_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}
"""Codes and types of errors: OpenAI's, llama.cpp's."""


class OpenAIChat:
    """Thread-safe; connections are pooled.

    `base_url`: up to and with `/v1`. `first_token_timeout_s`: the longest wait for the first
    token, connecting and the prompt's reading included; `token_timeout_s`: between two. Tokens of
    a reasoning that is not shown count; what a server sends to keep a connection alive does not.
    `can_call_tools`: False for a model that has to be helped with it, see `written_calls`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: str,
        first_token_timeout_s: float,
        token_timeout_s: float,
        can_call_tools: bool = True,
    ) -> None:
        self._model = model
        self._can_call_tools = can_call_tools
        self._first_token_timeout_s = first_token_timeout_s
        self._token_timeout_s = token_timeout_s
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            # The client refuses an empty key, which servers of one's own often have.
            api_key=api_key or "none",
            timeout=openai.Timeout(None, connect=_CONNECT_TIMEOUT_S),
            max_retries=0,
        )

    @property
    def name(self) -> str:
        return self._model

    def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Generated, None, None]:
        """See `LanguageModel.stream`. Closing it closes the connection, which frees the slot.

        A call of a tool with arguments that are no JSON object raises LanguageModelError.
        Source: https://platform.openai.com/docs/api-reference/chat/create
        """
        try:
            yield from iterate(self._stream(messages, options), is_cancelled)
        except (openai.APITimeoutError, TimeoutError) as error:
            raise LanguageModelUnavailableError("The language model took too long.") from error
        except openai.APIConnectionError as error:
            raise LanguageModelUnavailableError(
                "The connection to the language model failed."
            ) from error
        except openai.APIError as error:
            raise _translate(error) from error
        # JSON or UTF-8 that is broken, or not of the protocol's form: the client checks no types.
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise LanguageModelUnavailableError(
                "The language model's answer could not be read."
            ) from error

    async def _stream(
        self, messages: Sequence[Message], options: GenerationOptions
    ) -> AsyncGenerator[Generated, None]:
        ends_in_space = (
            bool(messages)
            and messages[-1].role == "assistant"
            and messages[-1].content[-1:].isspace()
        )
        finish_reason: str | None = None
        usage: CompletionUsage | None = None
        calls: dict[int, _ToolCall] = {}
        written = None
        if options.tools and not self._can_call_tools and options.json_schema is None:
            written = WrittenCalls(options.tools)
            options = _without_choice(options)
        async with asyncio.timeout(self._first_token_timeout_s) as limit:
            chunks = await self._client.chat.completions.create(
                **chat_request(messages, options), model=self._model
            )
            async with chunks:
                async for chunk in chunks:
                    usage = getattr(chunk, "usage", None) or usage
                    for choice in getattr(chunk, "choices", None) or []:
                        finish_reason = choice.finish_reason or finish_reason
                        if _is_token(choice.delta) or choice.finish_reason:
                            limit.reschedule(
                                asyncio.get_running_loop().time() + self._token_timeout_s
                            )
                        for part in choice.delta.tool_calls or []:
                            calls.setdefault(part.index, _ToolCall()).add(part)
                        text = choice.delta.content
                        # Reasoning comes in a field of its own, or in a list of parts.
                        if not isinstance(text, str):
                            continue
                        if ends_in_space:
                            text = text.lstrip()
                        if text:
                            ends_in_space = False
                            # Empty while a call is written: a sign of life.
                            yield written.feed(text) if written else text
        if finish_reason is None:
            # llama.cpp ends a stream like this where it is stopped in the middle.
            raise LanguageModelUnavailableError("The language model's answer was cut off.")
        if finish_reason == "content_filter":
            raise LanguageModelRejectedError("The language model's server held back the answer.")
        if written:
            text, read = written.end()
            if text:
                yield text
            for request in read:
                yield request
        if finish_reason != "length":  # Else the last one is cut off.
            for call in calls.values():
                yield call.request()
        yield Completion(
            finish_reason="length" if finish_reason == "length" else "stop",
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            model=self._model,
        )


def _without_choice(options: GenerationOptions) -> GenerationOptions:
    """Have a call that must be written come of a JSON schema: of itself the model writes none."""
    return replace(options, json_schema=forced_call(options), tool_choice="auto")


class _ToolCall:
    """Collects the parts in which a call of a tool arrives."""

    def __init__(self) -> None:
        self._id = ""
        self._name = ""
        self._arguments = ""

    def add(self, part: ChoiceDeltaToolCall) -> None:
        # Some servers repeat the id in every part.
        self._id = self._id or part.id or ""
        if part.function:
            self._name += part.function.name or ""
            self._arguments += part.function.arguments or ""

    def request(self) -> ToolRequest:
        try:
            arguments = json.loads(self._arguments or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if not (self._name and isinstance(arguments, dict)):
            # Not retryable: the server is well, and another model writes better JSON.
            raise LanguageModelError("The language model's call of a tool could not be read.")
        return ToolRequest(
            id=self._id or new_call_id(),
            name=self._name,
            text=self._arguments or "{}",
            arguments=arguments,
        )


def _is_token(delta: ChoiceDelta) -> bool:
    """Tell what a model wrote from a first chunk that only names its role."""
    return any(value for field, value in delta if field != "role")


def _translate(error: openai.APIError) -> LanguageModelError:
    # An error in the middle of a stream has no HTTP status; llama.cpp gives it as `code`.
    status = error.status_code if isinstance(error, openai.APIStatusError) else error.code
    if _TOO_LONG & {str(error.code), error.type}:
        return PromptTooLongError(
            "The conversation is too long for the language model; please shorten it."
        )
    refused = f"The language model's server refused the request ({status})."
    if str(status) in ("400", "422"):
        words = error.body.get("message") if isinstance(error.body, dict) else None
        return RequestRefusedError(f"{refused} {str(words or '')[:500]}".strip())
    if str(status).startswith("4") and str(status) not in _PASSING_STATUSES:
        return LanguageModelRejectedError(refused)
    return LanguageModelUnavailableError(
        f"The language model's server failed ({status}).",
        retry_after_s=_retry_after_s(error) if isinstance(error, openai.APIStatusError) else None,
    )


def _retry_after_s(error: openai.APIStatusError) -> float | None:
    """Source: RFC 9110, section 10.2.3: seconds, or a date."""
    value = error.response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
