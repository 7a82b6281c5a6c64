"""The Celery tasks: thin wrappers that carry a turn from stage to stage."""

import contextlib
import logging
from collections.abc import Iterator

from celery import Task
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from assistant.errors import AssistantError
from assistant.events import TurnRestarted
from speech.errors import SpeechError
from workers import turn
from workers.celery_app import app
from workers.lease import TTL_S, lease
from workers.services import Services, load_services

log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 3
"""After so many lost workers the turn is given up: it may be what kills them."""

_RIDE_OUT_REDIS = {
    "autoretry_for": (RedisConnectionError, RedisTimeoutError),
    "retry_backoff": True,
    "retry_backoff_max": 10,
    "max_retries": None,
}


@app.task(bind=True, **_RIDE_OUT_REDIS)
def transcribe(self: Task, turn_id: str) -> None:
    with _stage(self, turn_id, "transcribe") as services:
        if services and turn.transcribe(services, turn_id):
            reply.delay(turn_id)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def reply(self: Task, turn_id: str) -> None:
    with _stage(self, turn_id, "reply") as services:
        if services:
            turn.reply(services, turn_id, speak.delay)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def speak(self: Task, turn_id: str, index: int) -> None:
    with _stage(self, turn_id, f"speak:{index}") as services:
        if services:
            turn.speak(services, turn_id, index)


@contextlib.contextmanager
def _stage(task: Task, turn_id: str, stage: str) -> Iterator[Services | None]:
    """Hold the stage's lease, and see to it that whatever goes wrong ends the turn.

    Yields None where another worker runs the stage just now: this copy of the task comes back
    later, to find the work done or its worker dead.
    """
    services = load_services()
    with lease(services.redis, f"{turn_id}:{stage}") as is_ours:
        if not is_ours:
            # Outside the handlers below: Celery's retry is an exception, and not an error.
            raise task.retry(countdown=TTL_S, max_retries=None)
        try:
            attempt = services.turns.count_attempt(turn_id, stage)
            if attempt > _MAX_ATTEMPTS:
                turn.fail(services, turn_id, "internal", "This turn failed again and again.")
                yield None
                return
            if attempt > 1:
                services.bus.append(TurnRestarted(turn_id=turn_id, stage=stage.split(":")[0]))
            yield services
        except (AssistantError, SpeechError) as error:
            turn.fail(services, turn_id, error.code, str(error), error.is_retryable)
        except (RedisConnectionError, RedisTimeoutError):
            raise  # Celery tries again.
        except Exception:
            log.exception("turn %s failed in stage %s", turn_id, stage)
            turn.fail(services, turn_id, "internal", "Something went wrong on our side.")
