"""The dialogue: a question that Home Assistant has heard, and its reply in words."""

import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from wyoming.asr import Transcript
from wyoming.event import Eventable
from wyoming.handle import Handled, HandledChunk, HandledStart, HandledStop, NotHandled

from assistant.events import ReplyDelta, ReplyReady
from speech.languages import language_code
from web.wyoming.errors import RequestError
from web.wyoming.request import Send
from web.wyoming.turn_events import follow
from workers.services import Services
from workers.turn_start import start_turn
from workers.turn_store import TurnRequest


class Handling:
    """One question of a conversation, which the client's context names."""

    def __init__(self, question: Transcript) -> None:
        self._question = question
        self._context = question.context

    async def answer(self, services: Services, send: Send) -> None:
        start = partial(_start, services, turn_request(self._question))
        reply: ReplyReady | None = None
        has_begun = False
        async with aclosing(follow(services, start)) as events:
            async for event in events:
                match event:
                    # Who cannot answer says so in a prepared sentence, which is no answer.
                    case ReplyDelta(source=source, text=text) if source != "fallback":
                        if not has_begun:
                            await send(HandledStart(self._context))
                            has_begun = True
                        await send(HandledChunk(text))
                    case ReplyReady():
                        reply = event
        if reply is None:
            raise RequestError("internal", "The turn ended without a reply.")
        if reply.finish_reason == "unavailable":
            await send(NotHandled(reply.text, self._context))
        else:
            await send(Handled(reply.text, self._context))
        if has_begun:
            await send(HandledStop())

    def closing(self, problem: str) -> Sequence[Eventable]:
        return NotHandled(problem, self._context), HandledStop()


def _start(services: Services, request: TurnRequest) -> str:
    if request.conversation_id:
        # Nobody else can have it: its id is a digest of the client's.
        services.conversations.claim(request.conversation_id, request.user_id)
    return start_turn(services, request)


def turn_request(question: Transcript) -> TurnRequest:
    """Return the turn that answers the question.

    A satellite is a user: what one is told no other knows. So is a conversation of no satellite;
    without a conversation's id nothing is remembered.
    """
    context = question.context or {}
    conversation = _named(context, "conversation_id")
    satellite = _named(context, "satellite_id") or _named(context, "device_id")
    return TurnRequest(
        conversation_id=_digest("conversation", satellite, conversation) if conversation else "",
        user_id=_digest("satellite", satellite or conversation) if conversation else "",
        question=question.text,
        language=language_code(question.language) if question.language else None,
        speak=False,
    )


def _named(context: dict[str, Any], name: str) -> str:
    value = context.get(name)
    return value if isinstance(value, str) else ""


def _digest(*parts: str) -> str:
    # Home Assistant's ids may be any text, and must never meet those of other clients.
    return "wyoming-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
