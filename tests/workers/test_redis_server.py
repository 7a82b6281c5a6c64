import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError


def start(data_dir: Path) -> tuple[subprocess.Popen[bytes], Redis]:
    server = subprocess.Popen(
        [sys.executable, "-m", "workers.redis_server"],
        env=os.environ | {"DATA_DIR": str(data_dir)},
        stdout=subprocess.DEVNULL,
    )
    client = Redis(unix_socket_path=str(data_dir / "redis.sock"))
    for _ in range(200):
        try:
            client.ping()
            return server, client
        except RedisError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def test_it_is_open_to_this_user_only_and_to_no_network(tmp_path: Path) -> None:
    server, client = start(tmp_path)
    try:
        assert stat.S_IMODE((tmp_path / "redis.sock").stat().st_mode) == 0o700
        assert client.config_get("port") == {"port": "0"}
    finally:
        client.close()
        server.terminate()
        assert server.wait(5) == 0


def test_killed_it_has_lost_nothing(tmp_path: Path) -> None:
    server, client = start(tmp_path)
    for number in range(100):
        client.xadd("events", {"number": number})
    server.send_signal(signal.SIGKILL)
    server.wait(5)
    client.close()

    server, client = start(tmp_path)
    assert client.xlen("events") == 100
    client.close()
    server.terminate()
    server.wait(5)
