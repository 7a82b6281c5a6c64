"""The weather now and a week ahead, and whether to take an umbrella."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext, tool
from assistant.plugins.built_in.dates import WEEKDAY, read_day
from assistant.plugins.built_in.open_meteo import (
    FORECAST_DAYS,
    Current,
    find_location,
    get_forecast,
    unreadable,
)
from assistant.plugins.built_in.places import PLACE_EN, PLACE_ZH, PlaceName

# WMO 4677, of which Open-Meteo uses these; the highest number that is not above the code.
_WORDS = {
    0: ("clear", "晴"),
    1: ("mostly clear", "大部晴朗"),
    2: ("partly cloudy", "多云"),
    3: ("overcast", "阴"),
    45: ("fog", "有雾"),
    51: ("drizzle", "毛毛雨"),
    61: ("light rain", "小雨"),
    63: ("rain", "中雨"),
    65: ("heavy rain", "大雨"),
    66: ("freezing rain", "冻雨"),
    71: ("light snow", "小雪"),
    73: ("snow", "中雪"),
    75: ("heavy snow", "大雪"),
    80: ("showers", "阵雨"),
    85: ("snow showers", "阵雪"),
    95: ("thunderstorms", "雷雨"),
}

_DAY_EN = rf"(?:today|tonight|tomorrow|the day after tomorrow|(?:on |this )?{WEEKDAY})"
_DAY_ZH = rf"(?:今天|今晚|今日|明天|明日|后天|大后天|{WEEKDAY})"
ForecastDay = Annotated[str, Field(json_schema_extra={"pattern": f"(?i)^(?:{_DAY_EN}|{_DAY_ZH})$"})]
# Seasons and months are when, not where.
_NO_PLACE = (
    r"(?!(?:the )?(?:winter|summer|spring|autumn|fall|general|space|hell|january|february|march|"
    r"april|may|june|july|august|september|october|november|december)\b)"
)
_IN_EN = rf"(?: (?:in|at|for) {_NO_PLACE}(?P<place>{PLACE_EN}))"
_WHEN_EN = [rf"(?: (?P<day>{_DAY_EN}))?{_IN_EN}?", rf"{_IN_EN}? (?P<day>{_DAY_EN})"]
_NOW_ZH = rf"(?:(?P<day>{_DAY_ZH})|现在|目前)"
_WHERE_ZH = [
    rf"(?P<place>{PLACE_ZH})?(?:那边)?(?:{_NOW_ZH})?的?",
    rf"(?:{_NOW_ZH})的?(?P<place>{PLACE_ZH})(?:那边)?的?",
]
# "水多少度" asks for no weather, "北京现在多少度" does.
_NOW_WHERE_ZH = [rf"(?P<place>{PLACE_ZH})?(?:那边)?{_NOW_ZH}的?", _WHERE_ZH[1]]

_WEATHER_PATTERNS = (
    [
        pattern
        for when in _WHEN_EN
        for pattern in (
            rf"^(?:what's|what is|how's|how is|what will|how will) the (?:current )?"
            rf"(?:weather forecast|weather|forecast)(?: be)?(?: like)?(?: going to be)?(?: like)?"
            rf"(?: now| right now)?{when}(?: be)?(?: like)?(?: now| right now)?$",
            rf"^(?:the )?(?:weather|forecast|weather forecast){when}$",
            rf"^how (?:hot|cold|warm) (?:is it|will it be|is it going to be){when}(?: now)?$",
            rf"^(?:what's|what is) the temperature(?: outside)?{when}(?: now)?$",
        )
    ]
    + [
        pattern
        for where in _WHERE_ZH
        for pattern in (
            rf"^{where}天气(?:怎么样|怎样|如何|好吗|好不好|预报)?$",
            rf"^{where}气温(?:是)?(?:多少度?|几度|怎么样|高吗)$",
        )
    ]
    + [
        pattern
        for where in _NOW_WHERE_ZH
        for pattern in (
            rf"^{where}(?:气温|温度)?(?:是|有)?(?:多少度|几度)$",
            rf"^{where}(?:冷不冷|热不热|冷吗|热吗)$",
        )
    ]
)
_RAIN_PATTERNS = [
    pattern
    for when in _WHEN_EN
    for pattern in (
        rf"^(?:will it rain|is it going to rain|is it raining|will it be raining|"
        rf"is there any rain|is rain expected){when}(?: now)?$",
        rf"^(?:do i need|will i need|should i take|should i bring) (?:an|my) umbrella{when}$",
    )
] + [
    pattern
    for where in _WHERE_ZH
    for pattern in (
        rf"^{where}(?:会不会|有没有)下雨$",
        rf"^{where}(?:会|要|有)?下雨(?:吗|么)$",
        rf"^{where}(?:要不要|需要|需不需要|要|用不用)带(?:雨)?伞(?:吗|么)?$",
    )
]


@dataclass(frozen=True)
class _Day:
    place: str
    day: str
    """As it is said."""
    now: Current | None
    """Where it is today."""
    code: int
    low: float
    high: float
    rain_percent: float | None
    scale: str
    """Said after the degrees, where it is not Celsius."""


@tool(
    patterns=_WEATHER_PATTERNS,
    hints=("the weather", "weather in", "forecast for", "temperature in", "天气", "气温"),
    permissions=["network"],
    timeout_s=10.0,
)
def weather(
    context: ToolContext, place: PlaceName | None = None, day: ForecastDay | None = None
) -> str:
    """Tell the weather in a city, now or on one of the next days."""
    found = _look_up(place, day, context)
    low, high = _degrees(found.low, context), _degrees(found.high, context)
    words = _words(found.code, context)
    rain = found.rain_percent
    if context.language == "zh":
        chance = f"，降水概率 {rain:.0f}%" if rain is not None else ""
        now = f"现在{_degrees(found.now.temperature_2m, context)}度，" if found.now else ""
        return f"{found.place}{now}{found.day}{words}，{low}到{high}度{chance}。"
    chance = f", chance of rain {rain:.0f}%" if rain is not None else ""
    range_ = f"{low} to {high} degrees{found.scale}{chance}."
    if found.now:
        now = _degrees(found.now.temperature_2m, context)
        sky = _words(found.now.weather_code, context)
        return f"In {found.place} it's {now} degrees now, {sky}; {found.day} {range_}"
    return f"{found.day[:1].upper()}{found.day[1:]} in {found.place}: {words}, {range_}"


@tool(
    patterns=_RAIN_PATTERNS,
    hints=(
        "will it rain",
        "going to rain",
        "raining",
        "umbrella",
        "会下雨",
        "要下雨",
        "下雨吗",
        "下不下雨",
        "带伞",
    ),
    permissions=["network"],
    timeout_s=10.0,
)
def will_it_rain(
    context: ToolContext, place: PlaceName | None = None, day: ForecastDay | None = None
) -> str:
    """Tell whether it will rain in a city, today or on one of the next days."""
    found = _look_up(place, day, context)
    rain = found.rain_percent
    if context.language == "zh":
        if rain is None:
            return f"{found.place}{found.day}{_words(found.code, context)}。"
        verdict = "很可能会下雨" if rain >= 50 else "可能会下雨" if rain >= 20 else "应该不会下雨"
        return f"{found.place}{found.day}{verdict}，降水概率 {rain:.0f}%。"
    if rain is None:
        return f"In {found.place} {found.day}: {_words(found.code, context)}."
    verdict = "Yes, probably" if rain >= 50 else "Maybe" if rain >= 20 else "Probably not"
    return f"{verdict}: the chance of rain in {found.place} {found.day} is {rain:.0f}%."


def _look_up(place: str | None, day: str | None, context: ToolContext) -> _Day:
    zh = context.language == "zh"
    if not place:
        raise ToolError(
            "请问是哪个城市的天气？" if zh else "For which city would you like to know?"
        )
    today = context.now.date()
    day = day or ("今天" if zh else "today")
    tonight = {"tonight": "today", "今晚": "今天"}
    said = re.sub("^(?:on|this) ", "", day.strip().casefold())
    asked = read_day(tonight.get(said, said), today)
    ahead = (asked - today).days if asked else -1
    if not 0 <= ahead < FORECAST_DAYS:
        raise ToolError(
            "我只知道一周以内的天气。" if zh else "I only know the weather a week ahead."
        )
    location = find_location(place, zh=zh)
    in_fahrenheit = location.country_code == "US" and not zh
    forecast = get_forecast(location, in_fahrenheit=in_fahrenheit, zh=zh)
    daily = forecast.daily
    code = daily.weather_code[ahead]
    low, high = daily.temperature_2m_min[ahead], daily.temperature_2m_max[ahead]
    if code is None or low is None or high is None:
        raise unreadable(zh)
    return _Day(
        place=location.name[:40],
        day=day,
        now=forecast.current if ahead == 0 else None,
        code=code,
        low=low,
        high=high,
        rain_percent=daily.precipitation_probability_max[ahead],
        scale=" Fahrenheit" if in_fahrenheit else "",
    )


def _words(code: int, context: ToolContext) -> str:
    known = max((number for number in _WORDS if number <= code), default=0)
    return _WORDS[known][context.language == "zh"]


def _degrees(degrees: float, context: ToolContext) -> str:
    rounded = round(degrees)
    if rounded >= 0:
        return str(rounded)
    return f"零下{-rounded}" if context.language == "zh" else f"minus {-rounded}"
