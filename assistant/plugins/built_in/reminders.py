"""Timers and reminders, which speak up when they are due."""

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, TypeAdapter

from assistant.errors import ToolError
from assistant.plugins.base import Answer, Reminder, ToolContext, tool
from assistant.plugins.built_in.reminder_patterns import PATTERNS, TIMER, ZH_TIMER
from assistant.plugins.built_in.reminder_wording import (
    KeptReminder,
    confirm,
    describe,
    say,
    when_due,
)
from assistant.plugins.built_in.time_grammar import DURATION
from assistant.plugins.built_in.time_phrases import after, find_duration, find_time
from assistant.plugins.numerals import in_simplified

_MAX_REMINDERS = 50

_KEPT: TypeAdapter[list[KeptReminder]] = TypeAdapter(list[KeptReminder])


@tool(
    patterns=PATTERNS,
    hints=(
        "timer", "timers", "remind", "reminder", "reminders", "alarm", "countdown", "wake",
        "提醒", "闹钟", "计时", "倒计时", "叫我", "叫醒",
    ),
    permissions=("reminders", "storage"),
)  # fmt: skip
def reminders(
    context: ToolContext,
    timer: Annotated[
        str | None, Field(description="Set a timer: how long, e.g. 10 minutes")
    ] = None,
    remind: Annotated[
        str | None, Field(description="Set a reminder: when and of what, in the user's words")
    ] = None,
    show: Annotated[
        str | None, Field(description="Tell which are set: timers or reminders")
    ] = None,
    cancel: Annotated[str | None, Field(description="Cancel: which timer or reminder")] = None,
) -> Answer:
    """Set, list or cancel timers and reminders: exactly one of the arguments."""
    kept = [
        entry for entry in _KEPT.validate_python(context.stored or []) if entry.at > context.now
    ]
    kept.sort(key=lambda entry: entry.at)
    if cancel is not None:
        return _cancel(cancel, kept, context)
    if show is not None:
        return Answer(text=_list(show, kept, context))
    entry = _read_timer(timer, context) if timer is not None else None
    entry = entry or _read_reminder(remind or timer or "", context)
    if len(kept) >= _MAX_REMINDERS:
        raise ToolError(say(context, "You have too many reminders already.", "提醒已经太多了。"))
    return Answer(
        text=confirm(entry, context),
        store=_KEPT.dump_python([*kept, entry], mode="json"),
        remind=(Reminder(id=entry.id, at=entry.at, text=when_due(entry, context)),),
    )


def _read_timer(said: str, context: ToolContext) -> KeptReminder | None:
    found = find_duration(said)
    if found is None:
        if find_time(said, context.now):
            return None  # An alarm.
        english = "For how long? Please say, for example, set a timer for ten minutes."
        raise ToolError(say(context, english, "要多长时间？请这样说：十分钟的倒计时。"))
    duration, rest = found
    purpose = re.search(r"\bfor (.+)", rest)
    return KeptReminder(
        id=uuid.uuid4().hex,
        at=after(context.now, duration),
        kind="timer",
        duration_s=duration.total_seconds(),
        what=_to_the_user(purpose[1]) if purpose else "",
    )


