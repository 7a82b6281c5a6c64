from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.plugins.built_in.time_phrases import find_duration, find_time

NOW = datetime(2026, 11, 22, 16, 23, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Sunday."""


@pytest.mark.parametrize(
    ("said", "when", "rest"),
    [
        ("in half an hour to take the bread out", "11-22 16:53", "to take the bread out"),
        ("in an hour and a half", "11-22 17:53", ""),
        ("in two hours and fifteen minutes", "11-22 18:38", ""),
        ("in one and a half hours", "11-22 17:53", ""),
        ("twenty five minutes from now", "11-22 16:48", ""),
        ("at 7:30 tomorrow morning to call Anna", "11-23 07:30", "to call Anna"),
        ("to call Anna tomorrow at 7", "11-23 07:00", "to call Anna"),
        ("tomorrow at three", "11-23 15:00", ""),
        ("at 7 to read 3 pages", "11-22 19:00", "to read 3 pages"),
        ("at seven thirty pm", "11-22 19:30", ""),
        ("at half past seven", "11-22 19:30", ""),
        ("at quarter to six to leave", "11-22 17:45", "to leave"),
        ("at 11 am", "11-23 11:00", ""),
        ("at midnight", "11-23 00:00", ""),
        ("next monday at 3pm", "11-23 15:00", ""),
        ("on friday at noon to eat", "11-27 12:00", "to eat"),
        ("tonight at 9", "11-22 21:00", ""),
        ("december 3rd at 5 pm", "12-03 17:00", ""),
        ("the day after tomorrow at 8", "11-24 08:00", ""),
        ("in 3 days at 8 to pay the rent", "11-25 08:00", "to pay the rent"),
        ("at 5 about the friday meeting", "11-22 17:00", "about the friday meeting"),
        ("十分钟后提醒我关火", "11-22 16:33", "提醒我关火"),
        ("半个小时后提醒我吃药", "11-22 16:53", "提醒我吃药"),
        ("一个半小时后", "11-22 17:53", ""),
        ("明天早上八点叫我起床", "11-23 08:00", "叫我起床"),
        ("明早六点半", "11-23 06:30", ""),
        ("下周一下午三点", "11-23 15:00", ""),
        ("今晚九点半", "11-22 21:30", ""),
        ("后天8:30", "11-24 08:30", ""),
        ("12月3日下午5点", "12-03 17:00", ""),
        ("下午两点一刻", "11-23 14:15", ""),
        ("晚上十二点", "11-23 00:00", ""),
        ("八點十分", "11-22 20:10", ""),
        ("五号提醒我还信用卡", "12-05 09:00", "提醒我还信用卡"),
        ("提醒我明天一起吃饭", "11-23 09:00", "提醒我一起吃饭"),
    ],
)
def test_times_are_meant_as_people_mean_them(said: str, when: str, rest: str) -> None:
    found = find_time(said, NOW)
    assert found
    assert (f"{found.at:%m-%d %H:%M}", found.rest) == (when, rest)


@pytest.mark.parametrize(
    "said",
    [
        "to do my morning exercises",
        "to book a table for 8 people",
        "提醒我早点睡",
        "to read page 5",
    ],
)
def test_numbers_and_words_alone_are_no_time(said: str) -> None:
    assert find_time(said, NOW) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("a timer for ten minutes", 600),
        ("90 sec timer", 90),
        ("an hour and a half timer", 5400),
        ("1 minute and 30 seconds", 90),
        ("1小时20分钟", 4800),
        ("两分半钟", 150),
        ("一刻钟", 900),
    ],
)
def test_lengths_of_time_are_read(said: str, seconds: int) -> None:
    found = find_duration(said)
    assert found
    assert found[0] == timedelta(seconds=seconds)


def test_an_hour_is_an_hour_when_the_clocks_change() -> None:
    before = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    found = find_time("in an hour", before)
    assert found
    assert found.at.timestamp() - before.timestamp() == 3600
