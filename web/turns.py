"""A turn as a stream of events, as its state, and as one answer."""

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import BaseModel, Field

from assistant.events import TurnCancelled, TurnEnd, TurnFailed, TurnFinished, encode_event
from web.answers import Event, Failure, SpokenPiece, TurnAnswer, UnspokenPiece
from web.context import services
from web.errors import ProblemError
from web.identity import own
from web.openapi import Events, operation
from web.payloads import RatingPayload, StopPayload, parse, parse_body
from workers import turn_control
from workers.event_bus import FIRST, EventBus
from workers.turn_state import TurnState, load_state

blueprint = Blueprint("turns", __name__, url_prefix="/api/turns")

TURN_ERRORS = (
    "audio_unreadable",
    "audio_too_large",
    "audio_too_long",
    "audio_too_many_channels",
    "unknown_language",
    "engine_unavailable",
    "language_model_unavailable",
    "language_model_rejected",
    "turn_expired",
    "turn_timeout",
)
"""What a turn that is waited for can fail with."""

_OWN_TURN_ERRORS = ("turn_unknown", "conversation_unknown")


class EventPlace(BaseModel):
    """The id of the last event that the client has; the next ones follow."""

    last_event_id: str = Field("", pattern=r"^([0-9]{1,19}(-[0-9]{1,19})?)?$")


@blueprint.get("/<turn_id>/events")
@operation(
    {200: Events(Event), 204: None}, query=EventPlace, headers=EventPlace, errors=("turn_unknown",)
)
def events(turn_id: str) -> Response | tuple[str, int]:
    """Replay the turn after the event that `Last-Event-ID` names, and go on as it happens.

    204 where that was the turn's last one: browsers then stop connecting again.
    """
    stored = services().bus.events(turn_id)
    if not stored:
        raise unknown_turn()
    after = last_event_id()
    if isinstance(stored[-1].event, TurnEnd) and _place(after) >= _place(stored[-1].id):
        return "", 204
    return event_stream(turn_id, after)


@blueprint.get("/<turn_id>")
@operation({200: TurnAnswer}, errors=("turn_unknown",))
def state(turn_id: str) -> Response:
    """Tell how far a turn is, as one JSON object."""
    return _answer(turn_id, _known_state(turn_id))


@blueprint.post("/<turn_id>/stop")
@operation({200: TurnAnswer}, body=StopPayload, errors=_OWN_TURN_ERRORS)
def stop(turn_id: str) -> Response:
    """End a turn as its user wants it: while it runs, or while its sound still plays."""
    _known_state(turn_id)
    own_turn(turn_id)
    payload = parse_body(StopPayload)
    turn_control.stop(services(), turn_id, payload.heard_ms)
    return _answer(turn_id, _known_state(turn_id))


@blueprint.put("/<turn_id>/rating")
@operation({204: None}, body=RatingPayload, errors=_OWN_TURN_ERRORS)
def rate(turn_id: str) -> tuple[str, int]:
    """Say what the user thinks of a reply, in place of what they thought before."""
    conversation_id = _conversation_of_rated(turn_id)
    payload = parse(RatingPayload, request.get_json())
    services().conversations.ratings.put(
        conversation_id, turn_id, payload.rating, payload.comment or None
    )
    return "", 204


@blueprint.delete("/<turn_id>/rating")
@operation({204: None}, errors=_OWN_TURN_ERRORS)
def unrate(turn_id: str) -> tuple[str, int]:
    """Take a rating back."""
    services().conversations.ratings.delete(_conversation_of_rated(turn_id), turn_id)
    return "", 204


def own_turn(turn_id: str) -> str | None:
    """Return the turn's conversation; None where it is outside every one.

    Raises ProblemError where the conversation is somebody else's.
    """
    conversation_id = services().conversations.succession.conversation_of(turn_id)
    if conversation_id is None and (asked := services().turns.request(turn_id)):
        conversation_id = asked.conversation_id  # Nobody knows yet whether it is meant.
    return own(conversation_id) if conversation_id else None


