from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext
from assistant.plugins.built_in.clock import current_time, date_and_weekday, days_until
from assistant.plugins.built_in.dates import read_day
from assistant.plugins.built_in.places import find_place

SUNDAY = date(2026, 11, 22)


def context(language: str, hour: int = 16) -> ToolContext:
    now = datetime(2026, 11, 22, hour, 34, tzinfo=ZoneInfo("Europe/Berlin"))
    return ToolContext(user_id="user", conversation_id="talk", language=language, now=now)


@pytest.mark.parametrize(
    ("language", "hour", "place", "expected"),
    [
        ("en", 16, None, "It's 4:34 PM."),
        ("en", 0, None, "It's 12:34 AM."),
        ("en", 16, "Tokyo", "It's 12:34 AM on Monday in Tokyo."),
        ("en", 16, "new york", "It's 10:34 AM in New York."),
        ("en", 16, "japan", "It's 12:34 AM on Monday in Japan."),
        ("en", 16, "Spain", "It's 4:34 PM in Madrid, the capital."),
        ("en", 16, "the US", "It's 10:34 AM in Washington, the capital."),
        ("zh", 16, None, "现在是下午4点34分。"),
        ("zh", 0, None, "现在是凌晨0点34分。"),
        ("zh", 9, "上海", "上海现在是下午4点34分。"),
        ("zh", 16, "東京", "東京现在是星期一凌晨0点34分。"),
        ("zh", 16, "美国", "美国首都现在是上午10点34分。"),
    ],
)
def test_the_time_here_and_elsewhere(language, hour, place, expected):
    assert current_time.run(context(language, hour), place) == expected


def test_a_full_hour_is_said_as_one():
    now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    zh = ToolContext(user_id="user", conversation_id="talk", language="zh", now=now)
    assert current_time.run(zh) == "现在是上午8点整。"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Munich", "Europe/Berlin"),
        ("São Paulo", "America/Sao_Paulo"),
        ("sao paulo", "America/Sao_Paulo"),
        ("Bombay", "Asia/Kolkata"),
        ("Hawaii", "Pacific/Honolulu"),
        ("纽约", "America/New_York"),
        ("紐約", "America/New_York"),
        ("深圳市", "Asia/Shanghai"),
        ("奥克兰", "Pacific/Auckland"),
        ("华盛顿", "America/New_York"),
        ("西雅图", "America/Los_Angeles"),
        ("英国", "Europe/London"),
    ],
)
def test_places_are_known_by_their_names_in_both_languages(name, zone):
    place = find_place(name)
    assert place is not None
    assert place.zone == zone


def test_an_unknown_place_is_named():
    with pytest.raises(ToolError, match="which time zone Westeros is in"):
        current_time.run(context("en"), "Westeros")
    with pytest.raises(ToolError, match="我不知道维斯特洛在哪个时区"):
        current_time.run(context("zh"), "维斯特洛")


@pytest.mark.parametrize(
    ("language", "day", "expected"),
    [
        ("en", None, "It's Sunday, November 22, 2026."),
        ("en", "tomorrow", "Tomorrow is Monday, November 23, 2026."),
        ("en", "yesterday", "Yesterday was Saturday, November 21, 2026."),
        ("en", "the fourth of july", "The Fourth of July is Sunday, July 4, 2027."),
        ("zh", None, "今天是2026年11月22日星期日。"),
        ("zh", "中秋节", "中秋节是2027年9月15日星期三。"),
    ],
)
def test_the_date_of_a_day(language, day, expected):
    assert date_and_weekday.run(context(language), day) == expected


@pytest.mark.parametrize(
    ("language", "day", "expected"),
    [
        ("en", "Christmas", "Christmas is in 33 days, on a Friday."),
        ("en", "23 November", "23 November is in 1 day, on a Monday."),
        ("en", "friday", "Friday is in 5 days."),
        ("en", "22 November", "22 November is today."),
        ("en", "1 January 2026", "1 January 2026 was 325 days ago, on a Thursday."),
        ("zh", "春节", "离春节还有 76 天，那天是星期六。"),
        ("zh", "十二月二十五号", "离十二月二十五号还有 33 天，那天是星期五。"),
        ("zh", "2026年1月1日", "2026年1月1日已经过去 325 天了，那天是星期四。"),
    ],
)
def test_the_days_until_a_day(language, day, expected):
    assert days_until.run(day, context(language)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1 January", date(2027, 1, 1)),
        ("January 1st, 2028", date(2028, 1, 1)),
        ("the 3rd of March", date(2027, 3, 3)),
        ("march the twenty first", date(2027, 3, 21)),
        ("Dec 24", date(2026, 12, 24)),
        ("2027-02-28", date(2027, 2, 28)),
        ("29 February", date(2028, 2, 29)),
        ("Thanksgiving", date(2026, 11, 26)),
        ("Easter", date(2027, 3, 28)),
        ("Chinese New Year", date(2027, 2, 6)),
        ("除夕", date(2027, 2, 5)),
        ("清明节", date(2027, 4, 5)),
        ("端午節", date(2027, 6, 9)),
        ("明天", date(2026, 11, 23)),
        ("大后天", date(2026, 11, 25)),
        ("Sunday", SUNDAY),
        ("星期天", SUNDAY),
        ("周一", date(2026, 11, 23)),
        ("Saturday", date(2026, 11, 28)),
        ("礼拜六", date(2026, 11, 28)),
        ("31 February", None),
        ("13月1日", None),
        ("my birthday", None),
    ],
)
def test_days_are_read_as_people_name_them(said, expected):
    assert read_day(said, SUNDAY) == expected


def test_a_day_that_is_none_is_named():
    with pytest.raises(ToolError, match="which day “31 February” is"):
        days_until.run("31 February", context("en"))
