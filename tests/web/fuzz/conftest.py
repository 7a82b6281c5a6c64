"""The whole application over a real Redis and a real Celery worker, whose models cost no time."""

import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from celery.contrib.testing.worker import start_worker
from redis import Redis

from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.llm.scripted import ScriptedModel
from speech.asr.base import DecodingOptions, Hypothesis
from speech.audio import Audio, Samples
from speech.tts.base import Voice
from tests.web.fuzz.application import APP
from tests.workers.conftest import queues_in, redis_socket  # noqa: F401
from workers.announcements import Announcements
from workers.celery_app import app as celery
from workers.readiness import QUEUES
from workers.services import Services


class QuickVoices:
    name = "quick"

    def synthesize(
        self,
        text: str,
        voice: Voice,
        language: str,
        speed: float,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Audio:
        return Audio(np.full(2400, 0.1, dtype=np.float32), 24_000)


class QuickListener:
    name = "quick"

    def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        return Hypothesis(
            text=" Hello.",
            language=options.language or "en",
            language_probability=1.0,
            avg_logprob=-0.1,
            no_speech_prob=0.0,
            is_complete=True,
        )


def with_quick_models(services: Services) -> None:
    model = ScriptedModel(itertools.repeat(["Hello."]), name=services.settings.llm_model)
    services.__dict__["language_model"] = ResilientModel([model], RetryPolicy(attempts=1))
    services.__dict__["recognizer"] = QuickListener()
    services._synthesizers = {name: QuickVoices() for name in ("piper", "kokoro", "pyttsx3")}


@pytest.fixture(scope="module", autouse=True)
def _workers(redis_socket: Path) -> Iterator[None]:  # noqa: F811
    services: Services = APP.extensions["services"]
    with_quick_models(services)
    with (
        Redis(unix_socket_path=str(redis_socket)) as redis,
        queues_in(redis_socket),
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        redis.flushall()
        services.__dict__["redis"] = redis
        monkeypatch.setattr("workers.tasks.load_services", lambda: services)
        monkeypatch.setattr(
            Announcements, "follow", functools.partialmethod(Announcements.follow, ping_s=0.05)
        )
        with start_worker(
            celery,
            concurrency=8,
            pool="threads",
            queues=(*QUEUES, "background"),
            perform_ping_check=False,
            shutdown_timeout=30.0,
        ):
            yield
