from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assistant.errors import ToolError
from assistant.plugins.base import Answer, ToolContext
from assistant.plugins.built_in.notes import notes
from assistant.plugins.choice import match

EN = ToolContext(user_id="u", conversation_id="c", language="en", now=datetime.now(UTC))
ZH = replace(EN, language="zh")


def ask(question: str, context: ToolContext) -> Answer:
    call = match(question, [notes])
    assert call, f"no pattern matches {question!r}"
    answer = notes.run(context=context, **call.arguments)
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("question", "context", "kept", "said"),
    [
        ("Take a note: buy milk.", EN, "buy milk", "Noted: buy milk."),
        ("please make a note that Anna likes tulips", EN, "Anna likes tulips",
         "Noted: Anna likes tulips."),
        ("note down the door code is 1234", EN, "the door code is 1234",
         "Noted: the door code is 1234."),
        ("记一下：买牛奶", ZH, "买牛奶", "记下了：买牛奶。"),
        ("帮我记一下明天交电费", ZH, "明天交电费", "记下了：明天交电费。"),
    ],
)  # fmt: skip
def test_a_note_is_kept_as_it_was_said(
    question: str, context: ToolContext, kept: str, said: str
) -> None:
    answer = ask(question, context)
    assert answer.store == [kept]
    assert answer.text == said


@pytest.mark.parametrize(
    ("question", "context", "said"),
    [
        ("What are my notes?", EN, "You have 2 notes: Anna likes tulips; buy milk."),
        ("read my notes", EN, "You have 2 notes: Anna likes tulips; buy milk."),
        ("我的笔记有哪些", ZH, "你有2条笔记：Anna likes tulips；buy milk。"),
        ("我的筆記有哪些？", ZH, "你有2条笔记：Anna likes tulips；buy milk。"),
    ],
)
def test_notes_are_read_the_newest_first(question: str, context: ToolContext, said: str) -> None:
    assert ask(question, replace(context, stored=["buy milk", "Anna likes tulips"])).text == said


@pytest.mark.parametrize(
    ("question", "context", "stored", "left"),
    [
        ("Delete the note about milk.", EN, ["buy milk", "call Bob"], ["call Bob"]),
        ("delete my last note", EN, ["buy milk", "call Bob"], ["buy milk"]),
        ("delete the note", EN, ["buy milk"], []),
        ("delete all my notes", EN, ["buy milk", "call Bob"], []),
        ("delete the note about bread", EN, ["buy milk", "call Bob"], None),
        ("delete the note", EN, ["buy milk", "call Bob"], None),
        ("删除关于牛奶的笔记", ZH, ["买牛奶", "交电费"], ["交电费"]),
        ("把关于电费的那条笔记删掉", ZH, ["买牛奶", "交电费"], ["买牛奶"]),
        ("删除所有笔记", ZH, ["买牛奶", "交电费"], []),
        ("删除我的笔记", ZH, ["买牛奶", "交电费"], None),
    ],
)
def test_only_the_named_note_is_deleted(
    question: str, context: ToolContext, stored: list[str], left: list[str] | None
) -> None:
    assert ask(question, replace(context, stored=stored)).store == left


@pytest.mark.parametrize(
    "question",
    [
        "what is a note in music",
        "take note of the time",
        "delete the file notes.txt",
        "笔记本电脑多少钱",
    ],
)
def test_other_questions_are_not_for_notes(question: str) -> None:
    assert match(question, [notes]) is None


def test_there_is_an_end_to_how_many_are_kept() -> None:
    with pytest.raises(ToolError, match="full"):
        ask("take a note: one more", replace(EN, stored=["x"] * 100))
