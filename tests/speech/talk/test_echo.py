"""When the assistant hears itself, and when it is only a user who interrupts."""

import pytest

from speech.talk.echo import EchoWatch

ENGLISH = "The capital of France is Paris. It lies on the river Seine."
CHINESE = "法国的首都是巴黎，它位于塞纳河畔。"


@pytest.mark.parametrize(
    ("heard", "reply"),
    [
        ("Capital of France is Paris.", ENGLISH),
        ("lies on the river sane", ENGLISH),
        ("首都是巴黎", CHINESE),
    ],
)
def test_the_second_echo_of_its_own_words_is_told_and_no_third(heard: str, reply: str) -> None:
    watch = EchoWatch()
    assert [watch.heard(heard, reply) for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("heard", "reply"),
    [
        ("No, I meant Germany, not that one.", ENGLISH),
        ("Paris?", ENGLISH),
        ("Stop.", ENGLISH),
        ("不是，我问的是德国", CHINESE),
        ("巴黎", CHINESE),
    ],
)
def test_a_user_who_interrupts_is_no_echo(heard: str, reply: str) -> None:
    watch = EchoWatch()
    assert not any(watch.heard(heard, reply) for _ in range(5))


def test_a_reply_that_is_held_again_and_again_hears_itself() -> None:
    watch = EchoWatch()
    assert [watch.held() for _ in range(5)] == [False, False, False, True, False]
