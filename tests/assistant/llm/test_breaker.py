"""When a circuit breaker opens, and whom it lets through."""

import time
from concurrent.futures import ThreadPoolExecutor

from assistant.llm.breaker import CircuitBreaker


def test_it_opens_after_failures_in_a_row_only():
    breaker = CircuitBreaker("m", failures=2, reset_s=60.0)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.admits() and not breaker.is_open
    breaker.failed()
    assert breaker.is_open and not breaker.admits()


def test_half_open_it_admits_one_probe_of_many_callers_and_a_success_closes_it():
    breaker = CircuitBreaker("m", failures=1, reset_s=0.2)
    breaker.failed()
    time.sleep(0.25)
    with ThreadPoolExecutor(16) as callers:
        admitted = list(callers.map(lambda _: breaker.admits(), range(64)))
    assert sum(admitted) == 1
    breaker.succeeded()
    assert all(breaker.admits() for _ in range(8))


def test_a_probe_that_fails_or_never_reports_is_followed_by_another_after_the_pause():
    breaker = CircuitBreaker("m", failures=1, reset_s=0.1)
    breaker.failed()
    time.sleep(0.12)
    assert breaker.admits()  # Its caller left.
    assert not breaker.admits()
    time.sleep(0.12)
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
