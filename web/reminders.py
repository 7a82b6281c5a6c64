"""What the user asked to be reminded of, and the turns in which the assistant speaks up."""

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify

from web.answers import Described, Time
from web.context import services
from web.identity import guest
from web.openapi import Events, operation
from web.turns import EventPlace, last_event_id

blueprint = Blueprint("reminders", __name__, url_prefix="/api")


class ReminderAnswer(Described):
    id: str
    at: Time
    text: str


class RemindersAnswer(Described):
    reminders: list[ReminderAnswer]


class Announcement(Described):
    """The assistant has begun a turn by itself."""

    turn_id: str


@blueprint.get("/reminders")
@operation({200: RemindersAnswer}, errors=("guest_unknown",))
def pending() -> Response:
    """List the reminders that are still to come."""
    answer = RemindersAnswer(
        reminders=[
            ReminderAnswer(id=reminder.id, at=reminder.at.isoformat(), text=reminder.text)
            for reminder in services().reminders.pending(guest())
        ]
    )
    return jsonify(answer.model_dump())


@blueprint.delete("/reminders/<reminder_id>")
@operation({204: None}, errors=("guest_unknown",))
def cancel(reminder_id: str) -> tuple[str, int]:
    """Cancel a reminder; one that is gone already changes nothing."""
    services().tool_effects.cancel_reminder(guest(), reminder_id)
    return "", 204


@blueprint.get("/announcements")
@operation(
    {200: Events(Announcement)}, query=EventPlace, headers=EventPlace, errors=("guest_unknown",)
)
def announcements() -> Response:
    """Follow the turns that the assistant begins by itself; the stream has no end."""
    response = Response(_lines(guest(), last_event_id()), mimetype="text/event-stream")
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
                data = Announcement(turn_id=turn_id).model_dump_json()
                yield f"id: {event_id}\nevent: turn\ndata: {data}\n\n"

    return lines()
