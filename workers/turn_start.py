"""How a turn begins: what the user gave is stored, and the first task is sent."""

import uuid

from assistant.events import TurnStarted
from workers.celery_app import app
from workers.services import Services
from workers.turn_store import TurnRequest


def start_turn(services: Services, request: TurnRequest, upload: bytes | None = None) -> str:
    """Return the id of the new turn; a spoken one brings its `upload`."""
    turn_id = uuid.uuid4().hex
    services.turns.put_request(turn_id, request)
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
