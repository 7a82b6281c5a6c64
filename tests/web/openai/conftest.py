"""The whole way of a chat but for its model, which plays what a test wrote down."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from flask import Flask
from openai import OpenAI
from redis import Redis
from werkzeug.serving import make_server

from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.llm.scripted import ScriptedModel, Step
from tests.workers.conftest import queues_in, redis_socket  # noqa: F401
from web.app import create_app
from workers.celery_app import app as celery
from workers.readiness import QUEUES
from workers.services import Services
from workers.settings import Settings


@contextlib.contextmanager
def served(app: Flask) -> Iterator[str]:
    """Yield the address at which the application answers."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def web_app(redis: Redis, settings: Settings) -> tuple[Flask, Services]:
    app = create_app(settings)
    services: Services = app.extensions["services"]
    services.__dict__["redis"] = redis
    return app, services


@dataclass
class Chat:
    client: OpenAI
    url: str
    services: Services

    def play(self, *scripts: Sequence[Step]) -> ScriptedModel:
        """Have the next replies be these."""
        model = ScriptedModel(scripts, name=self.services.settings.llm_model)
        self.services.language_model._chain = ResilientModel([model], RetryPolicy())._chain
        return model


@pytest.fixture(scope="module")
def chat(redis_socket: Path, models: Path) -> Iterator[Chat]:  # noqa: F811
    settings = Settings(
        model_dir=models,
        answer_cache="off",
        check_classifier="off",
        tool_choice="patterns",
        llm_attempts=1,
    )
    with (
        queues_in(redis_socket),
        Redis(unix_socket_path=str(redis_socket)) as redis,
        pytest.MonkeyPatch.context() as patch,
    ):
        redis.flushall()
        app, services = web_app(redis, settings)
        patch.setattr("workers.tasks.load_services", lambda: services)
        with (
            served(app) as url,
            start_worker(
                celery,
                concurrency=8,
                pool="threads",
                queues=QUEUES,
                perform_ping_check=False,
                shutdown_timeout=30.0,
            ),
            OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client,
        ):
            yield Chat(client, url, services)
