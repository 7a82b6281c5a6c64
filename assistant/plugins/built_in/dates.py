"""Days as people name them: 1 January, next to Christmas, 春节, 十二月二十五号, Friday."""

import re
import unicodedata
from datetime import date, timedelta
from typing import Annotated

from babel import Locale
from borax.calendars.festivals2 import (
    Festival,
    LunarFestival,
    SolarFestival,
    TermFestival,
    WeekFestival,
)
from dateutil.easter import easter
from pydantic import Field

from assistant.plugins.numerals import in_simplified, with_digits

_FESTIVALS: dict[str, Festival] = {
    "new year(?:'s day)?|new year's|元旦节?|新年": SolarFestival(month=1, day=1),
    "valentine's(?: day)?|valentines day|情人节": SolarFestival(month=2, day=14),
    "(?:st|saint)\\.? patrick's day": SolarFestival(month=3, day=17),
    "劳动节|五一(?:劳动节)?": SolarFestival(month=5, day=1),
    "mother's day|母亲节": WeekFestival(month=5, index=2, week=6),
    "儿童节|六一(?:儿童节)?": SolarFestival(month=6, day=1),
    "father's day|父亲节": WeekFestival(month=6, index=3, week=6),
    "independence day|(?:the )?(?:4th|fourth) of july": SolarFestival(month=7, day=4),
    "国庆节?|十一国庆节?": SolarFestival(month=10, day=1),
    "halloween|万圣节": SolarFestival(month=10, day=31),
    "thanksgiving(?: day)?|感恩节": WeekFestival(month=11, index=4, week=3),
    "christmas eve|平安夜": SolarFestival(month=12, day=24),
    "christmas(?: day)?|xmas|圣诞节?": SolarFestival(month=12, day=25),
    "new year's eve|跨年": SolarFestival(month=12, day=31),
    "(?:chinese|lunar) new year|spring festival|春节|过年|大年初一|农历新年": LunarFestival(
        month=1, day=1
    ),
    "除夕|大年三十": LunarFestival(day=-1),
    "(?:the )?lantern festival|元宵节?": LunarFestival(month=1, day=15),
    "(?:the )?dragon boat festival|端午节?": LunarFestival(month=5, day=5),
    "qixi(?: festival)?|七夕节?": LunarFestival(month=7, day=7),
    "(?:the )?mid-?autumn festival|中秋节?": LunarFestival(month=8, day=15),
    "重阳节?": LunarFestival(month=9, day=9),
    "qingming(?: festival)?|清明节?": TermFestival(name="清明"),
    "冬至": TermFestival(name="冬至"),
}
_EASTER = "easter(?: sunday)?|复活节"
_MONTHS = [Locale("en").months["format"]["wide"][number].casefold() for number in range(1, 13)]
_WEEKDAYS = [Locale("en").days["format"]["wide"][number].casefold() for number in range(7)]
_RELATIVE = {
    "the day before yesterday|前天": -2,
    "yesterday|昨天|昨日": -1,
    "today|今天|今日": 0,
    "tomorrow|明天|明日": 1,
    "the day after tomorrow|后天": 2,
    "大后天": 3,
}

_ORDINAL = r"(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty|thirty)[- ]\w+|\w+(?:st|nd|rd|th))"
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in _MONTHS)
_ZH_N = r"[\d零〇一二三四五六七八九十]"
RELATIVE = "|".join(sorted(_RELATIVE, key=len, reverse=True))
"""Regular expressions for `read_day`, in any case of letters."""
DAY = "|".join(
    [
        rf"(?:the )?{_ORDINAL}(?: of)? (?:{_MONTH})(?:,? \d{{4}})?",
        rf"(?:{_MONTH}) (?:the )?{_ORDINAL}(?:,? \d{{4}})?",
        r"\d{4}-\d{1,2}-\d{1,2}",
        rf"(?:{_ZH_N}{{4}}年)?{_ZH_N}{{1,3}}月{_ZH_N}{{1,3}}[日号]",
        *_FESTIVALS,
        _EASTER,
    ]
)
WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)}|(?:星期|周|礼拜)[一二三四五六日天])"
Day = Annotated[str, Field(json_schema_extra={"pattern": f"(?i)^(?:{RELATIVE}|{DAY}|{WEEKDAY})$"})]
"""As an argument of a tool."""


def read_day(said: str, today: date) -> date | None:
    """Return the day that is meant; without a year the next one, today included."""
    said = in_simplified(unicodedata.normalize("NFKC", said)).casefold().replace("’", "'").strip()
    for names, days in _RELATIVE.items():
        if re.fullmatch(names, said):
            return today + timedelta(days=days)
    for names, festival in _FESTIVALS.items():
        if re.fullmatch(names, said):
            days_left, _ = festival.countdown(today)
            return today + timedelta(days=days_left)
    if re.fullmatch(_EASTER, said):
        this_year: date = easter(today.year)
        return this_year if this_year >= today else read_day(said, date(today.year + 1, 1, 1))
    if re.fullmatch(WEEKDAY, said):
        weekday = (
            _WEEKDAYS.index(said) if said in _WEEKDAYS else "一二三四五六日天".index(said[-1]) % 7
        )
        weekday = 6 if said[-1] == "天" else weekday
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return _read_date(with_digits(said), today)


def _read_date(said: str, today: date) -> date | None:
    if iso := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", said):
        year, month, day = map(int, iso.groups())
    elif chinese := re.fullmatch(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]", said):
        year, month, day = (int(number or 0) for number in chinese.groups())
    else:
        named = re.search(rf"\b({_MONTH})\b", said)
        numbers = re.findall(r"\d+", said)
        if not named or not numbers:
            return None
        month = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(named[1][:3]))
        day, year = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
    try:
        if year:
            return date(year, month, day)
        # The 29th of February is at most eight years away.
        for year in range(today.year, today.year + 9):
            if (month, day) != (2, 29) or (year % 4 == 0 and (year % 100 or year % 400 == 0)):
                found = date(year, month, day)
                if found >= today:
                    return found
    except ValueError:
        return None
    return None
