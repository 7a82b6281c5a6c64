from collections.abc import Sequence

import pytest

from assistant.cache.verdict import ask_same
from assistant.errors import GenerationCancelledError
from assistant.llm.base import GenerationOptions
from assistant.messages import Message


class Judge:
    """Answers what it was told to, in turn."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []

    def __call__(self, messages: Sequence[Message], options: GenerationOptions) -> str:
        assert options.json_schema is not None
        assert options.temperature == 0
        self.asked.append(messages[-1].content)
        return self.replies.pop(0)


YES, NO = '{"same_answer": true}', '{"same_answer": false}'


@pytest.mark.parametrize(
    ("replies", "is_same"),
    [((YES, YES), True), ((YES, NO), False), ((NO,), False), (('{"same_answer": tr',), False)],
)
def test_only_two_plain_yeses_make_two_questions_one(
    replies: tuple[str, ...], is_same: bool
) -> None:
    judge = Judge(*replies)
    assert ask_same(judge, "A?", "B?", "en") is is_same
    assert not judge.replies


def test_the_second_time_the_questions_change_places() -> None:
    judge = Judge(YES, YES)
    ask_same(judge, "甲？", "乙？", "zh")
    assert judge.asked == ["1. 甲？\n2. 乙？", "1. 乙？\n2. 甲？"]


def test_a_person_who_needs_the_model_comes_first() -> None:
    def ask(messages: Sequence[Message], options: GenerationOptions) -> str:
        raise GenerationCancelledError("a person is waiting")

    with pytest.raises(GenerationCancelledError):
        ask_same(ask, "A?", "B?", "en")