def _read_reminder(said: str, context: ToolContext) -> KeptReminder:
    found = find_time(said, context.now)
    if found is None:
        english = "When should I remind you? Please ask me again with the time."
        raise ToolError(say(context, english, "什么时候提醒你？请带上时间再说一遍。"))
    at, what = found.at, found.rest
    if re.search(r"^wake |\balarm\b|叫醒|闹钟|鬧鐘", said) and not _AFTER_NOON.search(said):
        # Waking at 7 is meant for the morning, whatever the time is now.
        at = at.replace(hour=at.hour % 12) + timedelta(days=at.hour // 12)
        if at - timedelta(days=1) > context.now:
            at -= timedelta(days=1)
    for left_out in _NO_PURPOSE:
        what = left_out.sub("", what)
    if not what and re.search("^wake |叫醒", said):
        what = say(context, "to wake up", "起床")
    return KeptReminder(id=uuid.uuid4().hex, at=at, kind="reminder", what=_to_the_user(what))


def _cancel(said: str, kept: Sequence[KeptReminder], context: ToolContext) -> Answer:
    candidates = _of_kind(said, kept)
    if not candidates:
        return Answer(text=_list(said, kept, context))
    is_all = re.search(
        r"\b(?:all|every|timers|countdowns|reminders|alarms)\b|所有|全部|都", in_simplified(said)
    )
    if not is_all and len(candidates) > 1:
        candidates = _named(said, candidates, context)
        if not candidates:
            which = say(context, "Which one? ", "要取消哪一个？")
            return Answer(text=which + _list(said, kept, context))
    ids = tuple(entry.id for entry in candidates)
    return Answer(
        text=say(context, "Cancelled: ", "已取消：") + describe(candidates, context),
        store=_KEPT.dump_python([entry for entry in kept if entry.id not in ids], mode="json"),
        cancel_reminders=ids,
    )


def _named(
    said: str, candidates: Sequence[KeptReminder], context: ToolContext
) -> list[KeptReminder]:
    """Return the one whose length, time or purpose the user names, if any."""
    length, at = find_duration(said), find_time(said, context.now)
    words = set(re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]", said.lower())) - _CANCEL_WORDS

    def score(entry: KeptReminder) -> float:
        is_length = length is not None and entry.duration_s == length[0].total_seconds()
        is_time = at is not None and (entry.at.hour, entry.at.minute) == (at.at.hour, at.at.minute)
        what = set(re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]", entry.what.lower()))
        return 10 * (is_length or is_time) + len(words & what)

    best = max(candidates, key=score)
    # Of two that are alike it is the next one that is due.
    is_clear = score(best) >= 10 or [score(entry) for entry in candidates].count(score(best)) == 1
    return [best] if score(best) and is_clear else []


def _of_kind(said: str, kept: Sequence[KeptReminder]) -> list[KeptReminder]:
    said = in_simplified(said.lower())
    if re.search(rf"{TIMER}|{ZH_TIMER}", said) or not said:
        return [entry for entry in kept if entry.kind == "timer"]
    return [entry for entry in kept if entry.kind == "reminder"]


def _list(said: str, kept: Sequence[KeptReminder], context: ToolContext) -> str:
    is_timer = re.search(rf"{TIMER}|{ZH_TIMER}", in_simplified(said.lower())) or not said
    if entries := _of_kind(said, kept):
        return say(context, "You have ", "你有") + describe(entries, context)
    if is_timer:
        return say(context, "You have no timer running.", "现在没有倒计时。")
    return say(context, "You have no reminders.", "你没有待办的提醒。")


_AFTER_NOON = re.compile(
    rf"{DURATION}|p\.?m\b|noon|evening|night|下午|晚|中午|傍晚|夜", re.IGNORECASE
)
_NO_PURPOSE = (
    re.compile(
        r"^(?:wake me(?: up)?|(?:for|up|me|of)\b|,|(?:an? )?alarm\b|timer\b)* *", re.IGNORECASE
    ),
    # What stands before "remind me" is politeness.
    re.compile(r"^.*?(?:提醒|叫醒|叫|通知|喊)一?下?我"),
    re.compile(r"^(?:一下|记得|[,，的])+|[,，]?(?:好吗|可以吗|行吗|吗)$"),
    re.compile(r"^(?:一?[个個])?的?(?:闹钟|鬧鐘|提醒|提醒事项)$"),
    re.compile(r"^[ ,，]+|[ ,，]+$"),
)
"""What is left of the words for a reminder beside its time, and is not what it is for."""

_SECOND_PERSON = {
    "my": "your", "mine": "yours", "me": "you", "i": "you", "i'm": "you're", "am": "are",
    "myself": "yourself", "i've": "you've", "i'll": "you'll",
}  # fmt: skip
_CANCEL_WORDS = frozenset(
    ["the", "timer", "countdown", "reminder", "alarm", "for", "about", "that", "and", "please",
     *"的提醒闹钟倒计时器那个定一"]
)  # fmt: skip


def _to_the_user(what: str) -> str:
    """Return what the user said of themselves as it is said to them."""
    words = re.sub(
        r"[A-Za-z']+", lambda word: _SECOND_PERSON.get(word[0].lower(), word[0]), what.strip()
    )
    return words.replace("我", "你")[:200]
