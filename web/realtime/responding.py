"""`response.create` and `response.cancel`: in the conversation, or apart from it."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from web.realtime.client_events import ResponseCancel, ResponseCreate, as_protocol_error
from web.realtime.narration import Narrator
from web.realtime.new_items import Hear
from web.realtime.opening import Live
from web.realtime.protocol_errors import ProtocolError
from web.realtime.response_input import read_input
from web.realtime.session_config import SessionConfig
from workers.live.answering import TurnInProgressError
from workers.live.settings import LiveSettings

_METADATA: TypeAdapter[dict[str, str] | None] = TypeAdapter(
    Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
        Field(max_length=16),
    ]
    | None
)


def respond(
    event: ResponseCreate,
    usual: SessionConfig,
    settings_of: Callable[..., LiveSettings],
    live: Live,
    narrator: Narrator,
    hear: Hear,
) -> None:
    """`settings_of`: a config as the live session is told it. Raises ProtocolError."""
    asked = event.response
    config = usual.for_response(asked)
    metadata = _metadata(asked.get("metadata"))
    is_apart = _is_apart(asked.get("conversation"))
    settings = settings_of(config, is_apart=is_apart)
    given = asked.get("input")
    with narrator.lock:
        replies = narrator.replies
        if not is_apart and replies.in_progress():
            raise _already_active(is_apart)
        input_ = None if given is None else read_input(given, narrator.items, hear)
        replies.expect(config, metadata)
    try:
        if is_apart or input_ is not None:
            live.respond_to(input_, settings, is_apart=is_apart)
        else:
            live.respond(settings)
    except TurnInProgressError as error:
        raise _already_active(is_apart) from error
    finally:
        with narrator.lock:
            replies.expect(None, None)


def cancel(event: ResponseCancel, live: Live, narrator: Narrator) -> None:
    """Raises ProtocolError."""
    replies = narrator.replies
    with narrator.lock:
        apart = replies.apart(event.response_id)
        meant = apart or replies.unfinished()
        if meant is not None and event.response_id not in (None, meant.id):
            meant = None
        is_told = meant is not None and replies.cut_off(meant.turn_id, "client_cancelled")
    is_cancelled = live.cancel_apart(apart.turn_id) if apart else meant and live.cancel()
    if not (is_cancelled or is_told):
        raise ProtocolError(
            "response_cancel_not_active",
            "There is no such response in progress that could be cancelled.",
            "response_id" if event.response_id else None,
        )


def _metadata(given: Any) -> dict[str, str] | None:
    try:
        return _METADATA.validate_python(given)
    except ValidationError as error:
        raise as_protocol_error(error, "response.metadata") from error


def _is_apart(conversation: Any) -> bool:
    if conversation not in (None, "auto", "none"):
        raise ProtocolError(
            "invalid_value",
            "The conversation of a response is auto, which is the session's, or none.",
            "response.conversation",
        )
    return bool(conversation == "none")


def _already_active(is_apart: bool) -> ProtocolError:
    if is_apart:
        return ProtocolError(
            "rate_limit_exceeded",
            "As many responses outside the conversation are in progress as may be; wait for one's "
            "end, or cancel it.",
        )
    return ProtocolError(
        "conversation_already_has_active_response",
        "A response is still in progress; wait for its end, or cancel it.",
    )
