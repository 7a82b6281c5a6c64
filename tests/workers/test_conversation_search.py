"""Finding what was said, in both languages."""

import re

import pytest
from redis import Redis

from assistant.history import Exchange
from workers import conversation_search
from workers.conversation_search import Hit, Match, search, snippet
from workers.conversation_store import RedisConversations


@pytest.fixture
def conversations(redis: Redis) -> RedisConversations:
    return RedisConversations(redis, 3600, turns=5, is_summarised=True)


def say(conversations: RedisConversations, conversation: str, *texts: tuple[str, str]) -> None:
    for number, (question, answer) in enumerate(texts):
        exchange = Exchange(question, answer, turn_id=f"{conversation}{number}")
        conversations.add(conversation, "anna", exchange)


def find(conversations: RedisConversations, query: str) -> list[tuple[str, Match | None]]:
    hits: list[Hit] = list(search(conversations, "anna", query))
    return [(hit.conversation.id, hit.match) for hit in hits]


def test_titles_and_all_that_was_said_are_searched_without_regard_to_capitals(
    conversations: RedisConversations,
) -> None:
    say(conversations, "a", ("Hello", "Hi."), ("And Paris?", "The Eiffel\nTower is there."))
    say(conversations, "b", ("PARIS in spring", "Lovely."))
    say(conversations, "c", ("Rome", "Old."))
    conversations.add("x", "bob", Exchange("Paris", "His.", turn_id="x"))
    assert find(conversations, "paris") == [
        ("b", None),
        ("a", Match(turn_id="a1", text="And Paris?")),
    ]
    assert find(conversations, "eiffel tower") == [
        ("a", Match(turn_id="a1", text="The Eiffel Tower is there."))
    ]
    assert find(conversations, "tower paris") == [
        ("a", Match(turn_id="a1", text="The Eiffel Tower is there."))
    ], "words may stand in the question and in the answer"
    assert find(conversations, "tower rome") == []
    assert find(conversations, "(.*") == []


def test_chinese_is_found_in_the_middle_of_a_sentence(conversations: RedisConversations) -> None:
    say(
        conversations, "a", ("你好", "你好！"), ("明天天气怎么样？", "北京明天晴，最高气温二十度。")
    )
    assert find(conversations, "最高气温") == [
        ("a", Match(turn_id="a1", text="北京明天晴，最高气温二十度。"))
    ]


def test_what_was_superseded_is_not_found(conversations: RedisConversations) -> None:
    say(conversations, "a", ("Hello", "Hi."))
    conversations.succession.begin("a", "old", "text", 1e9)
    conversations.add("a", "anna", Exchange("Misheard?", "Yes.", turn_id="old"))
    assert len(find(conversations, "misheard")) == 1
    conversations.succession.begin("a", "new", "text", 2e9, "old")
    assert find(conversations, "misheard") == []


def test_a_search_reads_so_many_exchanges_and_no_more(
    conversations: RedisConversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_search, "MAX_EXCHANGES", 3)
    for name in "abcdef":
        say(conversations, name, (f"Head-{name}", "A needle."), ("More", "Hay."))
    assert [name for name, _ in find(conversations, "needle")] == ["f", "e"]
    assert [name for name, _ in find(conversations, "head-a")] == ["a"], "titles are all seen"


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("A needle here.", "needle", "A needle here."),
        (
            "Some words that come long before it, and then at last there is a needle in the "
            "haystack, which nobody had expected to be found by anyone in this century, they said.",
            "needle",
            "…before it, and then at last there is a needle in the haystack, which nobody had "
            "expected to be found by anyone in this…",
        ),
        (
            "今天我们来谈谈北京的历史和文化。北京是一座有三千多年历史的古城，也是中国的首都，故宫、"
            "长城和颐和园都是著名的景点，每年吸引着成千上万的游客前来参观。秋天是最好的季节，天空很蓝，"
            "香山的红叶也很美，胡同里还能听到老北京的叫卖声，让人流连忘返，久久不愿离去。",
            "颐和园",
            "…历史的古城，也是中国的首都，故宫、长城和颐和园都是著名的景点，每年吸引着成千上万的游客前来参观。"
            "秋天是最好的季节，天空很蓝，香…",
        ),
        ("x" * 100 + "needle" + "y" * 100, "needle", "…needle…"),
    ],
)
def test_a_snippet_is_short_and_cuts_no_word(text: str, word: str, shown: str) -> None:
    match = re.search(word, text)
    assert match
    assert snippet(text, match.start(), match.end()) == shown
