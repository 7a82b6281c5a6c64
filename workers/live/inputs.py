"""What a response is to that is not simply the next of its conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.history import UNASKED
from assistant.messages import Message
from assistant.prompts import preamble
from workers.live.live_turn import LiveTurn
from workers.services import Services
from workers.turn_state import load_state


@dataclass(frozen=True, kw_only=True)
class Input:
    """All that the model sees, beside the instructions."""

    history: tuple[Message, ...] = ()
    question: str | None = None
    """None where nobody asks anything: the reply is to its instructions."""
    steps: tuple[Message, ...] = ()
    """What followed the question: calls of functions, and their results."""
    pcm16: bytes | None = None
    """The question as it was spoken: mono, 16 kHz."""


def as_input(messages: Sequence[Message], pcm16: bytes | None = None) -> Input:
    """Return the messages as what leads to a question, the question, and what followed it.

    `pcm16`: what is said after all of them.
    """
    if pcm16 is not None:
        return Input(history=tuple(messages), pcm16=pcm16)
    for place in reversed(range(len(messages))):
        message = messages[place]
        if message.role == "user":
            steps = tuple(messages[place + 1 :])
            return Input(
                history=tuple(messages[:place]), question=message.content.strip(), steps=steps
            )
        if message.role == "assistant" and not message.tool_calls:
            break  # The question before it has its answer.
    return Input(history=tuple(messages))


def recalled(services: Services, conversation_id: str) -> list[Message]:
    """Return the conversation as a model is shown it."""
    known = services.conversations.recall(conversation_id)
    messages = []
    if known.summary:
        messages.append(Message(role="system", content=preamble("", known.summary)))
    for exchange in known.exchanges:
        messages.append(Message(role="user", content=exchange.question or UNASKED))
        if exchange.answer:
            messages.append(Message(role="assistant", content=exchange.answer))
    return messages


def unfinished(services: Services, turn: LiveTurn) -> list[Message]:
    """Return what is asked and answered in a turn that its conversation does not know yet."""
    conversation_id = turn.request.conversation_id
    is_its_own = bool(conversation_id and turn.question) and not turn.calls
    if not is_its_own or services.conversations.has(conversation_id, turn.id):
        return []
    messages = [Message(role="user", content=turn.question), *turn.request.steps]
    if written := load_state(services.bus, turn.id).written:
        messages.append(Message(role="assistant", content=written))
    return messages
