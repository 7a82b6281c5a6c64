"""What is said of a written text, and in which language."""

import pytest

from speech.speakable import language_of, speakable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello there.", "Hello there."),
        ("# Title\n\nSome **bold** and *italic* text.", "Title. Some bold and italic text."),
        ("- one\n- two\n\n1. first\n2. second", "one. two. 1. first. 2. second"),
        ("    - nested item", "nested item"),
        ("> quoted ~~old~~ new", "quoted old new"),
        ("See [the docs](https://a.example/b) now.", "See the docs now."),
        ("![a grey cat](cat.png)", "a grey cat"),
        ("Go to https://www.example.com/x/y?z=1, please.", "Go to example.com, please."),
        ("请看 https://example.com/a。好的", "请看 example.com。好的"),
        ("Write to me@example.com.", "Write to me@example.com."),
        ("Use `my_var` and snake_case.", "Use my var and snake case."),
        ("| Name | Age |\n|---|---|\n| Ann | 7 |", "Name, Age. Ann, 7"),
        ("| Ann | 7 |", "Ann, 7"),
        ("<b>bold</b><br>a < b &amp; c", "bold a < b & c"),
        (r"The area is $x^2$ or \(\frac{a}{b}\).", "The area is x 2 or a / b."),
        ("Hi 😀! 👍🏽", "Hi!"),
        ("What??? 你好！！！", "What? 你好！"),
        ("It costs $5, €1 or £3 million.", "It costs 5 dollars, 1 euro or 3 million pounds."),
        ("价格是¥25，也就是$3.50。", "价格是25元，也就是3.50美元。"),
        ("C# and C++ & co.", "C# and C++ & co."),
    ],
)
def test_only_what_can_be_said_is_left(text: str, said: str) -> None:
    assert speakable(text) == said


@pytest.mark.parametrize("text", ["", " \n", "😀👍", "---", "|---|:-:|", "**", "- ", "“”", "!!!"])
def test_nothing_is_said_where_there_are_no_words(text: str) -> None:
    assert speakable(text) == ""


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        ("**It begins here. ", "It begins here."),
        ("and ends here**.", "and ends here."),
        ("`half a name", "half a name"),
    ],
)
def test_a_piece_cut_out_of_markdown_leaves_no_marks(piece: str, said: str) -> None:
    assert speakable(piece) == said


def test_a_code_block_becomes_a_remark_in_the_language_of_the_reply() -> None:
    block = "```python\nx = 1\n```"
    assert speakable(block) == "The code is on the screen."
    assert speakable(block, "zh") == "代码请看屏幕。"
    assert speakable(block, "fr") == ""
    assert speakable(f"看这段代码：\n\n{block}\n\n就这些。") == "看这段代码：代码请看屏幕。就这些。"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello there.", "en"),
        ("我喜欢用 Python、Docker 和 Kubernetes。", "zh"),
        ("He said 你好 to the teacher.", "zh"),
        ("今日はいい天気ですね", "ja"),
        ("日语里的の很常用。", "zh"),
        ("안녕하세요", "ko"),
        ("Привет, мир!", "ru"),
    ],
)
def test_the_language_is_seen_from_the_script(text: str, language: str) -> None:
    assert language_of(text, "en") == language


def test_the_default_decides_where_the_script_does_not() -> None:
    assert language_of("Bonjour", "fr") == "fr"
    assert language_of("Hello", "zh") == "en"
    assert language_of("3.14", "zh") == "zh"
    assert language_of("5×3÷2", "zh") == "zh"
    assert language_of("Привіт", "uk") == "uk"
