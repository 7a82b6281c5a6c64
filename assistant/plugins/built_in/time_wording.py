"""Times and lengths of time as people say them."""

from datetime import datetime, timedelta
from typing import Literal

_UNITS = ((86400, "day", "天"), (3600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒"))
_WEEKDAYS_ZH = "一二三四五六日"


def say_duration(
    duration: timedelta, language: Literal["en", "zh"], *, is_adjective: bool = False
) -> str:
    """Return "1 hour and 30 minutes", "1-hour-30-minute" as an adjective, "1小时30分钟"."""
    seconds = max(1, round(duration.total_seconds()))
    parts = []
    for size, english, chinese in _UNITS:
        number, seconds = divmod(seconds, size)
        if number and language == "zh":
            parts.append(f"{number}{chinese}")
        elif number:
            plural = "s" if number > 1 and not is_adjective else ""
            parts.append(f"{number}{'-' if is_adjective else ' '}{english}{plural}")
    if language == "zh":
        return "".join(parts)
    if is_adjective:
        return "-".join(parts)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def say_time(at: datetime, now: datetime, language: Literal["en", "zh"]) -> str:
    """Return "at 7:30 AM tomorrow" or "明天早上7点30分"."""
    days = (at.date() - now.date()).days
    if language == "zh":
        if days <= 2:
            day = ("今天", "明天", "后天")[days]
        elif days < 7:
            day = f"星期{_WEEKDAYS_ZH[at.weekday()]}"
        else:
            day = f"{at.month}月{at.day}日"
        minute = "半" if at.minute == 30 else f"{at.minute}分" if at.minute else ""
        return f"{day}{_part_zh(at.hour)}{(at.hour - 1) % 12 + 1}点{minute}"
    clock = f"{(at.hour - 1) % 12 + 1}" + (f":{at.minute:02}" if at.minute else "")
    clock = {(0, 0): "midnight", (12, 0): "noon"}.get(
        (at.hour, at.minute), f"{clock} {'AM' if at.hour < 12 else 'PM'}"
    )
    if days <= 1:
        day = ("today", "tomorrow")[days]
    else:
        day = f"on {at:%A}" if days < 7 else f"on {at:%B} {at.day}"
    return f"at {clock} {day}"


def _part_zh(hour: int) -> str:
    for end, part in ((5, "凌晨"), (9, "早上"), (11, "上午"), (13, "中午"), (18, "下午")):
        if hour < end:
            return part
    return "晚上"
