"""A language model that repeats the question: the whole path without any model."""

import re
from collections.abc import Callable, Generator, Sequence

from assistant.llm.base import Completion, Generated, GenerationOptions
from assistant.llm.cancellation import stop_if
from assistant.messages import Message


class EchoModel:
    name = "echo"

    def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Generated, None, None]:
        """Yield the last question word by word; a token is a word."""
        question = next(
            (message.content for message in reversed(messages) if message.role == "user"), ""
        )
        begun = messages[-1].content if messages and messages[-1].role == "assistant" else ""
        words = re.findall(r"\s*\S+", question.removeprefix(begun))
        for word in words[: options.max_tokens]:
            stop_if(is_cancelled)
            yield word
        is_whole = len(words) <= options.max_tokens
        yield Completion(finish_reason="stop" if is_whole else "length", model=self.name)
