"""Cutting a growing reply into pieces."""

import random

import pytest

from speech.sentences import MAX_CHARS, SentenceCutter

REPLIES = [
    "Sure! The weather in Paris is fine today, and stays so. Tomorrow brings rain. Take care.",
    "Pi is 3.14159, e.g. in geometry. Mr. Smith paid $1,000.50 in the U.S. last year! Really? Yes.",
    "今天天气很好，我们一起去公园散步吧。明天会下雨！你带伞了吗？好的；再见。",
    "我喜欢用 Python 3.11 写程序，因为它很简单。He said “你好。” Then he left. 请看 https://example.com/a.b?c=1。好吗？",
    "# Steps\n\n1. Open it.\n2. Close it.\n\n- one, two\n\n| a | b |\n|---|---|\n| 1. | 2 |\n",
    "Here is code:\n\n```python\nx = 1. \nprint('Hi. There! ')\n```\nThat was it. Use `a. b`. End.",
    "Read [the. link](http://example.com/z) first. Then do the rest of it, slowly.",
    "word " * 120 + "end. " + "没有标点的很长的句子" * 60,
    "A stray ` backtick and [ bracket. " + "More words follow here, and more. " * 12,
]


def cut(text: str, sizes: list[int] | None = None) -> list[str]:
    cutter = SentenceCutter()
    pieces: list[str] = []
    while text:
        size = sizes.pop() if sizes else len(text)
        pieces += cutter.feed(text[:size])
        text = text[size:]
    return pieces + cutter.flush()


def stripped(text: str) -> list[str]:
    return [piece.strip() for piece in cut(text)]


@pytest.mark.parametrize("reply", REPLIES)
def test_the_pieces_are_the_reply_however_it_arrived(reply: str) -> None:
    at_once = cut(reply)
    assert "".join(at_once).strip() == reply.strip()
    chance = random.Random(7)
    for longest in (1, 3, 8, 40):
        assert cut(reply, [chance.randint(1, longest) for _ in reply]) == at_once


@pytest.mark.parametrize("reply", REPLIES)
def test_no_piece_is_too_long_to_wait_for(reply: str) -> None:
    assert all(len(piece.strip()) <= MAX_CHARS for piece in cut(reply))


def test_the_first_piece_ends_at_the_first_clause_that_is_long_enough() -> None:
    assert stripped(
        "Well, the weather in Paris, I think, is fine, or so. Then, at night, rain."
    ) == [
        "Well, the weather in Paris,",
        "I think, is fine, or so.",
        "Then, at night, rain.",
    ]
    assert stripped("好的，今天北京的天气很不错，适合出门。明天呢，可能会下雨。") == [
        "好的，今天北京的天气很不错，",
        "适合出门。",
        "明天呢，可能会下雨。",
    ]
    assert stripped("青蛙是两栖动物，有两对腿，有尾巴。")[0] == "青蛙是两栖动物，"
    assert stripped("当然可以，我推荐一杯燕麦粥，搭配水果。")[0] == "当然可以，我推荐一杯燕麦粥，"


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        ("The sky is blue because light is scattered.", "The sky is blue"),
        ("You can catch another train if you miss it.", "You can catch another train"),
        ("It rains because the air is wet.", "It rains because the air is wet."),
        ("You may well go out even if it rains.", "You may well go out even if it rains."),
        ("Two of them are red, but one is blue.", "Two of them are red,"),
        ("It is a nice place. People like it when it rains.", "It is a nice place."),
        ("A button that says Whenever is there.", "A button that says Whenever is there."),
    ],
)
def test_the_first_piece_may_end_where_a_clause_begins(reply: str, first: str) -> None:
    assert stripped(reply)[0] == first


def test_later_pieces_are_whole_sentences() -> None:
    assert stripped("Yes, of course you can. The sky is blue because light is scattered.") == [
        "Yes, of course you can.",
        "The sky is blue because light is scattered.",
    ]


@pytest.mark.parametrize(
    ("so_far", "certain"),
    [
        ("It is fine today.", False),
        ("It is fine today. ", True),
        ("Is it fine? ", True),
        ("It costs 3.", False),
        ("今天天气很好。", True),
        ("你今天好吗？", True),
        ("A heading\n", True),
        ("It is Mr. ", False),
        ("1. ", False),
        ("We live in the U.S. ", False),
        ("See `a. b", False),
        ("Look at https://example.com/a. b", True),
        ("Open [the. big", False),
    ],
)
def test_a_piece_waits_only_while_its_end_is_uncertain(so_far: str, certain: bool) -> None:
    assert bool(SentenceCutter().feed(so_far)) is certain


def test_numbers_abbreviations_and_addresses_stay_whole() -> None:
    text = (
        "Dr. Smith, e.g., paid 1,000.50 dollars at 13:05. It is at www.example.com/a.b, see `x. y`."
    )
    assert stripped(text) == [
        "Dr. Smith, e.g.,",
        "paid 1,000.50 dollars at 13:05.",
        "It is at www.example.com/a.b, see `x. y`.",
    ]


def test_very_short_sentences_are_spoken_with_the_next() -> None:
    assert stripped("Yes. I can do that. No. Never mind it.") == [
        "Yes. I can do that.",
        "No. Never mind it.",
    ]


def test_a_code_block_is_one_piece_even_unfinished() -> None:
    block = "```python\na = 1. \n\nb = 2. \n```"
    assert stripped(f"Look at this now:\n{block}\nThat was all.") == [
        "Look at this now:",
        block,
        "That was all.",
    ]
    assert stripped("Look at this now:\n```\na. \nb. \n") == ["Look at this now:", "```\na. \nb."]


def test_lines_and_list_items_end_pieces() -> None:
    assert stripped("# Plan\n1. Wake up\n2. Eat well\n- Sleep") == [
        "# Plan",
        "1. Wake up",
        "2. Eat well",
        "- Sleep",
    ]


def test_a_long_sentence_is_cut_at_a_clause_mark_else_at_a_space() -> None:
    clauses = "x" * 90 + ", " + "y" * 90 + ", " + "z" * 90
    assert [len(piece) for piece in cut(clauses)] == [183, 91]
    assert all(piece.strip().endswith("word") for piece in cut("word " * 100))


def test_it_is_ready_for_the_next_reply_after_a_flush() -> None:
    cutter = SentenceCutter()
    assert cutter.feed("Half of a") == []
    assert cutter.flush() == ["Half of a"]
    assert cutter.flush() == []
    assert cutter.feed("今天天气真的很好，") == ["今天天气真的很好，"]
