"""What is said about timers and reminders: when they are set, told of, and due."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel

from assistant.plugins.base import ToolContext
from assistant.plugins.built_in.time_wording import say_duration, say_time

_MAX_SAID = 5
"""Who listens does not remember more."""


class KeptReminder(BaseModel):
    id: str
    at: datetime
    kind: Literal["timer", "reminder"]
    duration_s: float | None = None
    what: str = ""
    """What to do, addressed to the user."""


def describe(entries: Sequence[KeptReminder], context: ToolContext) -> str:
    described = [_describe(entry, context) for entry in entries[:_MAX_SAID]]
    if more := len(entries) - len(described):
        described.append(say(context, f"{more} more", f"另外还有{more}个"))
    if context.language == "zh":
        return "；".join(described) + "。"
    *first, last = described
    return (f"{', '.join(first)} and {last}" if first else last) + "."


def _describe(entry: KeptReminder, context: ToolContext) -> str:
    if entry.duration_s is not None:
        length = timedelta(seconds=entry.duration_s)
        left = say_duration(entry.at - context.now, context.language)
        if context.language == "zh":
            return f"{say_duration(length, 'zh')}的倒计时，还剩{left}"
        length_en = say_duration(length, "en", is_adjective=True)
        return f"{_article(length_en)} {length_en} timer{_for(entry)} with {left} left"
    when = say_time(entry.at.astimezone(context.now.tzinfo), context.now, context.language)
    if context.language == "zh":
        return f"{when}提醒你{entry.what}" if entry.what else f"{when}的提醒"
    return f"a reminder {when}{' ' + entry.what if entry.what else ''}"


def confirm(entry: KeptReminder, context: ToolContext) -> str:
    if entry.duration_s is not None:
        length = say_duration(timedelta(seconds=entry.duration_s), context.language)
        return say(
            context, f"Your timer{_for(entry)} is set for {length}.", f"好的，{length}倒计时开始。"
        )
    when = say_time(entry.at, context.now, context.language)
    english = f"Okay, I'll remind you {when}{' ' + entry.what if entry.what else ''}."
    return say(context, english, f"好的，{when}提醒你{entry.what}。")


def when_due(entry: KeptReminder, context: ToolContext) -> str:
    if entry.duration_s is not None:
        length = timedelta(seconds=entry.duration_s)
        return say(
            context,
            f"Your {say_duration(length, 'en', is_adjective=True)} timer{_for(entry)} is up.",
            f"{say_duration(length, 'zh')}的倒计时结束了。",
        )
    if not entry.what:
        return say(context, "This is the reminder you asked for.", "时间到了，这是你要的提醒。")
    if context.language == "zh":
        # A verb can follow 该; what is or will be is told instead.
        is_verb = not re.match(r"有|是|别|不|没|要|会|[你我他她]|\d|[a-zA-Z]", entry.what)
        return f"该{entry.what.removesuffix('了')}了。" if is_verb else f"提醒你：{entry.what}。"
    if entry.what.lower().startswith("to "):
        return f"It's time {entry.what}."
    return f"Here is your reminder: {re.sub('^(?:about|that) ', '', entry.what)}."


def _for(entry: KeptReminder) -> str:
    return f" for {entry.what}" if entry.what else ""


def _article(words: str) -> str:
    return "an" if re.match(r"8|11-|18-|11 |18 ", words) else "a"


def say(context: ToolContext, english: str, chinese: str) -> str:
    return chinese if context.language == "zh" else english
