"""When people mean: "in half an hour", "7:30 tomorrow morning", "明天早上八点"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from assistant.plugins.built_in.time_grammar import (
    DURATION,
    EN_CLOCK,
    EN_DAY,
    EN_PART,
    EN_UNIT,
    FROM_NOW,
    MONTHS,
    WEEKDAYS,
    ZH_CLOCK,
    ZH_DAY,
    ZH_PART,
)
from assistant.plugins.numerals import EN_NUMBER, ZH_NUMBER, in_simplified, with_digits

_DURATION = re.compile(DURATION, re.IGNORECASE)
_CLOCK = re.compile(rf"\b{EN_CLOCK}|{ZH_CLOCK}", re.IGNORECASE)
_DAY = re.compile(rf"\b{EN_DAY}|{ZH_DAY}", re.IGNORECASE)
_PART = re.compile(rf"\b{EN_PART}|{ZH_PART}", re.IGNORECASE)
_TERM = re.compile(
    rf"(?P<amount>half an?|\ban?(?=[ -])|{EN_NUMBER}|{ZH_NUMBER}|半)(?P<half> and a half|个?半)?"
    rf"个?[ -]?(?P<unit>{EN_UNIT}|[秒分刻小钟天日周星礼])(?:[\u4e00-\u9fff]*?)"
    r"(?P<and_half> and a half\b|(?<=[时头分钟天])半)?",
    re.IGNORECASE,
)
_LONGEST_S = 10 * 366 * 86400
_UNITS_S = {
    "s": 1, "秒": 1, "m": 60, "分": 60, "刻": 900, "h": 3600, "小": 3600, "钟": 3600,
    "d": 86400, "天": 86400, "日": 86400, "w": 604800, "周": 604800, "星": 604800, "礼": 604800,
}  # fmt: skip
"""By the first letter."""
_PART_HOURS = {
    "morning": 9, "afternoon": 15, "evening": 19, "night": 21, "凌晨": 5, "清晨": 6, "半夜": 24,
    "早": 8, "上午": 9, "中午": 12, "下午": 15, "傍晚": 18, "晚": 20, "夜": 22,
}  # fmt: skip
"""The hour that is meant where no clock time is said."""
_DAYS_AHEAD = {
    "day after tomorrow": 2, "tomorrow": 1, "today": 0, "大后": 3, "后天": 2, "明": 1, "今": 0,
}  # fmt: skip
_WEEKDAY_NUMBERS = {name: number for number, name in enumerate(WEEKDAYS)} | {
    week + character: min(number, 6)
    for number, character in enumerate("一二三四五六日天")
    for week in ("周", "星期", "礼拜")
}


@dataclass(frozen=True)
class TimePhrase:
    at: datetime
    rest: str
    """The text without the phrase."""


def find_duration(text: str) -> tuple[timedelta, str] | None:
    """Return the first length of time in the text, and the text without it."""
    found = _DURATION.search(in_simplified(text))
    duration = _read_duration(found[0]) if found else None
    return (duration, _without(text, [found])) if found and duration else None


def find_time(text: str, now: datetime) -> TimePhrase | None:
    """Return the time after `now` that the text names.

    A clock time without a half of the day ("at 7") is the next one today; on another day, one
    between 7 in the morning and 7 in the evening.
    """
    seen = in_simplified(text)
    relative = FROM_NOW.search(seen)
    if relative:
        duration = _read_duration(relative["en"] or relative["en2"] or relative["zh"])
        if duration is None:
            return None
        # In three days at eight.
        if duration < timedelta(days=1) or not _CLOCK.search(seen, relative.end()):
            return TimePhrase(after(now, duration), _without(text, [relative]))
    day, clock, part = relative or _DAY.search(seen), _CLOCK.search(seen), _PART.search(seen)
    if day and clock and not _are_together(seen, day, clock):
        day = None
    found = [phrase for phrase in (day, clock, part) if phrase]
    at = _resolve(
        now,
        _days(day[0].lower() if day else "", now.date()),
        clock[0].lower() if clock else "",
        next((word for word in _PART_HOURS if any(word in p[0].lower() for p in found)), ""),
    )
    return TimePhrase(at, _without(text, found)) if at else None


def after(now: datetime, duration: timedelta) -> datetime:
    """Return the time so much later: by the clock on the wall for days, else by a stopwatch."""
    if duration >= timedelta(days=1):
        return now + duration
    return datetime.fromtimestamp(now.timestamp() + duration.total_seconds(), now.tzinfo)


def _resolve(now: datetime, days: Sequence[date], clock: str, part: str) -> datetime | None:
    minute = 0
    if clock:
        hours, minute = _hours(clock, part)
        if len(hours) == 2 and days and days[0] != now.date():
            hours = [hour for hour in hours if 7 <= hour < 19]
    elif part or (days and days[0] != now.date()):
        hours = [_PART_HOURS.get(part, 9)]
    else:
        return None
    for day in days or (now.date(), now.date() + timedelta(days=1)):
        for hour in hours:
            # Hour 24 is the end of the day that was named.
            start = datetime.combine(day, time(hour % 24, minute), now.tzinfo)
            at = start + timedelta(days=hour // 24)
            if at > now:
                return at
    return None


def _hours(clock: str, part: str) -> tuple[list[int], int]:
    """Return the hours that can be meant, two where the half of the day is open, and the minute."""
    if "noon" in clock and "after" not in clock:
        return [12], 0
    if "midnight" in clock:
        return [24], 0
    digits = clock
    for word, minutes in (("half", 30), ("quarter", 15), ("半", 30), ("一刻", 15), ("三刻", 45)):
        digits = digits.replace(word, f" {minutes} ")
    digits = re.sub("[点时]", " ", digits)
    digits = re.sub(r"\d刻", lambda quarters: f" {int(quarters[0][0]) * 15} ", digits)
    numbers = [int(number) for number in re.findall(r"\d+", with_digits(digits))]
    hour, minute = (*numbers, 0)[:2]
    if re.search(r" (?:past|after) ", clock):
        hour, minute = minute, hour
    elif re.search(r" (?:to|before) ", clock):
        hour, minute = (minute - 1) or 12, 60 - hour
    if hour > 24 or not 0 <= minute < 60:
        return [], 0
    if not 1 <= hour <= 12 or re.search(r"\b0\d", clock):
        return [hour], minute
    is_after_noon = _PART_HOURS.get(part, 0) >= 12
    if part in ("night", "晚", "夜", "半夜") and hour in (12, 1, 2, 3):
        return [24 + hour % 12], minute
    if part == "中午" and hour == 11:
        return [11], minute
    if is_after_noon or re.search(r"p\.?m", clock):
        return [hour % 12 + 12], minute
    if part or re.search(r"a\.?m", clock):
        return [hour % 12], minute
    return [hour % 12, hour % 12 + 12], minute


def _days(said: str, today: date) -> list[date]:
    """Return the days that can be meant, the likeliest first; none where none was said."""
    if not said:
        return []
    ahead = next((days for word, days in _DAYS_AHEAD.items() if word in said), None)
    if ahead is not None:
        return [today + timedelta(days=ahead)]
    weekday = next((number for word, number in _WEEKDAY_NUMBERS.items() if word in said), None)
    if weekday is not None:
        if "next " in said or said.startswith("下"):
            return [today + timedelta(days=7 - today.weekday() + weekday)]
        first = today + timedelta(days=(weekday - today.weekday()) % 7)
        return [first, first + timedelta(days=7)]
    if FROM_NOW.fullmatch(said) and (length := _read_duration(said)):
        return [today + length]
    numbers = [int(number) for number in re.findall(r"\d+", with_digits(said))]
    month = next((number for number, name in enumerate(MONTHS, 1) if name in said), 0)
    if len(numbers) == 2:
        month = numbers[0]
    coming = (today + timedelta(days=ahead) for ahead in range(4 * 366 + 1))
    return [day for day in coming if day.day == numbers[-1] and day.month in (month or day.month,)]


def _read_duration(text: str) -> timedelta | None:
    seconds = 0.0
    unit_s = end = 0
    for term in _TERM.finditer(text):
        amount = term["amount"].lower()
        if amount.startswith(("half", "半")):
            number = 0.5
        else:
            number = 1.0 if amount in ("a", "an") else float(with_digits(amount))
        number += 0.5 if term["half"] or term["and_half"] else 0
        unit_s, end = _UNITS_S[term["unit"][0].lower()], term.end()
        seconds += number * unit_s
    # "1 hour 30".
    more = re.fullmatch(rf",? (?:and )?({EN_NUMBER})", text[end:], re.IGNORECASE)
    if more and unit_s in (60, 3600):
        seconds += float(with_digits(more[1])) * unit_s / 60
    return timedelta(seconds=seconds) if 0 < seconds < _LONGEST_S else None


def _are_together(text: str, day: re.Match[str], clock: re.Match[str]) -> bool:
    """Whether the day is the clock time's: in "at 5 about the Friday meeting" it is not."""
    before, after = text[: day.start()].strip(), text[day.end() :].strip(" .!?。！？")
    between = text[min(day.end(), clock.end()) : max(day.start(), clock.start())]
    between = re.sub(rf"{EN_PART}|{ZH_PART}", "", between, flags=re.IGNORECASE)
    return not before or not after or not between.strip(" ,，的")


def _without(text: str, phrases: Sequence[re.Match[str]]) -> str:
    for phrase in sorted(phrases, key=lambda phrase: -phrase.start()):
        text = f"{text[: phrase.start()]} {text[phrase.end() :]}"
    text = " ".join(text.split())
    # Chinese is written without spaces.
    return re.sub(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])", "", text).strip(" ,.!?，。！？")
