import time

import pytest
from redis import Redis

from workers import lease as lease_module
from workers.lease import lease


def test_only_one_worker_holds_a_lease(redis: Redis) -> None:
    with lease(redis, "t:reply") as first, lease(redis, "t:reply") as second:
        assert first
        assert not second
    with lease(redis, "t:reply") as third:
        assert third


def test_a_slow_worker_keeps_its_lease_and_a_dead_one_loses_it(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "TTL_S", 2.0)
    monkeypatch.setattr(lease_module, "_RENEW_S", 0.1)
    with lease(redis, "t:reply"):
        time.sleep(3.0)
        with lease(redis, "t:reply") as other:
            assert not other
    redis.set("lease:t:reply", "of a worker that is gone", px=300)
    time.sleep(0.5)
    with lease(redis, "t:reply") as other:
        assert other
