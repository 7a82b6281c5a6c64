"""What may be done to a turn while it runs: confirm, hold, release, cancel, interrupt, stop.

A turn that may turn out not to be meant begins provisionally (`start_turn`): it is only heard.
`begin_reply` has its reply written and spoken on suspicion, `confirm` says that it is meant, and
until then nothing of it is remembered and no tool acts. All of this may be called in any order
and more than once; the tasks look at what was decided before they begin and 20 times a second.
"""

import time

from assistant.errors import GenerationCancelledError
from assistant.events import CancelReason, TurnCancelled, TurnFinished
from assistant.history import Exchange
from assistant.llm.cancellation import POLL_S
from workers.celery_app import app
from workers.heard import heard_text
from workers.services import Services
from workers.turn_order import enter, let_next_go
from workers.turn_state import TurnState, load_state
from workers.turn_store import TurnRequest


def begin_reply(services: Services, turn_id: str) -> bool:
    """Have the reply written as soon as the words are known; return False where it is cancelled."""
    control = services.turns.control(turn_id)
    request = services.turns.request(turn_id)
    if control.replies or request is None:
        return control.cancelled is None
    if not services.turns.decide(turn_id, replies=1):
        return False
    state = load_state(services.bus, turn_id)
    is_typed = state.started is not None and state.started.kind == "text"
    enter(services, request, turn_id, "text" if is_typed else "voice")
    if state.question is not None:
        _send("reply", turn_id)
    return True


def confirm(services: Services, turn_id: str, *, replies: bool = True) -> bool:
    """Say that the turn is meant; return False where it was cancelled before, as by its bound.

    Without `replies` it has its transcript, and no reply before `begin_reply`.
    """
    is_confirmed = services.turns.decide(turn_id, provisional_until="")
    return is_confirmed and (not replies or begin_reply(services, turn_id))


def cancel(services: Services, turn_id: str, reason: CancelReason) -> bool:
    """End the turn wherever it is; return False where it had ended.

    What a finished reply left in the conversation stays there: see `interrupt`.
    """
    services.turns.decide(turn_id, cancelled=reason)
    return _end(services, turn_id, reason)


def hold(services: Services, turn_id: str) -> bool:
    """Stop writing and speaking until `release`; return False where the turn is cancelled.

    What exists is kept. Recognition goes on.
    """
    return services.turns.decide(turn_id, is_held=1)


def release(services: Services, turn_id: str) -> bool:
    """Go on where the turn was held; return False where it is cancelled."""
    if not services.turns.control(turn_id).is_held:
        return services.turns.control(turn_id).cancelled is None
    if not services.turns.decide(turn_id, is_held=0):
        return False
    state = load_state(services.bus, turn_id)
    if state.end is None and state.reply is None and state.question is not None:
        _send("reply", turn_id)
    for index in sorted(state.queued.keys() - state.audio.keys() - state.unspoken.keys()):
        _send("speak", turn_id, index)
    return True


def interrupt(
    services: Services,
    turn_id: str,
    heard_ms: int | None,
    reason: CancelReason = "interrupted",
) -> str:
    """End a turn whose reply was being heard or read; return what the conversation keeps of it.

    `heard_ms`: how much of its sound was played; None for a reply that is read, of which all that
    is written counts. A finished turn, whose sound still plays, is interrupted as well.
    """
    state = load_state(services.bus, turn_id)
    heard = heard_text(state, heard_ms)
    # Before the end, which lets the conversation's next turn read it.
    _keep(services, turn_id, state, heard)
    if not _end(services, turn_id, reason, heard) and heard_ms is None:
        # It was written to its end just then, and all of it counts.
        end = load_state(services.bus, turn_id).end
        request = services.turns.request(turn_id)
        if isinstance(end, TurnFinished) and request is not None and request.conversation_id:
            heard = end.answer
            services.conversations.amend(request.conversation_id, turn_id, heard)
    services.turns.decide(turn_id, cancelled=reason)
    return heard


