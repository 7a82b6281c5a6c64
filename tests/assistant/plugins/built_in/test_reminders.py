from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assistant.errors import ToolError
from assistant.plugins.base import Answer, ToolContext
from assistant.plugins.built_in.reminders import reminders
from assistant.plugins.choice import match

NOW = datetime(2026, 11, 22, 16, 23, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Sunday."""
EN = ToolContext(user_id="u", conversation_id="c", language="en", now=NOW)
ZH = replace(EN, language="zh")


def ask(question: str, context: ToolContext = EN) -> Answer:
    call = match(question, [reminders])
    assert call, f"no pattern matches {question!r}"
    answer = reminders.run(context=context, **call.arguments)
    assert isinstance(answer, Answer)
    return answer


def ask_all(questions: list[str], context: ToolContext) -> tuple[Answer, ToolContext]:
    """Ask one after another; what an answer keeps is there for the next."""
    answer = Answer(text="")
    for question in questions:
        answer = ask(question, context)
        if answer.store is not None:
            context = replace(context, stored=answer.store)
    return answer, context


@pytest.mark.parametrize(
    ("question", "context", "confirmed", "after_s", "said_then"),
    [
        ("Set a timer for 10 minutes.", EN, "Your timer is set for 10 minutes.", 600,
         "Your 10-minute timer is up."),
        ("set a twelve minute timer for the eggs", EN, "Your timer for the eggs is set for 12 "
         "minutes.", 720, "Your 12-minute timer for the eggs is up."),
        ("can you remind me in half an hour to take the bread out", EN,
         "Okay, I'll remind you at 4:53 PM today to take the bread out.", 1800,
         "It's time to take the bread out."),
        ("Remind me at 5 that I have a call with my boss", EN,
         "Okay, I'll remind you at 5 PM today that you have a call with your boss.", 2220,
         "Here is your reminder: you have a call with your boss."),
        ("wake me up at 7", EN, "Okay, I'll remind you at 7 AM tomorrow to wake up.", 52620,
         "It's time to wake up."),
        ("十分钟后提醒我关火", ZH, "好的，今天下午4点33分提醒你关火。", 600, "该关火了。"),
        ("明天早上八点叫我起床。", ZH, "好的，明天早上8点提醒你起床。", 56220, "该起床了。"),
        ("定一个五分钟的倒计时", ZH, "好的，5分钟倒计时开始。", 300, "5分钟的倒计时结束了。"),
        ("五分鐘計時器", ZH, "好的，5分钟倒计时开始。", 300, "5分钟的倒计时结束了。"),
        ("提醒我晚上给我妈妈打电话", ZH, "好的，今天晚上8点提醒你给你妈妈打电话。", 13020,
         "该给你妈妈打电话了。"),
        ("明天九点提醒我有考试", ZH, "好的，明天上午9点提醒你有考试。", 59820, "提醒你：有考试。"),
    ],
)  # fmt: skip
def test_it_is_confirmed_in_one_sentence_and_said_in_another(
    question: str, context: ToolContext, confirmed: str, after_s: int, said_then: str
) -> None:
    answer = ask(question, context)
    (reminder,) = answer.remind
    assert answer.text == confirmed
    assert reminder.text == said_then
    assert reminder.at.timestamp() - NOW.timestamp() == after_s


@pytest.mark.parametrize(
    "question",
    [
        "Remind me what a reminder is.",
        "remind me who wrote Hamlet",
        "remind me about the French Revolution",
        "what is a timer",
        "how do timers work",
        "set a timer in JavaScript",
        "what is the best kitchen timer",
        "how do I cancel a reminder in Outlook",
        "提醒我什么是倒计时",
        "什么是闹钟",
        "昨天八点谁叫我了",
        "老师明天叫我去办公室怎么办",
        "取消订单",
    ],
)
def test_a_question_about_such_things_sets_nothing(question: str) -> None:
    assert match(question, [reminders]) is None


@pytest.mark.parametrize(
    ("question", "context", "asked"),
    [
        ("start a timer", EN, "For how long"),
        ("remind me to buy milk", EN, "When should"),
        ("设置一个计时器", ZH, "多长时间"),
        ("提醒我买牛奶", ZH, "什么时候"),
    ],
)
def test_a_missing_time_is_asked_for(question: str, context: ToolContext, asked: str) -> None:
    with pytest.raises(ToolError, match=asked):
        ask(question, context)


def test_what_is_set_is_told_and_cancelled_in_english() -> None:
    set_up = ["set a timer for 10 minutes", "timer for 3 minutes", "remind me at 5 to call Anna"]
    _, context = ask_all(set_up, EN)
    later = replace(context, now=NOW + timedelta(minutes=1))
    assert ask("what timers do I have?", later).text == (
        "You have a 3-minute timer with 2 minutes left and a 10-minute timer with 9 minutes left."
    )
    assert ask("what are my reminders", later).text == (
        "You have a reminder at 5 PM today to call Anna."
    )
    assert ask("cancel the timer", later).text.startswith("Which one?")
    cancelled = ask("cancel the ten minute timer", later)
    assert cancelled.text == "Cancelled: a 10-minute timer with 9 minutes left."
    assert len(cancelled.cancel_reminders) == 1
    assert len(cancelled.store) == 2
    assert len(ask("cancel all timers", later).cancel_reminders) == 2


def test_what_is_set_is_told_and_cancelled_in_chinese() -> None:
    _, context = ask_all(["定一个五分钟的倒计时", "十分钟后提醒我关火"], ZH)
    assert ask("我的倒计时还有多久", context).text == "你有5分钟的倒计时，还剩5分钟。"
    assert ask("我有哪些提醒？", context).text == "你有今天下午4点33分提醒你关火。"
    cancelled = ask("取消提醒", context)
    assert cancelled.text == "已取消：今天下午4点33分提醒你关火。"
    assert len(cancelled.cancel_reminders) == 1


def test_what_was_due_is_no_longer_told() -> None:
    _, context = ask_all(["set a timer for 10 minutes"], EN)
    later = replace(context, now=NOW + timedelta(minutes=11))
    assert ask("do I have any timers", later).text == "You have no timer running."


def test_there_is_an_end_to_how_many_can_be_set() -> None:
    context: Any = EN
    _, context = ask_all(["set a timer for 10 minutes"] * 50, EN)
    with pytest.raises(ToolError, match="too many"):
        ask("set a timer for 10 minutes", context)
