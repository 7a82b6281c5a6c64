"""A real Redis-protocol server for the tests of what is kept in it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from redis import Redis
from redis.exceptions import RedisError

from assistant.events import TurnStarted
from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.llm.scripted import ScriptedModel, Step
from workers.celery_app import app
from workers.readiness import QUEUES
from workers.services import Services
from workers.settings import Settings
from workers.turn_store import TurnRequest

Build = Callable[..., Services]


@pytest.fixture(scope="session")
def redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data_dir = tmp_path_factory.mktemp("data")
    server = subprocess.Popen(
        [sys.executable, "-m", "workers.redis_server"],
        env=os.environ | {"DATA_DIR": str(data_dir)},
        stdout=subprocess.DEVNULL,
    )
    client = Redis(unix_socket_path=str(data_dir / "redis.sock"))
    for _ in range(100):
        try:
            client.ping()
            break
        except RedisError:
            time.sleep(0.05)
    yield data_dir / "redis.sock"
    client.close()
    server.terminate()
    server.wait(10)


@pytest.fixture
def redis(redis_socket: Path) -> Iterator[Redis]:
    with Redis(unix_socket_path=str(redis_socket)) as client:
        client.flushall()
        yield client


@pytest.fixture
def build(redis: Redis, models: Path) -> Build:
    """Make services whose language model plays these scripts, one a reply."""

    def build(*scripts: Sequence[Step], **settings: object) -> Services:
        services = Services(
            Settings(model_dir=models, **{"tools": False, "answer_cache": "off"} | settings)
        )
        services.__dict__["redis"] = redis
        model = ScriptedModel(scripts, name=services.settings.llm_model)
        services.__dict__["language_model"] = ResilientModel([model], RetryPolicy(attempts=1))
        return services

    return build


@contextlib.contextmanager
def queues_in(redis_socket: Path) -> Iterator[None]:
    """Have the tasks of this process sent to that Redis."""
    before = app.conf.broker_url
    _use_broker(f"redis+socket://{redis_socket}")
    yield
    _use_broker(before)


def _use_broker(url: str) -> None:
    app.close()
    app.conf.broker_url = url
    app.amqp._producer_pool = None


Work = Callable[[Services], contextlib.AbstractContextManager[None]]


@pytest.fixture
def work(redis: Redis, redis_socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Have a real Celery worker, in threads of this process, do these services' tasks."""

    @contextlib.contextmanager
    def work(services: Services) -> Iterator[None]:
        monkeypatch.setattr("workers.tasks.load_services", lambda: services)
        with start_worker(
            app,
            concurrency=8,
            pool="threads",
            queues=(*QUEUES, "background"),
            perform_ping_check=False,
            shutdown_timeout=30.0,
        ):
            yield

    with queues_in(redis_socket):
        yield work


def start(
    services: Services, question: str | None = "Hi?", turn_id: str = "t", **fields: object
) -> str:
    request = TurnRequest(conversation_id="c", user_id="anna", question=question, **fields)
    services.turns.put_request(turn_id, request)
    services.order.enter("c", turn_id)
    kind = "text" if question else "voice"
    services.bus.append(
        TurnStarted(turn_id=turn_id, conversation_id="c", kind=kind, question=question)
    )
    return turn_id
