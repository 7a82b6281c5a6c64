"""What is kept of conversations in Redis, and what of it a model is shown."""

import time

from redis import Redis

from assistant.history import Exchange
from workers.conversation_records import visible
from workers.conversation_store import RedisConversations


def store(redis: Redis, turns: int = 5, is_summarised: bool = True) -> RedisConversations:
    return RedisConversations(redis, 3600, turns=turns, is_summarised=is_summarised)


def tell(conversations: RedisConversations, count: int, conversation: str = "c") -> None:
    for turn in range(count):
        exchange = Exchange(f"question {turn}", f"answer {turn}", turn_id=f"{conversation}{turn}")
        conversations.add(conversation, "anna", exchange)


def questions(conversations: RedisConversations, conversation: str = "c") -> list[str]:
    return [exchange.question for exchange in conversations.recall(conversation).exchanges]


def test_without_summaries_the_model_is_shown_the_last_turns_only(redis: Redis) -> None:
    conversations = store(redis, turns=2, is_summarised=False)
    tell(conversations, 4)
    assert questions(conversations) == ["question 2", "question 3"]
    assert questions(store(redis, turns=0, is_summarised=False)) == []
    assert questions(conversations, "unknown") == []


def test_a_turn_that_is_finished_twice_is_kept_once(redis: Redis) -> None:
    conversations = store(redis)
    tell(conversations, 2)
    tell(conversations, 2)
    assert len(conversations.exchanges("c")) == 2


def test_an_exchange_that_was_not_heard_to_its_end_is_amended_in_its_place(redis: Redis) -> None:
    conversations = store(redis, turns=2)
    tell(conversations, 4)
    known = conversations.unsummarised("c")
    assert known and conversations.summarise("c", known.version, "We count.", 2, "Known.")
    before = conversations.exchanges("c")
    conversations.amend("c", "c2", "ans…")
    conversations.amend("c", "of another conversation", "ans…")
    conversations.amend("unknown", "c2", "ans…")
    after = conversations.exchanges("c")
    assert [exchange.answer for exchange in after] == ["answer 0", "answer 1", "ans…", "answer 3"]
    assert [exchange.at for exchange in after] == [exchange.at for exchange in before]
    recollection = conversations.recall("c")
    assert (recollection.summary, recollection.preamble) == ("We count.", "Known.")
    tell(conversations, 3)
    assert conversations.exchanges("c") == after, "the reply that comes late changes nothing"


def test_a_summary_stands_for_the_turns_that_it_was_made_of(redis: Redis) -> None:
    conversations = store(redis, turns=2)
    tell(conversations, 5)
    known = conversations.unsummarised("c")
    assert known and len(known.exchanges) == 5
    assert conversations.summarise("c", known.version, "We counted to 2.", 3, "Known: 2.")
    recollection = conversations.recall("c")
    assert (recollection.summary, recollection.preamble) == ("We counted to 2.", "Known: 2.")
    assert questions(conversations) == ["question 3", "question 4"]


def test_a_window_whose_summary_is_late_does_not_grow_for_ever(redis: Redis) -> None:
    conversations = store(redis, turns=2)
    tell(conversations, 20)
    assert questions(conversations) == [f"question {turn}" for turn in range(14, 20)]


def test_a_summary_of_what_was_forgotten_meanwhile_is_dropped(redis: Redis) -> None:
    conversations = store(redis, turns=2)
    tell(conversations, 5)
    known = conversations.unsummarised("c")
    assert known
    conversations.forget("anna", lambda text: "1" in text)
    assert not conversations.summarise("c", known.version, "about question 1", 3, "")
    assert conversations.recall("c").summary == ""


def test_what_is_forgotten_is_hidden_from_the_model_and_its_summary_is_made_anew(
    redis: Redis,
) -> None:
    conversations = store(redis, turns=2)
    tell(conversations, 5)
    tell(conversations, 2, "other")
    known = conversations.unsummarised("c")
    assert known and conversations.summarise("c", known.version, "about question 1", 3, "p")
    conversations.forget("anna", lambda text: "question 1" in text)
    assert conversations.recall("c").preamble is None
    assert "question 1" not in questions(conversations)
    assert questions(conversations, "other") == ["question 0"]
    known = conversations.unsummarised("c")
    assert known and (known.summary, known.summarised) == ("", 0)
    assert [exchange.question for exchange in visible(known, known.exchanges)] == [
        "question 0",
        "question 2",
        "question 3",
        "question 4",
    ]
    assert len(conversations.exchanges("c")) == 5, "the user still sees what was said"


def test_what_no_model_should_imitate_is_kept_for_the_user_only(redis: Redis) -> None:
    conversations = store(redis)
    for source in ("refusal", "fallback", "memory", "care", "budget"):
        conversations.add("c", "anna", Exchange("q", "a", turn_id=source, source=source))
    assert questions(conversations) == []
    assert len(conversations.exchanges("c")) == 5


def test_a_preamble_stays_until_it_is_renewed(redis: Redis) -> None:
    conversations = store(redis)
    tell(conversations, 1)
    conversations.set_preamble("c", "first")
    conversations.set_preamble("c", "second")
    assert conversations.recall("c").preamble == "first"
    conversations.renew_preambles("anna")
    assert conversations.recall("c").preamble is None


def test_conversations_are_listed_by_their_last_turn_renamed_and_deleted(redis: Redis) -> None:
    conversations = store(redis)
    conversations.add("a", "anna", Exchange("Hello  there\nyou", "Hi", turn_id="1", at=1e9 + 1))
    conversations.add("b", "anna", Exchange("Long " * 40, "Hi", turn_id="2", at=time.time()))
    conversations.add("x", "bob", Exchange("Bob's", "Hi", turn_id="3"))
    conversations.add("a", "anna", Exchange("Again", "Hi", turn_id="4", at=time.time() + 1))
    listed = conversations.latest("anna")
    assert [(item.id, item.turns) for item in listed] == [("a", 2), ("b", 1)]
    assert listed[0].title == "Hello there you"
    assert len(listed[1].title) == 60 and listed[1].title.endswith("…")
    assert listed[0].created_at == 1e9 + 1
    assert [item.id for item in conversations.latest("anna", start=1, count=1)] == ["b"]
    conversations.rename("a", "Greetings")
    found = conversations.get("a")
    assert found and found.title == "Greetings"
    conversations.delete("a")
    assert [item.id for item in conversations.latest("anna")] == ["b"]
    assert conversations.get("a") is None and conversations.exchanges("a") == []
    assert not [key for key in redis.keys("conversation:*") if b"{a}" in key]


def test_a_conversation_belongs_to_who_began_it(redis: Redis) -> None:
    conversations = store(redis)
    assert conversations.claim("c", "anna")
    assert conversations.claim("c", "anna")
    assert not conversations.claim("c", "bob")
    assert conversations.owner("c") == "anna"


def test_everything_of_a_conversation_expires(redis: Redis) -> None:
    conversations = store(redis)
    tell(conversations, 2)
    conversations.set_preamble("c", "p")
    conversations.forget("anna", lambda text: "1" in text)
    assert all(0 < redis.ttl(key) <= 3600 for key in redis.keys("*"))
