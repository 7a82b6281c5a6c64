"""Numbers, dates, times and signs as English speakers say them.

Only what espeak (in Piper, pyttsx3 and Kokoro) reads wrongly or not at all is rewritten; it reads
"17%", "2.5", "1,234,567" and "22nd" well.
"""

import calendar
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from babel.units import format_unit

from speech.spoken_units import UNIT_PATTERN, UNITS

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONTHS = calendar.month_name[1:]
_MONTH = "|".join([*_MONTHS, *(rf"{name[:3]}\b\.?" for name in _MONTHS), r"Sept\b\.?"])
_MONEY = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yuan", "￥": "yuan"}
_CENTS = {"$": "cent", "€": "cent", "£": "penny"}
_PARTS = ("third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth")
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV")
# Whose numeral is an order ("the 2nd"); elsewhere it counts: World War II, Part IV, Rocky III.
_RULER = re.compile(
    "Elizabeth|Louis|Henry|George|Charles|William|James|Richard|Edward|Philip|Napoleon|Wilhelm|Paul"
    "|Benedict|Pius|Leo|Gregory|Francis|Frederick|Catherine|Nicholas|Alexander|Ramses|Felipe"
)
# A name before "3:16" is a book of the Bible, not the time of an appointment.
_NAME = re.compile(r"\b(?!(?:At|By|From|Until|After|Before|Around|Between)\b)[A-Z][a-z]+ $")


