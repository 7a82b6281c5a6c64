"""What a conversation remembers, and how much of it the language model is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Protocol

from assistant.checks.question import normalise, strip_special_tokens
from assistant.events import ReplySource
from assistant.messages import FunctionCall, Message

BYTES_PER_TOKEN = 3
"""UTF-8 bytes; on the safe side: Qwen's tokenizer has 4.7 in English, 4.6 in Chinese, 2.9 in code
and Hindi. Only figures are denser, with one token a digit."""


CUT_SHORT = "…"
"""Ends an answer that the user interrupted; for people only. Shown three of them, Qwen 1.5B ended 4
of 5 answers so itself, and as many with "...", 2 of 5 with "(interrupted)"; without a mark none."""


UNASKED = "(…)"
"""Stands before what the assistant said by itself: templates want the roles to alternate."""


@dataclass(frozen=True)
class Exchange:
    """One finished turn."""

    question: str
    """Empty where the assistant spoke by itself."""
    answer: str
    """What the user heard or read of it; empty where they spoke before any of it was heard."""
    turn_id: str = ""
    source: ReplySource = "model"
    at: float = 0.0
    """Seconds since 1970."""
    language: str | None = None
    """The user's, as an ISO 639-1 code, where it was said or heard."""


@dataclass(frozen=True, kw_only=True)
class Recollection:
    """What the model is to know of a conversation."""

    preamble: str | None = None
    """What stands between the system prompt and the first exchange: what is known of the user, and
    the summary. None where it is still to be made."""
    summary: str = ""
    """Of what was said before the exchanges."""
    exchanges: tuple[Exchange, ...] = ()
    """Those after the summary, oldest first."""


class ConversationStore(Protocol):
    """Thread-safe."""

    def recall(self, conversation_id: str) -> Recollection:
        """An unknown conversation is an empty one."""
        ...

    def set_preamble(self, conversation_id: str, preamble: str) -> None:
        """Keep it, where there is none, until the summary moves on: a stable beginning stays in the
        prefix cache of the model server."""
        ...

    def add(self, conversation_id: str, user_id: str, exchange: Exchange) -> None:
        """Remember an exchange; a second one of the same turn changes nothing."""
        ...


SHOWN_SOURCES = frozenset({"model", "cache", "tool"})
"""What else was said is kept for the user only: refusals and apologies would teach the model to
repeat them, and talk of what to forget would remind it."""


def turns_to_fold(exchanges: Sequence[Exchange], turns: int, max_tokens: int) -> int:
    """Return how many of the oldest exchanges should be folded into the summary now; mostly none.

    The window grows from `turns` exchanges to twice as many before its older half goes at once:
    a window that moved with every turn would change the prompt's beginning with every turn.
    """
    spare = len(exchanges) - turns
    tokens = sum(estimate_tokens(message) for message in _messages(exchanges))
    is_due = spare >= max(1, turns) or tokens > max_tokens * 0.7
    return max(0, spare) if is_due else 0


def window(
    *,
    system: Sequence[str],
    stored: Sequence[Exchange],
    carried: Sequence[Message],
    question: str,
    steps: Sequence[Message] = (),
    max_tokens: int,
) -> list[Message]:
    """Return the prompt: one system message (`system`, joined), the past, the question, `steps`.

    The past is `stored`, then `carried`, the history that came with the request. A client that
    keeps its own history and names a conversation too is not given the same exchange twice.
    System messages of the client join ours, as many chat templates allow only one, in front.
    The oldest messages are left out where the whole would exceed about `max_tokens`; a call of a
    function and its result stay together, and one without the other is left out, as servers
    refuse it.

    Nothing here changes from turn to turn but the end, so that the model server finds the
    beginning in its prefix cache: a prompt costs 1 s for every 35 tokens on two cores.
    """
    system = [part for part in system if part]
    system += [message.content for message in carried if message.role == "system"]
    said = [message for message in carried if message.role != "system"]
    # Some clients count the question as the end of its own history.
    if said and said[-1].role == "user" and normalise(said[-1].content) == question:
        said.pop()
    past = _messages([exchange for exchange in stored if not _carries(said, exchange)])
    past = _harmless([*past, *said])
    first = Message(role="system", content="\n\n".join(system))
    last = [Message(role="user", content=question), *_harmless(steps)]
    room = max_tokens - sum(estimate_tokens(message) for message in (first, *last))
    return [first, *_taking_turns([*_newest(past, room), *last])]


def _messages(exchanges: Sequence[Exchange]) -> list[Message]:
    return [
        message
        for exchange in exchanges
        for message in (
            Message(role="user", content=exchange.question or UNASKED),
            Message(role="assistant", content=exchange.answer.removesuffix(CUT_SHORT)),
        )
    ]


def _taking_turns(messages: Sequence[Message]) -> list[Message]:
    """Join what the user said before an answer was heard: templates want the roles to alternate."""
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1].role == message.role == "user":
            said = f"{joined.pop().content}\n{message.content}"
            message = Message(role="user", content=said)
        joined.append(message)
    return joined


def _harmless(messages: Sequence[Message]) -> list[Message]:
    """Return what a model may be shown: no special tokens, no empty words, and every call of a
    function with its result."""
    shown: list[Message] = []
    for place, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id in _open_calls(shown):
                shown.append(_stripped(message))
            continue
        results = {
            result.tool_call_id
            for result in takewhile(lambda after: after.role == "tool", messages[place + 1 :])
        }
        calls = tuple(_stripped_call(call) for call in message.tool_calls if call.id in results)
        if calls or message.content.strip():
            shown.append(_stripped(message).model_copy(update={"tool_calls": calls}))
    return shown


def _open_calls(messages: Sequence[Message]) -> set[str | None]:
    """Return the ids of those calls to which a result that came next would belong."""
    answered: set[str | None] = set()
    for message in reversed(messages):
        if message.role != "tool":
            return {call.id for call in message.tool_calls if call.id not in answered}
        answered.add(message.tool_call_id)
    return set()


def _stripped(message: Message) -> Message:
    return message.model_copy(update={"content": strip_special_tokens(message.content)})


def _stripped_call(call: FunctionCall) -> FunctionCall:
    return FunctionCall(
        id=call.id,
        name=strip_special_tokens(call.name),
        arguments=strip_special_tokens(call.arguments),
    )


def _carries(said: Sequence[Message], exchange: Exchange) -> bool:
    spoken = [message for message in said if message.role != "tool" and not message.tool_calls]
    return any(
        question.role == "user"
        and normalise(question.content) == exchange.question
        # A client also has the apology with which an interrupted answer ended, or all of one that
        # the user did not hear to its end.
        and answer.content.startswith(exchange.answer.removesuffix(CUT_SHORT))
        for question, answer in pairwise(spoken)
    )


def _newest(past: Sequence[Message], max_tokens: int) -> list[Message]:
    kept: list[Message] = []
    for message in reversed(past):
        max_tokens -= estimate_tokens(message)
        if max_tokens < 0:
            break
        kept.append(message)
    # An answer without its question would only confuse; so do templates refuse it.
    while kept and kept[-1].role != "user":
        kept.pop()
    return kept[::-1]


def estimate_tokens(message: Message) -> int:
    # Chat templates put about 5 tokens around a message.
    text = message.content + "".join(call.name + call.arguments for call in message.tool_calls)
    return len(text.encode()) // BYTES_PER_TOKEN + 5 + 15 * len(message.tool_calls)
