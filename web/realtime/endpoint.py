"""`WS /v1/realtime`: who may open a session, and what its connection and it do for each other."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from flask import Blueprint, Flask, Response, current_app, g, request
from pydantic import BaseModel, StringConstraints
from wsproto.utilities import RemoteProtocolError

from assistant.manner import Manner
from web.errors import problem
from web.identity import claim
from web.openai.calls import webrtc_unsupported
from web.payloads import ConversationId, parse
from web.realtime.admission import admit
from web.realtime.connection import INTERNAL, NOT_READING, POLICY, TRY_LATER, Connection
from web.realtime.handshake import BETA_SUBPROTOCOL, accept
from web.realtime.loop import Loops
from web.realtime.opening import EXTENSIONS, Live, Opening
from web.realtime.registry import NoRoomError, Sessions
from web.realtime.session import FloodError, RealtimeSession
from web.realtime.session_config import ONLY_TRANSCRIPTION, SessionConfig
from workers.live.events import LiveEvent
from workers.live.session import LiveSession
from workers.live.settings import LiveSettings
from workers.services import Services

log = logging.getLogger(__name__)

blueprint = Blueprint("realtime", __name__)

_N_LOOPS = 4


class _Address(BaseModel):
    """The query of the address."""

    model: Annotated[str, StringConstraints(max_length=200)] | None = None
    intent: str | None = None
    call_id: str | None = None
    conversation_id: ConversationId | None = None
    manner: Manner | None = None
    timezone: Annotated[str, StringConstraints(max_length=64)] | None = None
    extensions: str = ""
    resume: str | None = None
    last_event_id: str = "event_000000"


def register(app: Flask) -> None:
    found = cast(Services, app.extensions["services"])

    def open_live(
        opening: Opening, settings: LiveSettings, emit: Callable[[LiveEvent], None]
    ) -> Live:
        return LiveSession(
            found,
            conversation_id=opening.conversation_id,
            user_id=opening.user_id,
            settings=settings,
            emit=emit,
        )

    app.extensions["live_sessions"] = Sessions(
        open_live,
        limit=found.settings.live_sessions,
        kept_s=found.settings.live_resume_s,
    )
    app.extensions["live_loops"] = Loops(_N_LOOPS)
    app.register_blueprint(blueprint)


def live_sessions(app: Flask) -> Sessions:
    return cast(Sessions, app.extensions["live_sessions"])


@blueprint.before_request
def _admit() -> Response | None:
    """Refuse with a plain HTTP answer, while there still is one to give."""
    g.visitor = visitor = admit()
    address = parse(_Address, request.args.to_dict())
    if address.call_id is not None:
        raise webrtc_unsupported()
    sessions = live_sessions(current_app)
    resumed = _resumable(sessions, address)
    if resumed is None and not sessions.has_room:
        return problem(
            "sessions_full",
            "As many conversations are going on as this server takes; try again soon.",
            503,
        )
    conversation_id = address.conversation_id or (
        resumed.opening.conversation_id if resumed else uuid.uuid4().hex
    )
    extensions = EXTENSIONS.intersection(address.extensions.split(","))
    g.resumed = resumed
    g.last_event_id = address.last_event_id
    config = visitor.config or (
        ONLY_TRANSCRIPTION if address.intent == "transcription" else SessionConfig()
    )
    g.opening = Opening(
        conversation_id=conversation_id,
        # What is only transcribed is of no conversation.
        user_id=(
            visitor.named_in(conversation_id)
            if config.only_transcribes
            else claim(conversation_id, visitor.user_id)
        ),
        model=address.model or visitor.model or "default",
        extensions=extensions,
        is_beta=_is_beta(),
        is_late=address.resume is not None,
        config=config,
        settings=LiveSettings(
            can_hold="hold" in extensions,
            captions="captions" in extensions,
            manner=address.manner,
            timezone=address.timezone,
        ),
    )
    return None


@blueprint.errorhandler(RemoteProtocolError)
def _no_handshake(error: RemoteProtocolError) -> Response:
    return problem("request_invalid", f"This is no WebSocket handshake: {error}.", 400)


def _is_beta() -> bool:
    return "realtime=v1" in request.headers.get(
        "OpenAI-Beta", ""
    ) or BETA_SUBPROTOCOL in request.headers.get("Sec-WebSocket-Protocol", "")


def _resumable(sessions: Sessions, address: _Address) -> RealtimeSession | None:
    session = sessions.find(address.resume) if address.resume else None
    if session is None:
        return None
    opening = session.opening
    is_owner = opening.user_id == g.visitor.named_in(opening.conversation_id)
    return session if is_owner else None


@blueprint.get("/v1/realtime", websocket=True)
def realtime() -> Response:
    connection = Connection(*accept(request.headers, request.environ["gunicorn.socket"]))
    sessions = live_sessions(current_app)
    try:
        session = _begin(sessions, connection)
    except NoRoomError:
        connection.close(TRY_LATER, "As many conversations are going on as this server takes.")
    except Exception:
        log.exception("a live session could not begin")
        connection.close(INTERNAL, "Something went wrong on our side.")
    else:
        connection.listener = _Listener(sessions, session, connection)
    cast(Loops, current_app.extensions["live_loops"]).add(connection)
    return Response(status=101)  # For gunicorn alone: the handshake was the answer.


def _begin(sessions: Sessions, connection: Connection) -> RealtimeSession:
    resumed: RealtimeSession | None = g.resumed
    if resumed is not None and sessions.resume(resumed, connection):
        if resumed.outbox.rewind(g.last_event_id, resumed.describe()):
            resumed.outbox.attach(connection)
            return resumed
        sessions.release(resumed, connection, is_over=True)
    session = sessions.open(g.opening, connection)
    session.outbox.attach(connection)
    return session


@dataclass
class _Listener:
    sessions: Sessions
    session: RealtimeSession
    connection: Connection
    is_flood: bool = False

    def receive(self, message: str | bytes) -> None:
        try:
            self.session.receive(message)
        except FloodError:
            self.is_flood = True
            self.connection.close(POLICY, "You send too many messages.")

    def tick(self) -> None:
        if self.session.outbox.is_full:
            self.connection.close(TRY_LATER, NOT_READING)
        else:
            self.session.outbox.push()

    def end(self) -> None:
        is_over = self.is_flood or self.connection.is_left or self.session.outbox.is_full
        self.sessions.release(self.session, self.connection, is_over=is_over)
