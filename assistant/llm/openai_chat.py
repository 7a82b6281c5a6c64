"""Any server that speaks the OpenAI chat protocol: llama.cpp, vLLM, Ollama, a cloud."""

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import cast

import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionMessageParam

from assistant.errors import (
    LanguageModelError,
    LanguageModelRejectedError,
    LanguageModelUnavailableError,
)
from assistant.llm.base import Completion, GenerationOptions
from assistant.messages import Message

_CONNECT_TIMEOUT_S = 3.0
"""A server that does not even accept a connection is down: the user should hear so soon."""

_PASSING_STATUSES = {"408", "409", "425", "429"}
"""4xx that say "not now"; any other says "not so"."""

# vLLM needs both to go on with a begun reply; llama.cpp does by itself, as does Ollama. A cloud
# that cannot refuses them, which is better than the reply's beginning spoken twice.
_CONTINUATION = {"add_generation_prompt": False, "continue_final_message": True}


class OpenAIChat:
    """Thread-safe; connections are pooled.

    `base_url`: up to and with `/v1`. `timeout_s`: the longest wait for the first token, and
    between two; a server's keep-alive comments count as signs of life.
    """

    def __init__(self, *, base_url: str, model: str, api_key: str, timeout_s: float) -> None:
        self._model = model
        self._client = openai.OpenAI(
            base_url=base_url,
            # The client refuses an empty key, which servers of one's own often have.
            api_key=api_key or "none",
            timeout=openai.Timeout(timeout_s, connect=min(_CONNECT_TIMEOUT_S, timeout_s)),
            max_retries=0,
        )

    @property
    def name(self) -> str:
        return self._model

    def stream(
        self, messages: Sequence[Message], options: GenerationOptions
    ) -> Generator[str | Completion, None, None]:
        """See `LanguageModel.stream`. Closing it closes the connection, which frees the slot.

        Source: https://platform.openai.com/docs/api-reference/chat/create
        """
        try:
            yield from self._stream(messages, options)
        except openai.APITimeoutError as error:
            raise LanguageModelUnavailableError("The language model took too long.") from error
        except openai.APIConnectionError as error:
            raise LanguageModelUnavailableError(
                "The connection to the language model failed."
            ) from error
        except openai.APIError as error:
            raise _translate(error) from error
        except (openai.OpenAIError, ValueError) as error:  # ValueError: JSON or UTF-8 is broken.
            raise LanguageModelUnavailableError(
                "The language model's answer could not be read."
            ) from error

    def _stream(
        self, messages: Sequence[Message], options: GenerationOptions
    ) -> Generator[str | Completion, None, None]:
        sent = [message.model_dump() for message in messages]
        is_continued = bool(sent) and sent[-1]["role"] == "assistant"
        ends_in_space = False
        if is_continued:
            # Tokens begin with their space. After one at the end of the prompt a model writes
            # another, or goes astray.
            ends_in_space = sent[-1]["content"][-1:].isspace()
            sent[-1]["content"] = sent[-1]["content"].rstrip()
        finish_reason: str | None = None
        usage: CompletionUsage | None = None
        stream = self._client.chat.completions.create(
            model=self._model,
            messages=cast(list[ChatCompletionMessageParam], sent),
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            stream=True,
            stream_options={"include_usage": True},
            extra_body=_CONTINUATION if is_continued else None,
        )
        with closing(stream):
            for chunk in stream:
                usage = getattr(chunk, "usage", None) or usage
                # The client checks no types: a chunk is whatever JSON the server sent.
                for choice in getattr(chunk, "choices", None) or []:
                    finish_reason = choice.finish_reason or finish_reason
                    text = choice.delta.content
                    # Reasoning comes in a field of its own, or in a list of parts: not as text.
                    if not isinstance(text, str):
                        continue
                    if ends_in_space:
                        text = text.lstrip()
                    if text:
                        ends_in_space = False
                        yield text
        if finish_reason is None:
            # llama.cpp ends a stream like this where it is stopped in the middle.
            raise LanguageModelUnavailableError("The language model's answer was cut off.")
        if finish_reason == "content_filter":
            raise LanguageModelRejectedError("The language model's server held back the answer.")
        yield Completion(
            finish_reason="length" if finish_reason == "length" else "stop",
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
        )


def _translate(error: openai.APIError) -> LanguageModelError:
    # An error in the middle of a stream has no HTTP status; llama.cpp gives it as `code`.
    status = error.status_code if isinstance(error, openai.APIStatusError) else error.code
    if str(status).startswith("4") and str(status) not in _PASSING_STATUSES:
        return LanguageModelRejectedError(
            f"The language model's server refused the request ({status})."
        )
    return LanguageModelUnavailableError(f"The language model's server failed ({status}).")
