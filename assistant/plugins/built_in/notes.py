"""Notes: taken, read out and deleted."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from assistant.errors import ToolError
from assistant.plugins.base import Answer, ToolContext, tool

_MAX_NOTES = 100
_MAX_READ = 5
"""Who listens does not remember more."""
_ZH_NOTES = r"(?:笔记|備忘錄|备忘录|備忘|备忘|便签|便簽|筆記)"
_ALL = re.compile(r"\b(?:all|every)\b|\bnotes$|所有|全部|都", re.IGNORECASE)
_LATEST = re.compile(r"\b(?:last|latest)\b|最后|最後|最近|最新|上一[条條]", re.IGNORECASE)
_NOT_ABOUT = re.compile(
    r"^.*?\bnotes?\b(?: (?:about|on|with|that says|saying|to|of))?"
    rf"|^(?:我的|关于|關於|有关|有關|[那这這][条條个個])+|的?[那这這]?[条條个個]?{_ZH_NOTES}.*$",
    re.IGNORECASE,
)


@tool(
    patterns=(
        r"^(?:(?:take|make|write|add|create)(?: down)? (?:an?|another|the|this) (?:new )?note\b"
        r"|note down|jot down)[:,]?(?: that| saying| to (?:self|myself))?[:,]? +(?P<add>\S.*)",
        r"^(?:what are|read|show|list|tell me|give me)(?: me)?(?: out)?(?: all)?(?: of)? my "
        r"(?P<read>notes)$",
        r"^(?:what|which|how many) (?P<read>notes) do i have",
        r"^do i have any (?P<read>notes)$",
        r"^(?:delete|remove|erase|discard|clear) (?P<delete>(?:(?:the|my|all|last|every|of|"
        r"latest) )*notes?\b(?: .*)?)$",
        r"^(?:(?:帮我|给我)?(?:记一下|记下来?|记个笔记|做个?笔记|写个?笔记|加个?笔记|记一条笔记|添加笔记|"
        r"记笔记|加一条笔记|新建笔记))[:,\s]*(?P<add>\S.*)",
        rf"^(?:帮我|给我)?(?:看看|查看|念一下|念|读一下|读|列出|显示)?我的(?:所有|全部)?(?P<read>{_ZH_NOTES})"
        r"(?:都?有(?:哪些|什么)|是什么|里(?:都)?有什么|列表)?$",
        rf"^我(?:现在)?(?:有|记了|写了)(?:哪些|什么|几条|多少)(?P<read>{_ZH_NOTES})$",
        rf"^(?:帮我)?(?:删除|删掉|删去|删|清空|清除)(?P<delete>.*{_ZH_NOTES})(?:吧)?$",
        rf"^把(?P<delete>.*{_ZH_NOTES}.*?)(?:都|全部)?(?:删除|删掉|删了|清空|删)$",
    ),
    hints=("note", "notes", "jot", "笔记", "记下", "记一下", "备忘", "便签"),
    permissions=("storage",),
)
def notes(
    context: ToolContext,
    add: Annotated[str | None, Field(description="Take a note: its text", max_length=1000)] = None,
    read: Annotated[str | None, Field(description="Read the notes out")] = None,
    delete: Annotated[str | None, Field(description="Delete: all notes, or about what")] = None,
) -> Answer:
    """Take, read or delete the user's notes: exactly one of the arguments."""
    kept: list[str] = list(context.stored or [])
    is_zh = context.language == "zh"
    if delete is not None:
        return _delete(delete, kept, is_zh=is_zh)
    if add is None:
        return Answer(text=_read(kept, is_zh=is_zh))
    if len(kept) >= _MAX_NOTES:
        full = "Your notes are full; please delete some first."
        raise ToolError("笔记已经满了，请先删掉一些。" if is_zh else full)
    text = add.strip(" ,，:：。")
    return Answer(text=f"记下了：{text}。" if is_zh else f"Noted: {text}.", store=[*kept, text])


def _read(kept: Sequence[str], *, is_zh: bool) -> str:
    if not kept:
        return "你还没有笔记。" if is_zh else "You have no notes."
    newest = list(reversed(kept))[:_MAX_READ]
    if is_zh:
        rest = f"，最近的{_MAX_READ}条是" if len(kept) > _MAX_READ else ""
        return f"你有{len(kept)}条笔记{rest}：{'；'.join(newest)}。"
    count = "1 note" if len(kept) == 1 else f"{len(kept)} notes"
    rest = f", the latest {_MAX_READ} of which are" if len(kept) > _MAX_READ else ""
    return f"You have {count}{rest}: {'; '.join(newest)}."


def _delete(which: str, kept: Sequence[str], *, is_zh: bool) -> Answer:
    if not kept:
        return Answer(text=_read(kept, is_zh=is_zh))
    about = _NOT_ABOUT.sub("", which).strip(" ,，的")
    if _ALL.search(which):
        return Answer(text="笔记都删了。" if is_zh else "All your notes are deleted.", store=[])
    if _LATEST.search(which) or (len(kept) == 1 and not about):
        found = [kept[-1]]
    else:
        found = [note for note in kept if about and about.casefold() in note.casefold()]
    if not about and not found:
        question = "Which note? Please say, for example, delete the note about milk."
        return Answer(text="要删除哪一条？请说，比如：删除关于牛奶的笔记。" if is_zh else question)
    if not found:
        return Answer(text="没有找到这样的笔记。" if is_zh else "I found no such note.")
    gone = "；".join(found) if is_zh else "; ".join(found)
    return Answer(
        text=f"已删除：{gone}。" if is_zh else f"Deleted: {gone}.",
        store=[note for note in kept if note not in found],
    )
