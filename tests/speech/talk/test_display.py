"""What is written to a terminal, and to a file instead of one."""

import io

import pytest

from speech.talk.display import Display
from speech.talk.texts import EN, ZH, choose_texts


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_status_is_drawn_over_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    display = Display(terminal)
    display.show("listening", -60.0)
    display.show("listening", -30.0)
    display.say("You: hello")
    written = terminal.getvalue()
    assert written.startswith("● listening ▯▯▯▯▯▯▯▯▯▯\r\x1b[2K● listening ▮▮▮▮▮▯▯▯▯▯\r\x1b[2K")
    assert written.endswith("You: hello\n● listening ▮▮▮▮▮▯▯▯▯▯")


def test_a_long_chinese_caption_shows_its_end_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    Display(terminal).show("正在听你说", None, "今天下午北京的天气怎么样需要带伞吗")
    assert terminal.getvalue() == "● 正在听你说  …么样需要带伞吗"


def test_without_a_terminal_each_state_is_a_line() -> None:
    file = io.StringIO()
    display = Display(file)
    for level in (-60.0, -20.0):
        display.show("listening", level)
    display.show("speaking", -20.0)
    display.close()
    assert file.getvalue() == "[listening]\n[speaking]\n"


def test_a_closed_terminal_ends_nothing() -> None:
    terminal = Terminal()
    display = Display(terminal)
    terminal.close()
    display.say("You: hello")
    display.show("listening")


def test_both_languages_say_the_same_things() -> None:
    assert EN.keys() == ZH.keys()
    for name, text in EN.items():
        assert text.count("{") == ZH[name].count("{"), name


def test_the_language_of_the_terminal_is_that_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    assert choose_texts(None) is EN
    assert choose_texts("zh") is ZH
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert choose_texts(None) is ZH
    assert choose_texts("en") is EN
