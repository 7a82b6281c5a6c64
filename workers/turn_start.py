"""How a turn begins: what the user gave is stored, and the first task is sent."""

import time
import uuid

from assistant.events import ReplyDelta, ReplyReady, SpeechQueued, TurnStarted
from assistant.history import Exchange
from workers.celery_app import app
from workers.reminders import DueReminder
from workers.services import Services
from workers.spoken_text import SpokenText
from workers.turn_control import stop
from workers.turn_order import enter
from workers.turn_store import TranscriptionWish, TurnRequest
from workers.turn_succession import TurnKind

PROVISIONAL_S = 15.0
"""Longer than any pause after which a turn is taken to be over; shorter than the visibility timeout
of tasks, as one of them sees to it."""


def start_turn(
    services: Services,
    request: TurnRequest,
    upload: bytes | None = None,
    *,
    is_provisional: bool = False,
) -> str:
    """Return the id of the new turn; a spoken one brings its `upload`.

    What it replaces is superseded, and what of that still runs is stopped.

    A provisional one is only heard until `turn_control` says more, and is cancelled where it says
    nothing for `PROVISIONAL_S`.
    """
    turn_id = uuid.uuid4().hex
    services.turns.put_request(turn_id, request)
    services.foreground.enter(turn_id)
    if is_provisional:
        services.turns.decide(turn_id, provisional_until=time.time() + PROVISIONAL_S, replies=0)
    if upload is not None:
        services.turns.put_upload(turn_id, upload)
    kind: TurnKind = "text" if upload is None else "voice"
    services.bus.append(
        TurnStarted(
            turn_id=turn_id,
            conversation_id=request.conversation_id,
            kind=kind,
            question=request.question,
        )
    )
    if not is_provisional:
        superseded = enter(services, request, turn_id, kind)
        # The last first: as one ends, the next would begin.
        for other in reversed(services.bus.unfinished(superseded)):
            stop(services, other)
    # By name: importing the tasks would load what they compute with.
    if upload is not None:
        app.send_task("workers.tasks.transcribe", [turn_id])
    elif not is_provisional:
        app.send_task("workers.tasks.reply", [turn_id])
    if is_provisional:
        # Whoever began it may be lost: this task then ends the turn.
        app.send_task("workers.tasks.reply", [turn_id], countdown=PROVISIONAL_S + 1)
    return turn_id


def transcribe_upload(
    services: Services,
    upload: bytes,
    language: str | None = None,
    wish: TranscriptionWish | None = None,
) -> str:
    """Begin a turn outside every conversation that only writes down `upload`; return its id.

    Its end is `TurnFinished`, and its `TranscriptReady` has the text.
    """
    request = TurnRequest(
        conversation_id="",
        user_id="",
        answer="never",
        speak=False,
        language=language,
        transcription=wish or TranscriptionWish(),
    )
    return start_turn(services, request, upload)


def speak_text(services: Services, text: str, request: TurnRequest) -> str:
    """Begin a turn outside every conversation whose reply is this text, and return its id."""
    spoken = SpokenText(services, request)
    turn_id = spoken.begin()
    spoken.add(text)
    spoken.end()
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
    services.conversations.succession.begin(
        reminder.conversation_id, turn_id, "reminder", time.time()
    )
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