def say_numbers(text: str) -> str:
    """Return the text with its numbers as they are said; what is read well already is kept."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _say_money(match: re.Match[str]) -> str:
    sign, amount, scale = match[1], match[2], match[3] or ""
    whole, _, fraction = amount.partition(".")
    word = _MONEY[sign]
    if scale or word == "yuan" or len(fraction) not in (0, 2):
        return f"{amount}{scale} {word if amount == '1' and not scale else _plural(word)}"
    said = [] if whole == "0" and fraction else [_count(whole, word)]
    if fraction.strip("0"):
        said.append(_count(fraction.lstrip("0"), _CENTS[sign]))
    return " and ".join(said or [_count(whole, word)])


def _count(number: str, word: str) -> str:
    return f"{number} {word if number == '1' else _plural(word)}"


def _plural(word: str) -> str:
    return {"yuan": "yuan", "penny": "pence"}.get(word, f"{word}s")


def _say_phone(match: re.Match[str]) -> str:
    number = match["phone"]
    if 3 < sum(map(str.isdigit, number)) < 7:
        return match[0]
    groups = [" ".join(group) for group in re.findall(r"\d+", number)]
    plus = "plus " if number.startswith("+") else ""
    return match[0].replace(number, plus + ", ".join(groups))


def _say_iso_date(match: re.Match[str]) -> str:
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return match[0]
    return f"{_MONTHS[day.month - 1]} {_ordinal(day.day)}, {day.year}"


def _say_month_day(match: re.Match[str]) -> str:
    month = next(name for name in _MONTHS if name.startswith(match["month"][:3]))
    day = _ordinal(int(match["day"]))
    return f"{month} {day}" if match[0].startswith(match["month"]) else f"{day} {month}"


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else suffix}"


def _say_dash(match: re.Match[str]) -> str:
    """Return a difference where it has a result or falls, else a range ("3–5", "9:00 - 17:00")."""
    first, dash, second = match["first"], match["dash"], match["second"]
    falls = dash == " - " and ":" not in first and _value(first) > _value(second)
    return f"{first} {'minus' if match['result'] is not None or falls else 'to'} {second}"


def _value(number: str) -> float:
    return float(re.sub(r"[^\d.]", "", number))


def _say_time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), match[2]
    half = "" if match[3] else (" PM" if hour > 12 else " AM" if hour == 0 else "")
    if hour > 23 or (half and _NAME.search(match.string, 0, match.start())):
        return match[0]
    if half:
        hour = (hour - 1) % 12 + 1
    if minute == "00":
        return f"{hour}{half}" if half or match[3] else f"{hour} o'clock"
    return f"{hour} oh {minute[1]}{half}" if minute[0] == "0" else f"{hour}:{minute}{half}"


def _say_ratio(match: re.Match[str]) -> str:
    is_verse = _NAME.search(match.string, 0, match.start())
    return match[0] if is_verse else f"{match[1]} to {match[2]}"


def _say_unit(match: re.Match[str]) -> str:
    amount = Decimal(match[1].replace(",", ""))
    return format_unit(amount, UNITS[match[2]][0], "long", "#,##0.##########", locale="en")


def _say_fraction(match: re.Match[str]) -> str:
    above, below = int(match[2]), int(match[3])
    if not 0 < above < below < 10:
        return match[0]
    whole = f"{match[1].strip()} and " if match[1] else ""
    if below == 2:
        return f"{whole}a half"
    return f"{whole}{'one' if above == 1 else above} {_PARTS[below - 3]}{'s' * (above > 1)}"


def _say_year(match: re.Match[str]) -> str:
    century, year = match[1], match[2]
    if year == "00" or (century == "20" and year[0] == "0"):
        return match[0]
    return f"{century} {'oh ' + year[1] if year[0] == '0' else year}{'s' if match[3] else ''}"


def _say_roman(match: re.Match[str]) -> str:
    number = _ROMAN.index(match[2]) + 1
    return f"{match[1]} {'the ' + _ordinal(number) if _RULER.fullmatch(match[1]) else number}"


_OPERAND = rf"[$€£]?{_NUMBER}(?::[0-5]\d)?(?:\s?%|°[CF]?)?"
# In this order: phones and dates before ranges, those before times and money, units before years.
_RULES: list[_Rule] = [
    (re.compile(r"(?<![\w.,])(?P<phone>\+\d{1,3}(?:[ .-]?\(?\d{2,5}\)?){2,5})"), _say_phone),
    (
        re.compile(r"(?<![\w.,-])(?P<phone>(?:1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})\b"),
        _say_phone,
    ),
    (re.compile(r"(?<![\w.,-])(?P<phone>0\d{2,4}(?:[ -]\d{3,4}){1,3})\b"), _say_phone),
    (
        re.compile(
            r"\b(?:call|dial|text|phone|telephone|number)\b[^\d.?!]{0,15}"
            r"(?P<phone>(?:\d[\d -]{5,}\d|911|112|999|988|110|119|120)\b)(?![,.]\d|%)",
            re.IGNORECASE,
        ),
        _say_phone,
    ),
    (re.compile(r"(?<![\w/-])(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?![\w/-])"), _say_iso_date),
    (
        re.compile(
            rf"\b(?P<month>{_MONTH}) (?P<day>[12]\d|3[01]|0?[1-9])(?![\d:]|[.,]\d|st|nd|rd|th)"
        ),
        _say_month_day,
    ),
    (
        re.compile(rf"(?<![\d:.,])(?P<day>[12]\d|3[01]|[1-9]) (?P<month>{_MONTH})(?!\w)"),
        _say_month_day,
    ),
    (
        re.compile(
            rf"(?<![\w.,:/-])(?P<first>{_OPERAND})(?P<dash>-| - |\s?[–—]\s?)"
            rf"(?P<second>{_OPERAND})(?![\d-])(?P<result>(?=\s*=))?"
        ),
        _say_dash,
    ),
    (
        re.compile(rf"([$€£¥￥])\s?({_NUMBER})(\s?(?:thousand|million|billion|trillion))?"),
        _say_money,
    ),
    (re.compile(r"(?<![\d:.+-])(\d{1,2}):([0-5]\d)(?![\d:])(?=(\s?[AaPp]\.?[Mm]\b)?)"), _say_time),
    (re.compile(r"(?<![\d:.])(\d+):(\d|\d{3,})(?![\d:])"), _say_ratio),
    (re.compile(rf"(?<![\w.,])(?!\d+s)({_NUMBER})\s?({UNIT_PATTERN})(?![\w/²³^'’])"), _say_unit),
    (re.compile(r"\b(24)/(7)\b|\b(9)/(11)\b"), r"\1\3 \2\4"),
    (re.compile(r"(?<![\w./])(\d+)/(100?)(?![\d/])"), r"\1 out of \2"),
    (re.compile(r"(?<![\w./])(\d+ )?(\d{1,2})/(\d{1,2})(?![\d/])"), _say_fraction),
    (
        re.compile(
            r"(?:(?<!\bis )|(?<=year is ))(?<!equals )(?<![=+×÷*/^-]\s)"
            r"(?:(?<=[Mm]id-)|(?<![\w.,$:/+×÷*=^-]))"
            r"(1[1-9]|20)(\d\d)('?s)?(?!\w|[.,:/-]?\d|\s?[=+×÷*^%°])"
        ),
        _say_year,
    ),
    (
        # "I" and "X" are words and initials.
        re.compile(
            rf"\b(War|Part|[A-Z][a-z]{{3,}}) ({'|'.join(set(_ROMAN) - {'I', 'X'})}|(?<=War )I)\b"
        ),
        _say_roman,
    ),
    (re.compile(r"(?:№|\bNo\.)\s?(?=\d)|#(?=\d{1,3}\b)"), "number "),
    (re.compile(r"(?<![\w~])[~≈]\s?(?=\d)"), "about "),
    (re.compile(r" > (?=-?\d)|(?<=\d) > "), " is greater than "),
    (re.compile(r" < (?=-?\d)|(?<=\d) < "), " is less than "),
    (re.compile(r"(?<=\d) ?\* ?(?=\d)"), " times "),
    (re.compile(r"(?<=\d) / (?=\d)"), " divided by "),
    (re.compile(r"(?<=\w)\^(?=\d)"), " to the power of "),
    (re.compile(r"(?<=[a-z\d])²"), " squared"),
    (re.compile(r"(?<=[a-z\d])³"), " cubed"),
    (re.compile(r"\bCO[2₂]"), "C O 2"),
    (re.compile(r"\b(\w+)/or\b"), r"\1 or"),
    (re.compile(r"\bvs\b\.?"), "versus"),
    (re.compile(r"(?<![\w.])\.(?=\d)"), "0."),
]
