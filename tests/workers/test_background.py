"""What is done while nobody waits, and that it stops when somebody does."""

import pytest

from assistant.errors import GenerationCancelledError
from assistant.events import ReplyReady
from assistant.history import Exchange
from tests.workers.conftest import Build, start
from workers import background, turn
from workers.services import Services


def talk(services: Services, turns: int) -> None:
    for number in range(turns):
        exchange = Exchange(f"What about {number}?", f"Fact {number}.", turn_id=f"old{number}")
        services.conversations.add("c", "anna", exchange)


def work(services: Services, turn_id: str) -> list[tuple[str, str]]:
    services.bus.append(ReplyReady(turn_id=turn_id, text="Yes.", source="model"), once="reply")
    return background.work_after(services, turn_id)


def test_after_an_ordinary_turn_the_next_prompt_is_read(build: Build) -> None:
    services = build(["x"])
    talk(services, 1)
    start(services, "What is the capital of France?")
    assert work(services, "t") == [("prepare", "c")]
    background.prepare(services, "c")
    (link,) = services.language_model._chain
    assert [message.content for message in link.model.prompts[0][1:]] == [
        "What about 0?",
        "Fact 0.",
        "",
    ]


def test_what_users_say_about_themselves_is_learned_and_reaches_the_next_conversation(
    build: Build,
) -> None:
    services = build()
    start(services, "By the way, I'm vegetarian.")
    assert ("learn", "t") in work(services, "t")
    background.learn(services, "t")
    (fact,) = services.profiles.get("anna").facts
    assert ("vegetarian" in fact.text, fact.turn_id) == (True, "t")


def test_what_was_forgotten_while_it_was_on_its_way_does_not_come_back(build: Build) -> None:
    services = build(["Done."])
    start(services, "By the way, I'm vegetarian.")
    start(services, "Forget that I am vegetarian.", "u", speak=False)
    turn.reply(services, "u", lambda *_: None)
    background.learn(services, "t")
    assert services.profiles.get("anna").facts == ()


def test_older_turns_are_folded_and_the_new_prompt_is_read_before_it_is_used(
    build: Build,
) -> None:
    services = build(['{"topics": ["numbers"]}'], ["x"], ["x"], history_turns=2)
    talk(services, 4)
    start(services, "And now?")
    assert ("prepare", "c") in work(services, "t")
    background.prepare(services, "c")
    recollection = services.conversations.recall("c")
    assert recollection.summary
    assert [exchange.question for exchange in recollection.exchanges] == [
        "What about 2?",
        "What about 3?",
    ]
    (link,) = services.language_model._chain
    read = link.model.prompts[1]
    assert recollection.preamble and recollection.preamble in read[0].content
    assert [message.content for message in read[1:3]] == ["What about 2?", "Fact 2."]


def test_work_stops_when_somebody_begins_a_turn_and_changes_nothing(build: Build) -> None:
    services = build(['{"topics": ["numbers"]}'], ["x"], history_turns=2)
    talk(services, 4)
    before = services.conversations.unsummarised("c")
    services.foreground.enter("somebody")
    with pytest.raises(GenerationCancelledError):
        background.prepare(services, "c")
    assert services.conversations.unsummarised("c") == before


def test_without_summaries_nothing_is_folded(build: Build) -> None:
    services = build(["x"], history_turns=2, summary=False)
    talk(services, 9)
    background.prepare(services, "c")
    assert services.conversations.recall("c").summary == ""


def test_nothing_is_read_ahead_where_tokens_may_cost_money(build: Build) -> None:
    services = build(llm_base_url="http://model.test/v1")
    talk(services, 1)
    start(services, "What is the capital of France?")
    assert work(services, "t") == []
