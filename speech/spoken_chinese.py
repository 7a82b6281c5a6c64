"""Numbers, dates, times and signs as Chinese speakers say them.

Only what the normalizer in `speech.tts.mandarin` reads wrongly or not at all is rewritten; it
reads "2026年11月22日", "17%", "1/2", "-5°C" and telephone numbers well.
"""

import re
from collections.abc import Callable
from datetime import time

import cn2an
from babel.dates import format_time

from speech.spoken_units import UNIT_PATTERN, UNITS

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONEY = {"$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "￥": "元"}
# What is counted with 两, not with 二. 月, 日, 号 and 楼 are numbered.
_COUNTED = (
    "[个個位本只隻条條张張件种種天点點元块塊倍米斤岁歲周年次人杯瓶台辆輛双雙份层層克升万萬千亿億]"
    "|公里|公斤|小时|小時|分钟|分鐘|秒|英里|平方|立方|毫|厘米|星期|美元|欧元|英镑"
)
_PERIOD = "凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜裡|晚"


def say_numbers(text: str) -> str:
    """Return the text with its numbers as they are said; what is read well already is kept."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _say_date(match: re.Match[str]) -> str:
    year, month, day = match[1], int(match[2]), int(match[3])
    is_date = 1 <= month <= 12 and 1 <= day <= 31
    return f"{year}年{month}月{day}日" if is_date else match[0]


def _say_dash(match: re.Match[str]) -> str:
    first, second = match["first"], match["second"]
    if match["result"] is not None:
        return f"{first}减{second}"
    if _is_year(first) and _is_year(second):
        return f"{first}年到{second}{'年' if match['year'] is None else ''}"
    # Zeros lead, and many digits follow, in telephone numbers.
    is_phone = first[0] == "0" and len(first) > 2 and first[1].isdigit()
    return match[0] if is_phone or len(second) > 6 else f"{first}到{second}"


def _is_year(number: str) -> bool:
    return re.fullmatch(r"1\d{3}|20\d\d", number) is not None


def _say_time(match: re.Match[str]) -> str:
    period, hour, minute = match[1] or "", int(match[2]), int(match[3])
    if hour > 24:
        return match[0]
    if 12 < hour < 24:
        period = period or format_time(time(hour), "B", locale="zh")
        hour -= 12
    said = "两" if hour == 2 else str(hour)
    minutes = {0: "", 30: "半"}.get(minute, f"{'零' if minute < 10 else ''}{minute}分")
    return f"{period}{said}点{minutes}"


def _say_unit(match: re.Match[str]) -> str:
    return f"{_say_amount(match)}{UNITS[match[2]][1]}"


def _say_amount(match: re.Match[str]) -> str:
    """Return a number of three digits and more in characters: it would be read digit by digit."""
    number = match[1].replace(",", "")
    whole = number.partition(".")[0]
    if not 2 < len(whole) < 13 or whole[0] == "0":
        return match[1]
    return re.sub("^二(?=[千万亿])", "两", cn2an.an2cn(number))


_OPERATORS = {"+": "加", "−": "减", "×": "乘", "÷": "除以", "=": "等于"}
# What stands before an amount; a number on its own may be a room's, a bus's or a telephone's.
_OF_AMOUNT = r"[到有共约約近加减減乘以于於过過少多]"
# In this order: dates before ranges, ranges before times, times before ratios, units before 两.
_RULES: list[_Rule] = [
    (
        re.compile(rf"([$€£¥￥])\s?({_NUMBER})\s?([万亿萬億]?)"),
        lambda match: f"{match[2]}{match[3]}{_MONEY[match[1]]}",
    ),
    (re.compile(r"(?<=\d)²"), "的平方"),
    (re.compile(r"(?<=\d)³"), "的立方"),
    (
        re.compile(r"(?<=[\d方])\s?([+−×÷=])\s?(?=\d)"),
        lambda match: _OPERATORS[match[1]],
    ),
    (re.compile(r"−(?=\d)"), "-"),
    (re.compile(r"(?<![\d.])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d.])"), _say_date),
    (re.compile(r"(比分|以)([是为為]?)\s?(\d+)[-–:：](\d+)"), r"\1\2\3比\4"),
    (
        re.compile(
            r"(?<![A-Za-z\d.-])(?P<first>-?\d(?:[\d,.:：]*\d)?%?)(?:°C|℃)?\s?[-–—~～至]\s?"
            r"(?P<second>-?\d(?:[\d,.:：]*\d)?)(?![\d-])(?P<year>(?=[年学學财財赛賽]))?(?P<result>(?=等于))?"
        ),
        _say_dash,
    ),
    (
        re.compile(rf"({_PERIOD})?\s?(?<![\d:：.])(\d{{1,2}})[:：]([0-5]\d)(?![\d:：])"),
        _say_time,
    ),
    (re.compile(r"(?<![\d:：.])(\d+)\s?[:：]\s?(\d+)(?![\d:：])"), r"\1比\2"),
    (re.compile(rf"(?<![A-Za-z\d.,])({_NUMBER})\s?({UNIT_PATTERN})(?![A-Za-z\d/²³^])"), _say_unit),
    (
        re.compile(
            rf"(?:(?<={_OF_AMOUNT})|(?<={_OF_AMOUNT}\s)|(?<=答案是)|(?<=结果是))"
            rf"(?!(?<=到)(?:19|20)\d\d(?!\d))({_NUMBER})"
            r"(?![\d.,:：/%年号號路房室-])"
        ),
        _say_amount,
    ),
    (
        re.compile(
            rf"(?<![A-Za-z\d.,])({_NUMBER})"
            r"(?=\s?(?:[加减減乘除克毫英倍多瓦伏]|平方|立方|华氏|大卡|千卡|字节|像素|左右|以上|以下|[GMT]B))"
        ),
        _say_amount,
    ),
    (re.compile(r"(?<![A-Za-z\d.,-])(2\d*000)(?![\d.,年:：-])"), _say_amount),
    (re.compile(r"([2-9])0(?=年代)"), lambda match: f"{cn2an.an2cn(match[1])}十"),
    (re.compile(r"第2(?!\d)"), "第二"),
    (re.compile(rf"(?<![A-Za-z\d.,第:：/-])2(?=(?:到\d+)?\s?(?:{_COUNTED}))(?!\s?年级)"), "两"),
    (re.compile(rf"({_NUMBER})\s?‰"), r"千分之\1"),
    (re.compile(r"[≈~～]\s?(?=\d)"), "约"),
    (re.compile(r"(?:№|(?<![A-Za-z])No\.)\s?(?=\d)"), "第"),
    (re.compile(r"\s?&\s?(?=[^\W\d_])"), "和"),
]
