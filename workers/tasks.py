"""The Celery tasks: thin wrappers that carry a turn from stage to stage."""

import contextlib
import logging
from collections.abc import Callable, Iterator

from celery import Task
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from assistant.errors import AssistantError, GenerationCancelledError, LanguageModelError
from assistant.events import TurnRestarted
from speech.errors import SpeechError, SynthesisCancelledError
from workers import background, hearing, mcp_requests, transcription, turn, turn_control
from workers.celery_app import app
from workers.lease import TTL_S, lease
from workers.services import Services, load_services
from workers.turn_order import is_next, let_next_go

log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 3
"""After so many lost workers the turn is given up: it may be what kills them."""

_ORDER_CHECK_S = 5.0
_SLOT_RETRY_S = 3.0
_BACKGROUND_RETRY_S = 3.0
_BACKGROUND_RETRIES = 1200
"""An hour; what is left then is made up for after a later turn."""

_RIDE_OUT_REDIS = {
    "autoretry_for": (RedisConnectionError, RedisTimeoutError),
    "retry_backoff": True,
    "retry_backoff_max": 10,
    "max_retries": None,
}


@app.task(bind=True, **_RIDE_OUT_REDIS)
def transcribe(self: Task, turn_id: str) -> None:
    with _stage(self, turn_id, "transcribe") as services:
        if services:
            transcription.transcribe(services, turn_id, reply.delay, transcribe_recording.delay)
    _let_next_go(turn_id)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def transcribe_recording(self: Task, turn_id: str) -> None:
    # It takes longer than the visibility timeout, so that copies of it come by.
    if not transcription.finish_if_heard(load_services(), turn_id, reply.delay):
        with transcription.slot() as is_free:
            if not is_free:
                raise self.retry(countdown=_SLOT_RETRY_S, max_retries=None)
            with _stage(self, turn_id, "transcribe:recording") as services:
                if services:
                    transcription.transcribe_recording(services, turn_id, reply.delay)
    _let_next_go(turn_id)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def reply(self: Task, turn_id: str) -> None:
    if not turn_control.may_reply(load_services(), turn_id):
        return  # Whoever decides otherwise sends this task again.
    if not is_next(load_services(), turn_id):
        # The turn before sends this task again when its reply is written; should its worker be
        # lost just then, this copy sees to it.
        raise self.retry(countdown=_ORDER_CHECK_S, max_retries=None)
    if not turn.finish_if_written(load_services(), turn_id):
        with _stage(self, turn_id, "reply") as services:
            if services:
                turn.reply(services, turn_id, speak.delay)
        for task, argument in background.work_after(load_services(), turn_id):
            app.send_task(f"workers.tasks.{task}", [argument])
    _let_next_go(turn_id)


def _let_next_go(turn_id: str) -> None:
    if following := let_next_go(load_services(), turn_id):
        reply.delay(following)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def speak(self: Task, turn_id: str, index: int) -> None:
    services = load_services()
    if not turn_control.goes_on(services, turn_id):
        return
    if turn.finish_if_spoken(services, turn_id, index):
        return
    with _stage(self, turn_id, f"speak:{index}") as ours:
        if ours:
            turn.speak(services, turn_id, index)


@app.task(acks_late=False)
def caption(utterance_id: str, sequence: int) -> None:
    hearing.caption(load_services(), utterance_id, sequence)


@app.task(acks_late=False)
def read_ahead(utterance_id: str, sequence: int) -> None:
    hearing.read_ahead(load_services(), utterance_id, sequence)


@app.task(acks_late=False)
def ask_mcp_server(request_id: str) -> None:
    mcp_requests.answer(load_services(), request_id)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def learn(self: Task, turn_id: str) -> None:
    _in_background(self, background.learn, turn_id)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def prepare(self: Task, conversation_id: str) -> None:
    _in_background(self, background.prepare, conversation_id)


@app.task(bind=True, **_RIDE_OUT_REDIS)
def judge(self: Task, what: str) -> None:
    _in_background(self, background.judge, what)


def _in_background(task: Task, work: Callable[[Services, str], None], argument: str) -> None:
    """Do it while nobody waits for an answer, and once at a time; else come back later."""
    services = load_services()
    with lease(services.redis, f"{work.__name__}:{argument}") as is_ours:
        if is_ours and not services.foreground.needs_machine():
            try:
                work(services, argument)
                return
            except GenerationCancelledError:
                pass
            except LanguageModelError as error:
                log.warning("%s is put off: %s", work.__name__, error)
    raise task.retry(countdown=_BACKGROUND_RETRY_S, max_retries=_BACKGROUND_RETRIES)


@contextlib.contextmanager
def _stage(task: Task, turn_id: str, stage: str) -> Iterator[Services | None]:
    """Hold the stage's lease, and see to it that whatever goes wrong ends the turn.

    Yields None where another worker runs the stage just now: this copy of the task comes back
    later, to find the work done or its worker dead.
    """
    services = load_services()
    is_stopped = False
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
        except (GenerationCancelledError, SynthesisCancelledError):
            services.turns.take_back_attempt(turn_id, stage)
            is_stopped = True
        except (AssistantError, SpeechError) as error:
            turn.fail(services, turn_id, error.code, str(error), error.is_retryable)
        except (RedisConnectionError, RedisTimeoutError):
            raise  # Celery tries again.
        except Exception:
            log.exception("turn %s failed in stage %s", turn_id, stage)
            turn.fail(services, turn_id, "internal", "Something went wrong on our side.")
    if is_stopped and turn_control.goes_on(services, turn_id):
        # Released in this very moment: the task that was sent for it may have met our lease.
        raise task.retry(countdown=0, max_retries=None)
