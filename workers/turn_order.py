"""Turns of one conversation are answered in the order in which they came, one after another.

Each turn queues up when its reply is wanted. The first in the queue may write its reply; when it
has, it leaves, and the next one's task is sent. Hearing and speaking need no order.
"""

import time
from typing import TYPE_CHECKING, cast

from redis import Redis

from assistant.events import TurnFailed
from workers.turn_state import TurnState, load_state
from workers.turn_store import TurnRequest
from workers.turn_succession import BegunTurn, TurnKind

if TYPE_CHECKING:
    from workers.services import Services

_LOOKED_AT = 50
"""So many turns of a conversation, the last, are looked at for those that have not ended."""


class TurnOrder:
    """Thread-safe."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s

    def enter(self, conversation_id: str, turn_id: str) -> None:
        with self._redis.pipeline() as pipe:
            pipe.rpush(_key(conversation_id), turn_id)
            pipe.expire(_key(conversation_id), self._retention_s)
            pipe.execute()

    def first(self, conversation_id: str) -> str | None:
        turn_id = cast("bytes | None", self._redis.lindex(_key(conversation_id), 0))
        return None if turn_id is None else turn_id.decode()

    def leave(self, conversation_id: str, turn_id: str) -> str | None:
        """Return who is first then; leaving twice changes nothing."""
        self._redis.lrem(_key(conversation_id), 0, turn_id)
        return self.first(conversation_id)


def is_next(services: "Services", turn_id: str) -> bool:
    """Return whether the turn's reply may be written: the turns before it have theirs."""
    request = services.turns.request(turn_id)
    if request is None:
        return True  # Expired, as its stage will say.
    first = services.order.first(request.conversation_id)
    while first not in (None, turn_id):
        # Whoever lost its worker at the very end has not left by itself.
        before = load_state(services.bus, first)
        if before.started is not None and before.reply is None and before.end is None:
            return False
        first = services.order.leave(request.conversation_id, first)
    return True


def enter(services: "Services", request: TurnRequest, turn_id: str, kind: TurnKind) -> list[str]:
    """Have the turn be the last of its conversation; return those that it supersedes."""
    conversation_id, conversations = request.conversation_id, services.conversations
    if not conversation_id:
        return []  # Outside every conversation nothing waits for anything.
    spared: list[str] = []
    if request.replaces:
        said = conversations.exchanges(conversation_id)
        conversations.succession.note(
            conversation_id, {exchange.turn_id: exchange.at for exchange in said}
        )
        # Of what is being said just now nobody knows yet whether it is meant.
        unfinished = services.bus.unfinished(_last(services, conversation_id))
        spared = [other for other in unfinished if _is_provisional(services, other)]
    superseded = conversations.succession.begin(
        conversation_id, turn_id, kind, time.time(), request.replaces, spared
    )
    conversations.renew_summary(conversation_id, superseded)
    services.order.enter(conversation_id, turn_id)
    return superseded


def running(services: "Services", conversation_id: str) -> list[str]:
    """Return the turns that began and have not ended, oldest first; not those that are guesses."""
    unfinished = services.bus.unfinished(_last(services, conversation_id))
    return [turn_id for turn_id in unfinished if not _is_provisional(services, turn_id)]


def failed(services: "Services", conversation_id: str) -> list[tuple[BegunTurn, TurnState]]:
    """Return the turns whose question has no answer because they failed, oldest first.

    Not those that another was asked in place of. They are known for as long as their events are.
    """
    conversations = services.conversations
    known = {exchange.turn_id for exchange in conversations.exchanges(conversation_id)}
    known |= conversations.succession.superseded(conversation_id).keys()
    begun = conversations.succession.begun(conversation_id, _LOOKED_AT)
    states = [(turn, load_state(services.bus, turn.id)) for turn in begun if turn.id not in known]
    return [
        (turn, state)
        for turn, state in states
        if isinstance(state.end, TurnFailed) and state.question
    ]


def _last(services: "Services", conversation_id: str) -> list[str]:
    turns = services.conversations.succession.begun(conversation_id, _LOOKED_AT)
    return [turn.id for turn in turns]


def _is_provisional(services: "Services", turn_id: str) -> bool:
    return services.turns.control(turn_id).provisional_until is not None


def let_next_go(services: "Services", turn_id: str) -> str | None:
    """Leave the conversation's queue once the reply is written; return the turn that is next."""
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    if request is None or (state.reply is None and state.end is None):
        return None
    following = services.order.leave(request.conversation_id, turn_id)
    if following is None or load_state(services.bus, following).question is None:
        return None  # A turn that is being heard goes on by itself.
    return following


def _key(conversation_id: str) -> str:
    return f"conversation:{{{conversation_id}}}:order"
