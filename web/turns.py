"""A turn as a stream of events, as its state, and as one answer."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from assistant.events import TurnCancelled, TurnFailed, TurnFinished, encode_event
from web.context import services
from web.errors import ProblemError
from web.identity import own
from web.payloads import RatingPayload, StopPayload, parse
from workers import turn_control
from workers.event_bus import FIRST, EventBus
from workers.turn_state import TurnState, load_state

blueprint = Blueprint("turns", __name__, url_prefix="/api/turns")


@blueprint.get("/<turn_id>/events")
def events(turn_id: str) -> Response:
    """Replay the turn after the event that `Last-Event-ID` names, and go on as it happens."""
    _known_state(turn_id)
    last = request.headers.get("Last-Event-ID") or request.args.get("last_event_id") or FIRST
    if not is_event_id(last):
        raise ProblemError("request_invalid", "Last-Event-ID is not the id of an event.")
    return event_stream(turn_id, last)


@blueprint.get("/<turn_id>")
def state(turn_id: str) -> Response:
    return jsonify(describe(turn_id, _known_state(turn_id)))


@blueprint.post("/<turn_id>/stop")
def stop(turn_id: str) -> Response:
    """End it as its user wants it: while it runs, or while its sound still plays."""
    _known_state(turn_id)
    own_turn(turn_id)
    payload = parse(StopPayload, request.get_json(silent=True) if request.data else {})
    turn_control.stop(services(), turn_id, payload.heard_ms)
    return jsonify(describe(turn_id, _known_state(turn_id)))


@blueprint.put("/<turn_id>/rating")
def rate(turn_id: str) -> tuple[str, int]:
    conversation_id = _conversation_of_rated(turn_id)
    payload = parse(RatingPayload, request.get_json())
    services().conversations.ratings.put(
        conversation_id, turn_id, payload.rating, payload.comment or None
    )
    return "", 204


@blueprint.delete("/<turn_id>/rating")
def unrate(turn_id: str) -> tuple[str, int]:
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


def is_event_id(text: str) -> bool:
    return all(part.isdecimal() for part in text.split("-", 1))


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
    return jsonify(describe(turn_id, state))


def describe(turn_id: str, state: TurnState) -> dict[str, Any]:
    """Return the turn as clients see it; keys whose value is not known yet are left out."""
    started, transcript, reply = state.started, state.transcript, state.reply
    failure = state.end if isinstance(state.end, TurnFailed) else None
    cancelled = state.end if isinstance(state.end, TurnCancelled) else None
    finished = isinstance(state.end, TurnFinished)
    described = {
        "turn_id": turn_id,
        "conversation_id": (started.conversation_id or None) if started else None,
        "status": state.status,
        "question": state.question,
        "transcript": transcript.text if transcript else None,
        "language": transcript.language if transcript else None,
        "no_speech": transcript.no_speech if transcript else None,
        "answer": _answer(state, finished),
        "source": reply.source if reply else None,
        "finish_reason": reply.finish_reason if reply else None,
        "audio_url": url_for("audio.audio", audio_id=turn_id) if finished and state.audio else None,
        "audio": [
            {
                "index": index,
                "text": piece.text,
                "voice": piece.voice,
                "duration_s": piece.duration_s,
                "url": url_for("audio.audio", audio_id=piece.audio_id),
            }
            for index, piece in sorted(state.audio.items())
        ],
        "unspoken": [
            {"index": index, "code": piece.code, "message": piece.message}
            for index, piece in sorted(state.unspoken.items())
        ]
        or None,
        "reason": cancelled.reason if cancelled else None,
        "heard": cancelled.heard if cancelled else None,
        "error": {"code": failure.code, "detail": failure.message} if failure else None,
    }
    return {name: value for name, value in described.items() if value is not None}


def _answer(state: TurnState, is_finished: bool) -> str | None:
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
