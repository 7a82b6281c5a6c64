"""A typed question."""

from flask import Blueprint, Response, request

from web.answers import Event, TurnAnswer
from web.context import services
from web.openapi import Events, operation
from web.payloads import ASKING_ERRORS, ChatPayload, chat_request
from web.turns import TURN_ERRORS, event_stream, wait_for_end
from workers.turn_start import start_turn

blueprint = Blueprint("chat", __name__, url_prefix="/api")


@blueprint.post("/chat")
@operation(
    {200: (TurnAnswer, Events(Event))},
    body=ChatPayload,
    errors=(*ASKING_ERRORS, *TURN_ERRORS),
)
def chat() -> Response:
    """Answer a question: as one JSON object, or as events where the client accepts a stream."""
    turn_id = start_turn(services(), chat_request(request.get_json()))
    if request.accept_mimetypes.best == "text/event-stream":
        return event_stream(turn_id)
    return wait_for_end(turn_id)
