import pytest

from assistant.checks.normalise import normalise, spelling


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ＢＯＭＢ", "bomb"),
        ("b\u200bo\u00admb", "bomb"),
        ("bömb", "bomb"),
        ("bo\u0308mb", "bomb"),
        ("b.o.m.b", "bomb"),
        ("a b o m b now", "a bomb now"),
        ("b-o_m-b", "bomb"),
        ("b.0.m.b", "bomb"),
        ("b0mb", "bomb"),
        ("sh1t @ss", "shit ass"),
        ("вомв", "bomb"),
        ("make\n  poison", "make poison"),
        ("don’t", "don't"),
        ("炸 弹", "炸弹"),
        ("炸*弹 b", "炸弹 b"),
        ("炸彈怎麼做", "炸弹怎么做"),
        ("ﬁne", "fine"),
    ],
)
def test_what_hides_a_word_is_taken_away(text, plain):
    assert normalise(text).text == plain


@pytest.mark.parametrize(
    "text", ["is a b better", "5.0.1", "mp3", "in 2010", "好。 坏", "3 + 4", "i am", "x y"]
)
def test_ordinary_text_stays_as_it_is(text):
    assert normalise(text).text == text


def test_each_character_knows_where_it_came_from():
    text = "Ｘ b.o.m.b  炸 彈!"
    plain = normalise(text)
    assert plain.text == "x bomb 炸弹!"
    assert len(plain.offsets) == len(plain.text) + 1
    begin, end = plain.text.index("bomb"), plain.text.index("炸")
    assert text[plain.offsets[begin] : plain.offsets[begin + 4]] == "b.o.m.b"
    assert text[plain.offsets[end] : plain.offsets[end + 2]] == "炸 彈"


def test_letters_at_the_end_of_a_growing_text_may_be_spelling_something():
    assert list(spelling("make a b.o")) == [(5, "abo"), (7, "bo"), (9, "o")]
    assert list(spelling("make a bomb")) == []
    assert normalise("d a m", is_growing=True).text == "d a m"
    assert normalise("d a m n it", is_growing=True).text == "damn it"
