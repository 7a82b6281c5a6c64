import pytest

from assistant.cache.normal_form import normalise


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is the capital of France?", "what is  the capital of france"),
        ("What's up?", "Whats up"),
        ("Hello, please what is an atom?", "What is an atom, please"),
        ("法国的首都是哪里？", "法國的首都是哪裡"),
        ("请问，什么是原子呢？", "什么是原子"),
        ("ＷＨＡＴ is 1,000 + 1?", "what is 1000 + 1"),
    ],
)
def test_the_same_words_have_one_form(first: str, second: str) -> None:
    assert normalise(first) == normalise(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is 1.5 times 2?", "What is 15 times 2?"),
        ("What is 2+2?", "What is 2*2?"),
        ("What is 2-2?", "What is 2/2?"),
        ("What is 3 × 4?", "What is 3 ÷ 4?"),
        ("How cold is -5 degrees?", "How cold is 5 degrees?"),
        ("What is C++?", "What is C#?"),
        ("What is C?", "What is C++?"),
        ("它是什么", "它是谁"),
    ],
)
def test_what_carries_meaning_stays(first: str, second: str) -> None:
    assert normalise(first) != normalise(second)


def test_nothing_but_politeness_stays_as_it_is() -> None:
    assert normalise("Please!") == "please"
    assert normalise("谢谢") == "谢谢"
