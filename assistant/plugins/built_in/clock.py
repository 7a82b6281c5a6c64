"""The time here and elsewhere, the date, and the days until another."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_period_id

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext, tool
from assistant.plugins.built_in.dates import DAY, RELATIVE, WEEKDAY, Day, read_day
from assistant.plugins.built_in.places import PLACE_EN, PLACE_ZH, PlaceName, find_place

_NOW = r"(?:,? (?:now|right now|at the moment|currently))?"

_TIME_PATTERNS = (
    rf"^(?:what time is it|what's the time|what is the time|whats the time|what time it is|"
    rf"what the time is|what's the current time|what is the current time|current time)"
    rf"{_NOW}(?: (?:in|at) (?P<place>{PLACE_EN}))?{_NOW}$",
    rf"^(?:the )?(?:current|local) time in (?P<place>{PLACE_EN}){_NOW}$",
    rf"^(?:what's|what is) (?:the )?(?:current |local )?time in (?P<place>{PLACE_EN}){_NOW}$",
    r"^(?:do you have )?the time$",
    r"^(?:现在|目前|此刻|当前)?(?:是|的)?(?:时间)?(?:是)?几点钟?了?$",
    r"^(?:现在|当前)(?:是)?(?:什么时间|什么时候|几点几分|的时间)(?:了|是多少|是几点)?$",
    rf"^(?P<place>{PLACE_ZH})(?:那边)?(?:现在|目前|当前)(?:是)?(?:几点钟?|什么时间|几点几分)了?$",
    rf"^(?:现在|目前|当前)(?P<place>{PLACE_ZH})(?:那边)?(?:是)?(?:几点钟?|什么时间|几点几分)了?$",
    rf"^(?:现在)?(?P<place>{PLACE_ZH})的?(?:现在的?)?(?:当地)?时间(?:现在)?(?:是)?"
    rf"(?:几点钟?|多少|什么)?了?$",
)
_DATE_PATTERNS = (
    r"^(?:what's|what is|whats) (?:the )?(?:date|day)(?: of the week)?"
    rf"(?: (?:is it|it is))?(?: (?P<day>{RELATIVE}))?$",
    rf"^what (?:day|date)(?: of the week)? (?:is it|it is|is|was|will it be|was it)"
    rf"(?: (?P<day>{RELATIVE}|{DAY}))?$",
    rf"^(?:what's|what is) (?P<day>{RELATIVE})'s date$",
    r"^what(?: year| month)(?: is it| is this| are we in)(?: now)?$",
    rf"^(?:what|which) (?:day|weekday)(?: of the week)? (?:is|was|will) (?P<day>{DAY})(?: be)?$",
    rf"^(?P<day>{RELATIVE})(?:是)?(?:几号|几月几[号日]|星期几|周几|礼拜几|什么日子|多少号|哪一天|"
    r"几号星期几)(?:了|啊)?$",
    r"^(?:今年是?(?:哪一年|几几年|多少年)|现在是?(?:几月份?|几月几[号日]|哪一年))了?$",
    rf"^(?P<day>{DAY})(?:是|在)?(?:星期几|周几|礼拜几|几月几[号日]|几号|哪一天|哪天)$",
    r"^when is (?P<day>" + DAY + r")(?: this year)?$",
)
_UNTIL_PATTERNS = (
    rf"^how (?:many days|long)(?: (?:is it|are there|is there|are left|left|do we have))?"
    rf"(?: left)? (?:until|till|til|before|to) (?P<day>{DAY}|{WEEKDAY})$",
    rf"^(?:the )?(?:number of )?days (?:until|till|to|before) (?P<day>{DAY}|{WEEKDAY})$",
    rf"^(?:现在|今天)?(?:离|距离?|到)(?P<day>{DAY}|{WEEKDAY})(?:还|还要|还剩|还差)?(?:有|剩|差)?"
    rf"(?:多少|几)天(?:了)?$",
    rf"^还(?:有|剩|差)(?:多少|几)天(?:就是|就|才|到|过|是|才到|才是|就到)?(?P<day>{DAY}|{WEEKDAY})了?$",
    rf"^(?P<day>{DAY})还(?:有|剩|差)(?:多少|几)天(?:到)?$",
)


@tool(
    patterns=_TIME_PATTERNS,
    hints=("what time", "the time", "time in", "time is it", "几点", "时间"),
)
def current_time(context: ToolContext, place: PlaceName | None = None) -> str:
    """Tell what time it is now, here or in a city or country."""
    zh = context.language == "zh"
    if place is None:
        clock = _time(context.now, zh)
        return f"现在是{clock}。" if zh else f"It's {clock}."
    found = find_place(place)
    if found is None:
        raise ToolError(
            f"我不知道{place}在哪个时区。" if zh else f"I don't know which time zone {place} is in."
        )
    there = context.now.astimezone(ZoneInfo(found.zone))
    clock = _time(there, zh)
    is_other_day = there.date() != context.now.date()
    if zh:
        where = f"{place}首都" if found.capital else place
        day = f"{_weekday(there, zh)}" if is_other_day else ""
        return f"{where}现在是{day}{clock}。"
    where = f"{found.capital}, the capital" if found.capital else _capitalise(place)
    day = f" on {_weekday(there, zh)}" if is_other_day else ""
    return f"It's {clock}{day} in {where}."


@tool(
    patterns=_DATE_PATTERNS,
    hints=("what date", "the date", "what day", "which day", "weekday", "几号", "星期几", "周几"),
)
def date_and_weekday(context: ToolContext, day: Day | None = None) -> str:
    """Tell the date and the weekday of today, tomorrow, a holiday or another day."""
    zh = context.language == "zh"
    asked = _read(day, context) if day else context.now.date()
    written = format_date(asked, "full", locale=context.language)
    if day is None:
        return f"今天是{written}。" if zh else f"It's {written}."
    verb = "was" if asked < context.now.date() else "is"
    return f"{day}是{written}。" if zh else f"{_capitalise(day)} {verb} {written}."


@tool(
    patterns=_UNTIL_PATTERNS,
    hints=("days until", "days till", "many days", "how long until", "几天", "多少天"),
)
def days_until(day: Day, context: ToolContext) -> str:
    """Tell how many days are left until a date or a holiday."""
    zh = context.language == "zh"
    asked = _read(day, context)
    days = (asked - context.now.date()).days
    if days == 0:
        return f"今天就是{day}。" if zh else f"{_capitalise(day)} is today."
    weekday = _weekday(asked, zh)
    if re.fullmatch(WEEKDAY, day, re.IGNORECASE):  # It would only be said twice.
        weekday = ""
    if zh:
        since = f"离{day}还有 {days} 天" if days > 0 else f"{day}已经过去 {-days} 天了"
        return f"{since}{weekday and '，那天是' + weekday}。"
    count = f"{abs(days):,} day{'' if abs(days) == 1 else 's'}"
    left = f"was {count} ago" if days < 0 else f"is in {count}"
    return f"{_capitalise(day)} {left}{weekday and ', on a ' + weekday}."


def _read(day: str, context: ToolContext) -> date:
    found = read_day(day, context.now.date())
    if found is None:
        raise ToolError(
            f"我不知道“{day}”是哪一天。"
            if context.language == "zh"
            else f"I don't know which day “{day}” is."
        )
    return found


def _time(moment: datetime, zh: bool) -> str:
    if not zh:
        return f"{moment.hour % 12 or 12}:{moment:%M} {moment:%p}"
    names = Locale("zh").day_periods["format"]["wide"]
    period = names[get_period_id(moment.time(), locale="zh")]
    hour = moment.hour if moment.hour <= 12 else moment.hour - 12
    return f"{period}{hour}点{f'{moment.minute}分' if moment.minute else '整'}"


def _weekday(day: date, zh: bool) -> str:
    return format_date(day, "EEEE", locale="zh" if zh else "en")


def _capitalise(words: str) -> str:
    """Begin names with capitals where they were spoken in small letters."""
    if words == words.lower():
        small = {"of", "de", "la", "day", "after", "before"}
        words = " ".join(
            word if word in small else word[:1].upper() + word[1:] for word in words.split(" ")
        )
    return words[:1].upper() + words[1:]
