"""How a turn begins: what the user gave is stored, and the first task is sent."""

import time
import uuid

from assistant.events import ReplyDelta, ReplyReady, SpeechQueued, TurnStarted
from assistant.history import Exchange
from workers.celery_app import app
from workers.reminders import DueReminder
from workers.services import Services
from workers.turn_store import TurnRequest


def start_turn(services: Services, request: TurnRequest, upload: bytes | None = None) -> str:
    """Return the id of the new turn; a spoken one brings its `upload`."""
    turn_id = uuid.uuid4().hex
    services.turns.put_request(turn_id, request)
    services.foreground.enter(turn_id)
    services.order.enter(request.conversation_id, turn_id)
    if upload is not None:
        services.turns.put_upload(turn_id, upload)
    services.bus.append(
        TurnStarted(
            turn_id=turn_id,
            conversation_id=request.conversation_id,
            kind="text" if upload is None else "voice",
            question=request.question,
        )
    )
    # By name: importing the tasks would load what they compute with.
    app.send_task(
        "workers.tasks.reply" if upload is None else "workers.tasks.transcribe", [turn_id]
    )
    return turn_id


def speak_up(services: Services, reminder: DueReminder) -> None:
    """Begin a turn by ourselves, whose id comes from the reminder; a second time changes nothing.

    Its reply is known, and only has to be spoken.
    """
    turn_id, text = reminder.turn_id, reminder.text
    services.turns.put_request(
        turn_id,
        TurnRequest(conversation_id=reminder.conversation_id, user_id=reminder.user_id),
    )
    started = TurnStarted(
        turn_id=turn_id, conversation_id=reminder.conversation_id, kind="reminder"
    )
    is_new = services.bus.append(started, once="started")
    services.bus.append(ReplyDelta(turn_id=turn_id, text=text, source="tool"), once="delta")
    piece = SpeechQueued(turn_id=turn_id, index=0, text=text, language=reminder.language)
    services.bus.append(piece, once="piece:0")
    services.bus.append(ReplyReady(turn_id=turn_id, text=text, source="tool"), once="reply")
    services.conversations.add(
        reminder.conversation_id,
        reminder.user_id,
        Exchange("", text, turn_id=turn_id, source="tool", at=time.time()),
    )
    app.send_task("workers.tasks.speak", [turn_id, 0])
    if is_new:
        services.announcements.announce(reminder.user_id, turn_id)
