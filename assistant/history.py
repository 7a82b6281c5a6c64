"""What a conversation remembers, and how much of it the language model is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from assistant.checks import strip_special_tokens
from assistant.messages import Message

_BYTES_PER_TOKEN = 3
"""UTF-8 bytes; on the safe side: Qwen's tokenizer has 4.7 in English, 4.6 in Chinese, 2.9 in code
and Hindi. Only figures are denser, with one token a digit."""


@dataclass(frozen=True)
class Exchange:
    """One finished turn."""

    question: str
    answer: str


class ConversationStore(Protocol):
    """Thread-safe."""

    def recent(self, conversation_id: str, turns: int) -> list[Exchange]:
        """Return the last `turns` exchanges, oldest first; none for an unknown conversation."""
        ...

    def add(self, conversation_id: str, turn_id: str, exchange: Exchange) -> None:
        """Remember an exchange; a second call for the same turn changes nothing."""
        ...


def window(
    *,
    system_prompt: str,
    stored: Sequence[Exchange],
    carried: Sequence[Message],
    question: str,
    max_tokens: int,
) -> list[Message]:
    """Return the prompt: one system message, the past oldest first, then the question.

    The past is `stored`, then `carried`, the history that came with the request. A client that
    keeps its own history and names a conversation too is not given the same exchange twice.
    System messages of the client join ours, as many chat templates allow only one, in front.
    The oldest messages are left out where the whole would exceed about `max_tokens`.

    Nothing here changes from turn to turn but the end, so that the model server finds the
    beginning in its prefix cache: a prompt costs 1 s for every 35 tokens on two cores.
    """
    system = [system_prompt, *(message.content for message in carried if message.role == "system")]
    said = [message for message in carried if message.role != "system"]
    # Some clients count the question as the end of its own history.
    if said and said[-1].role == "user" and said[-1].content.strip() == question:
        said.pop()
    past = [
        message
        for exchange in stored
        if not _carries(said, exchange)
        for message in (
            Message(role="user", content=exchange.question),
            Message(role="assistant", content=exchange.answer),
        )
    ]
    past = [
        Message(role=message.role, content=strip_special_tokens(message.content))
        for message in (*past, *said)
        if message.content.strip()
    ]
    first = Message(role="system", content="\n\n".join(system))
    last = Message(role="user", content=question)
    room = max_tokens - _estimate_tokens(first) - _estimate_tokens(last)
    return [first, *_newest(past, room), last]


def _carries(said: Sequence[Message], exchange: Exchange) -> bool:
    return any(
        question.role == "user"
        and question.content.strip() == exchange.question
        # A client also has the apology with which an interrupted answer ended.
        and answer.content.startswith(exchange.answer)
        for question, answer in pairwise(said)
    )


def _newest(past: Sequence[Message], max_tokens: int) -> list[Message]:
    kept: list[Message] = []
    for message in reversed(past):
        max_tokens -= _estimate_tokens(message)
        if max_tokens < 0:
            break
        kept.append(message)
    # An answer without its question would only confuse; so do templates refuse it.
    while kept and kept[-1].role == "assistant":
        kept.pop()
    return kept[::-1]


def _estimate_tokens(message: Message) -> int:
    # Chat templates put about 5 tokens around a message.
    return len(message.content.encode()) // _BYTES_PER_TOKEN + 5
