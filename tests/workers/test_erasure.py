"""What a user deletes is gone."""

import time
from concurrent.futures import ThreadPoolExecutor

from assistant.events import TurnCancelled, TurnFinished
from tests.workers.conftest import Build, Work
from tests.workers.test_replacing import ask, end, until_written
from workers.erasure import delete_conversation


def test_a_deleted_conversation_leaves_nothing_though_a_turn_of_it_was_running(
    build: Build, work: Work
) -> None:
    slowly = [step for number in range(20) for step in (f"Sentence {number}. ", 0.1)]
    services = build(["One."], slowly, content_checks=False, llm_base_url="http://model.invalid/v1")
    with work(services):
        done = ask(services, "My cat is called Biscuit.")
        assert isinstance(end(services, done), TurnFinished)
        services.conversations.ratings.put("c", done, "up", "Lovely")
        writing = ask(services, "And?", replaces=done)
        running = ask(services, "What is its name?")
        until_written(services, writing)
        follower = services.bus.follow(running, timeout_s=20, ping_s=1.0)
        assert next(follower)
        delete_conversation(services, "c")
    assert services.order.first("c") is None
    assert services.conversations.latest("anna") == []
    assert services.conversations.exchanges("c") == []
    assert services.conversations.ratings.of("c") == {}
    assert services.turns.request(running) is None
    left = b" ".join(
        services.redis.dump(key) or b""
        for key in services.redis.keys("*")
        if b"usage" not in key and b"celery" not in key
    )
    assert b"Biscuit" not in left and b"Lovely" not in left
    assert services.conversations.owner("c") is None


def test_who_follows_a_running_turn_hears_that_it_was_cancelled(build: Build, work: Work) -> None:
    services = build([5.0, "Never."], content_checks=False)
    with work(services), ThreadPoolExecutor() as pool:
        running = ask(services, "What?")
        last = pool.submit(end, services, running)
        time.sleep(0.3)
        delete_conversation(services, "c")
        assert isinstance(last.result(), TurnCancelled)
    assert services.bus.events(running) == []
