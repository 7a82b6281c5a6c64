"""The Celery application: one queue a stage, tasks that survive their worker."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, worker_shutdown

from workers.settings import load_settings

log = logging.getLogger(__name__)

_LATER = 3
"""Of Redis' priorities, where 0, the first, is what a task has."""


def _first_sounds_first(
    name: str, args: Sequence[Any], *_: object, **__: object
) -> dict[str, Any] | None:
    """Whoever hears a reply already can wait for more of it; who hears nothing yet cannot."""
    if name != "workers.tasks.speak":
        return None
    return {"queue": "tts", "priority": _LATER if args[1] > 0 else 0}


app = Celery("voice-assistant", include=["workers.tasks"])
app.conf.update(
    broker_url=load_settings().broker_url,
    broker_connection_retry_on_startup=True,
    task_routes=(
        _first_sounds_first,
        {
            "workers.tasks.transcribe": {"queue": "asr"},
            "workers.tasks.transcribe_recording": {"queue": "asr", "priority": _LATER},
            "workers.tasks.reply": {"queue": "chat"},
            "workers.tasks.caption": {"queue": "asr"},
            "workers.tasks.read_ahead": {"queue": "chat"},
            "workers.tasks.ask_mcp_server": {"queue": "chat"},
            "workers.tasks.*": {"queue": "background"},
        },
    ),
    # Results are events in the turn's stream, which also halves the round trip (2.3 ms to 5.2).
    task_ignore_result=True,
    # A task is taken off the queue when it is done, not when it begins: a lost worker loses none.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_transport_options={
        # After this a task goes to another worker; leases (workers.lease) keep a slow task from
        # running twice. kombu sweeps for such tasks every interval x throttle seconds.
        "visibility_timeout": 20,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    },
)


_stopping = threading.Event()


@celeryd_after_setup.connect
def _warm_up(sender: str, **_: object) -> None:
    # Imported here: web uses this module to send tasks, and must not load the models' libraries.
    from workers.services import load_services
    from workers.warm_up import warm_up

    try:
        warm_up(load_services(), sender, list(app.amqp.queues.consume_from), _stopping)
    except Exception as error:
        # Celery would go on with a worker that has no model.
        log.exception("this worker cannot be made ready")
        raise SystemExit(1) from error


@worker_shutdown.connect
def _withdraw(**_: object) -> None:
    _stopping.set()