def _keep(services: Services, turn_id: str, state: TurnState, heard: str) -> None:
    """Have the conversation know only what was heard, whether the reply was whole or not."""
    request = services.turns.request(turn_id)
    question = state.question or ""
    if request is None or not request.conversation_id or not (question or state.written):
        return
    exchange = Exchange(
        question,
        heard,
        turn_id=turn_id,
        # What a check objected to is masked or refused in a whole reply: no model sees it.
        source="refusal" if state.objection else state.written_source,
        at=time.time(),
        language=request.language or (state.transcript.language if state.transcript else None),
    )
    # A turn is added once only, by whoever comes first: here, or where its reply was whole.
    services.conversations.add(request.conversation_id, request.user_id, exchange)
    services.conversations.amend(request.conversation_id, turn_id, heard)


def stop(services: Services, turn_id: str, heard_ms: int | None = None) -> None:
    """End a turn as its user wants it; one that is over, in writing and in sound, stays as it is.

    `heard_ms`: as for `interrupt`. A question without any reply yet is kept for the user, and no
    model sees it; what it was to replace stands again.
    """
    state = load_state(services.bus, turn_id)
    if state.end is not None and (heard_ms is None or not isinstance(state.end, TurnFinished)):
        return
    if state.written:
        interrupt(services, turn_id, heard_ms)
        return
    if state.end is not None:
        return
    request = services.turns.request(turn_id)
    is_kept = request is not None and request.conversation_id and state.question
    if request is not None and is_kept and not _is_asked_again(services, request, state):
        services.conversations.set_aside(request.conversation_id, turn_id)
        interrupt(services, turn_id, None, "cancelled")
    else:
        cancel(services, turn_id, "cancelled")
    restore_replaced(services, turn_id)


def restore_replaced(services: Services, turn_id: str) -> None:
    """Have what the turn replaced stand again: it ended without a reply."""
    request = services.turns.request(turn_id)
    if request is not None and request.replaces:
        succession = services.conversations.succession
        restored = succession.restore(request.conversation_id, turn_id)
        services.conversations.renew_summary(request.conversation_id, restored)


def restore_where_unanswered(services: Services, turn_id: str) -> None:
    """The same for a turn that has ended, where the conversation keeps nothing of it."""
    request = services.turns.request(turn_id)
    if request is not None and not services.conversations.has(request.conversation_id, turn_id):
        restore_replaced(services, turn_id)


def _is_asked_again(services: Services, request: TurnRequest, state: TurnState) -> bool:
    """Return whether the question is kept already, as that of the turn which is replaced."""
    said = services.conversations.exchanges(request.conversation_id) if request.replaces else []
    return any(
        exchange.turn_id == request.replaces and exchange.question == state.question
        for exchange in said
    )


def goes_on(services: Services, turn_id: str) -> bool:
    """Return whether the turn's tasks may go on; ends a turn that nobody confirmed in time."""
    control = services.turns.control(turn_id)
    if control.cancelled:
        _end(services, turn_id, control.cancelled)  # Whoever cancelled may be lost since.
    elif control.is_overdue and services.turns.decide(
        turn_id, only_provisional=True, cancelled="superseded"
    ):
        _end(services, turn_id, "superseded")
        return False
    return control.goes_on


def may_reply(services: Services, turn_id: str) -> bool:
    return goes_on(services, turn_id) and services.turns.control(turn_id).replies


def is_stopped(services: Services, turn_id: str) -> bool:
    """Return whether what is being made for the turn should stop now. One look at Redis."""
    control = services.turns.control(turn_id)
    return control.is_overdue or not control.goes_on


def wait_until_confirmed(services: Services, turn_id: str) -> None:
    """Return when the turn is meant. Raises GenerationCancelledError where it is not."""
    while True:
        goes_on(services, turn_id)  # Ends it where nobody says so in time.
        control = services.turns.control(turn_id)
        if control.cancelled:
            raise GenerationCancelledError("The answer is no longer wanted.")
        if control.provisional_until is None:
            return
        time.sleep(POLL_S)


def _end(services: Services, turn_id: str, reason: CancelReason, heard: str | None = None) -> bool:
    has_ended = services.bus.append(TurnCancelled(turn_id=turn_id, reason=reason, heard=heard))
    services.foreground.leave(turn_id)
    services.turns.drop_upload(turn_id)
    is_queued = services.turns.control(turn_id).replies
    if is_queued and (following := let_next_go(services, turn_id)):
        _send("reply", following)
    return has_ended


def _send(task: str, *arguments: str | int) -> None:
    # By name: importing the tasks would load what they compute with.
    app.send_task(f"workers.tasks.{task}", arguments)
