import pytest

from assistant.memory.fact_wording import second_person, third_person


@pytest.mark.parametrize(
    ("told", "kept", "said"),
    [
        ("I'm vegetarian", "is vegetarian", "you are vegetarian"),
        ("I am not a pilot", "is not a pilot", "you are not a pilot"),
        ("I've got two cats", "has two cats", "you have two cats"),
        ("I don’t like my job.", "does not like their job", "you do not like your job"),
        ("I study law", "studies law", "you study law"),
        ("I always watch TV", "always watches TV", "you always watch TV"),
        ("I can't eat gluten", "can't eat gluten", "you can't eat gluten"),
        ("I grew up in Ulm", "grew up in Ulm", "you grew up in Ulm"),
        ("I was born in 1984", "was born in 1984", "you were born in 1984"),
        ("my dog is called Rex", "their dog is called Rex", "your dog is called Rex"),
        ("我住在上海", "住在上海", "你住在上海"),
        ("我的狗叫旺财", "我的狗叫旺财", "你的狗叫旺财"),
        ("我妈妈是老师", "妈妈是老师", "你妈妈是老师"),
    ],
)
def test_what_is_told_of_oneself_is_kept_and_told_back(told, kept, said):
    assert third_person(told) == kept
    assert second_person(kept) == said
