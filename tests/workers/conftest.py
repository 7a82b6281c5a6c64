"""A real Redis-protocol server for the tests of what is kept in it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError


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