def _conversation_of_rated(turn_id: str) -> str:
    conversation_id = own_turn(turn_id)
    if conversation_id is None:
        raise unknown_turn()
    return conversation_id


def last_event_id() -> str:
    """Return what the header or the query says; browsers send the header when they reconnect.

    Raises ProblemError where it is no id of an event.
    """
    said = (request.headers.get("Last-Event-ID"), request.args.get("last_event_id"))
    ids = [parse(EventPlace, {"last_event_id": each or ""}).last_event_id for each in said]
    return next(filter(None, ids), FIRST)


def _place(event_id: str) -> tuple[int, ...]:
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number or 0)


def event_stream(turn_id: str, after: str = FIRST) -> Response:
    """Return server-sent events (WHATWG HTML, section 9.2) up to the turn's end."""
    response = Response(_lines(services().bus, turn_id, after), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back.
    return response


def _lines(bus: EventBus, turn_id: str, after: str) -> Iterator[str]:
    yield "retry: 1000\n\n"
    for stored in bus.follow(turn_id, after):
        if stored is None:
            yield ": still here\n\n"
        else:
            data = encode_event(stored.event)
            yield f"id: {stored.id}\nevent: {stored.event.type}\ndata: {data}\n\n"


def wait_for_end(turn_id: str) -> Response:
    """Return the finished turn as one JSON answer. Raises ProblemError where it failed."""
    timeout_s = services().settings.turn_timeout_s
    for _ in services().bus.follow(turn_id, timeout_s=timeout_s):
        pass
    state = load_state(services().bus, turn_id)
    if isinstance(state.end, TurnFailed):
        raise ProblemError(state.end.code, state.end.message)
    if state.end is None:
        raise ProblemError(
            "turn_timeout", f"No answer within {timeout_s:g} s; it may still come: turn {turn_id}."
        )
    return _answer(turn_id, state)


def _answer(turn_id: str, state: TurnState) -> Response:
    return jsonify(_describe(turn_id, state).model_dump())


def _describe(turn_id: str, state: TurnState) -> TurnAnswer:
    started, transcript, reply = state.started, state.transcript, state.reply
    failure = state.end if isinstance(state.end, TurnFailed) else None
    cancelled = state.end if isinstance(state.end, TurnCancelled) else None
    finished = isinstance(state.end, TurnFinished)
    return TurnAnswer(
        turn_id=turn_id,
        conversation_id=(started.conversation_id or None) if started else None,
        status=state.status,
        question=state.question,
        transcript=transcript.text if transcript else None,
        language=transcript.language if transcript else None,
        no_speech=transcript.no_speech if transcript else None,
        answer=_reply(state, finished),
        source=reply.source if reply else None,
        finish_reason=reply.finish_reason if reply else None,
        audio_url=url_for("audio.audio", audio_id=turn_id) if finished and state.audio else None,
        audio=[
            SpokenPiece(
                index=index,
                text=piece.text,
                voice=piece.voice,
                duration_s=piece.duration_s,
                url=url_for("audio.audio", audio_id=piece.audio_id),
            )
            for index, piece in sorted(state.audio.items())
        ],
        unspoken=[
            UnspokenPiece(index=index, code=piece.code, message=piece.message)
            for index, piece in sorted(state.unspoken.items())
        ]
        or None,
        reason=cancelled.reason if cancelled else None,
        heard=cancelled.heard if cancelled else None,
        error=Failure(code=failure.code, detail=failure.message) if failure else None,
    )


def _reply(state: TurnState, is_finished: bool) -> str | None:
    if state.reply is not None:
        return state.reply.text
    return "" if is_finished else state.written or None


def _known_state(turn_id: str) -> TurnState:
    state = load_state(services().bus, turn_id)
    if state.started is None:
        raise unknown_turn()
    return state


def unknown_turn() -> ProblemError:
    return ProblemError("turn_unknown", "There is no such turn, or it is no longer kept.")
