"""Who is served first at a queue."""

from pathlib import Path

from kombu.simple import SimpleQueue
from redis import Redis

from tests.workers.conftest import queues_in
from workers.celery_app import app


def test_who_hears_nothing_yet_is_spoken_to_before_who_hears_a_reply_already(
    redis: Redis, redis_socket: Path
) -> None:
    with queues_in(redis_socket):
        for turn_id, index in (("earlier", 1), ("earlier", 2), ("later", 0)):
            app.send_task("workers.tasks.speak", [turn_id, index])

        with app.connection_for_read() as connection, SimpleQueue(connection, "tts") as queue:
            messages = [queue.get(timeout=5) for _ in range(3)]
            order = [tuple(message.payload[0]) for message in messages]
            for message in messages:
                message.ack()

    assert order == [("later", 0), ("earlier", 1), ("earlier", 2)]
