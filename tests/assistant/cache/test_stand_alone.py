import pytest

from assistant.cache.stand_alone import Reason, leans_on


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "How do I boil an egg?",
        "Who wrote the play Hamlet?",
        "Can you tell me how tall Mount Everest is?",
        "how many legs does a spider have",
        "法国的首都是哪里？",
        "我该怎么煮鸡蛋",
        "紅樓夢是誰寫的",
        "告诉我蜘蛛有几条腿",
        "为什么天空是蓝色的",
    ],
)
@pytest.mark.parametrize("has_history", [False, True])
def test_a_whole_question_stands_alone_even_in_a_conversation(
    question: str, has_history: bool
) -> None:
    assert leans_on(question, has_history=has_history) is None


@pytest.mark.parametrize(
    "question",
    [
        "What about Germany?",
        "And in winter?",
        "How tall is it?",
        "Why?",
        "What is its population?",
        "Who was the first one?",
        "Germany",
        "Can you explain that again?",
        "et en Allemagne ?",
        "那德国呢？",
        "它有多高",
        "为什么",
        "还有呢",
        "德国",
        "他什么时候出生的",
        "再說詳細一點",
    ],
)
def test_what_points_back_leans_on_history(question: str) -> None:
    assert leans_on(question, has_history=True) == "history"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What is my name?", "personal"),
        ("I'm vegetarian, what can I cook?", "personal"),
        ("Do you remember me?", "personal"),
        ("我的生日是哪天？", "personal"),
        ("我叫什么", "personal"),
        ("What's the weather like in Paris?", "time"),
        ("What time is it in Tokyo?", "time"),
        ("Who won the match last night?", "time"),
        ("What is the latest iPhone?", "time"),
        ("今天星期几", "time"),
        ("現在的匯率是多少", "time"),
        ("今年春节是哪天", "time"),
        ("Tell me a joke", "variety"),
        ("Write a poem about the sea", "variety"),
        ("Recommend a good film", "variety"),
        ("讲个笑话", "variety"),
        ("給我講個故事", "variety"),
        ("推荐一部电影", "variety"),
        ("Summarize this text: the quick brown fox", "text"),
        ("What is at https://example.org?", "text"),
        ("把这句话翻译成英文", "text"),
        ("What is wrong here?\nfor i in range(3)", "text"),
        ("x" * 300, "text"),
    ],
)
@pytest.mark.parametrize("has_history", [False, True])
def test_what_changes_or_belongs_to_the_user_is_never_answered_from_the_cache(
    question: str, reason: Reason, has_history: bool
) -> None:
    assert leans_on(question, has_history=has_history) == reason


def test_what_is_known_of_the_user_makes_a_question_personal() -> None:
    question = "What should Anna see in Shanghai?"
    assert leans_on(question, has_history=False, personal_terms=["Anna"]) == "personal"
    assert (
        leans_on("上海有什么好玩的地方", has_history=False, personal_terms=["上海"]) == "personal"
    )
    assert leans_on("What is a banana?", has_history=False, personal_terms=["Anna"]) is None
