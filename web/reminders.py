"""What the user asked to be reminded of, and the turns in which the assistant speaks up."""

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request

from web.context import services
from web.errors import ProblemError
from web.identity import guest
from web.turns import is_event_id
from workers.event_bus import FIRST

blueprint = Blueprint("reminders", __name__, url_prefix="/api")


@blueprint.get("/reminders")
def pending() -> Response:
    return jsonify(
        reminders=[
            {"id": reminder.id, "at": reminder.at.isoformat(), "text": reminder.text}
            for reminder in services().reminders.pending(guest())
        ]
    )


@blueprint.delete("/reminders/<reminder_id>")
def cancel(reminder_id: str) -> tuple[str, int]:
    services().tool_effects.cancel_reminder(guest(), reminder_id)
    return "", 204


@blueprint.get("/announcements")
def announcements() -> Response:
    """Server-sent events, each with the id of a turn that the assistant began by itself."""
    last = request.headers.get("Last-Event-ID") or request.args.get("last_event_id") or FIRST
    if not is_event_id(last):
        raise ProblemError("request_invalid", "Last-Event-ID is not the id of an event.")
    response = Response(_lines(guest(), last), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _lines(user_id: str, after: str) -> Iterator[str]:
    # Flask's context ends with the view; what is needed of it is bound here.
    follow = services().announcements.follow(user_id, after)

    def lines() -> Iterator[str]:
        yield "retry: 2000\n\n"
        for announcement in follow:
            if announcement is None:
                yield ": still here\n\n"
            else:
                event_id, turn_id = announcement
                yield f'id: {event_id}\nevent: turn\ndata: {{"turn_id": "{turn_id}"}}\n\n'

    return lines()
