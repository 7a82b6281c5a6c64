"""Numbers in Chinese text, as they are read aloud."""

import pytest

from speech.tts.mandarin import Mandarin


@pytest.fixture(scope="module")
def mandarin() -> Mandarin:
    return Mandarin()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("增长了3.5%", "增长了百分之三点五"),
        ("100%", "百分之一百"),
        ("2026年11月22日", "二零二六年十一月二十二日"),
        ("2026-11-22", "二零二六年十一月二十二日"),
        ("13:05", "十三点零五分"),
        ("25元", "二十五元"),
        ("1,234,567人", "一百二十三万四千五百六十七人"),
        ("5000元", "五千元"),
        ("气温-5度", "气温零下五度"),
        ("10kg", "十千克"),
        ("3-5天", "三到五天"),
        ("2个人", "两个人"),
        ("便宜了1/3", "便宜了三分之一"),
        ("1+1=2", "一加一等于二"),
        ("13812345678", "幺三八幺二三四五六七八"),
        ("好（真的）", "好，真的，"),
    ],
)
def test_numbers_are_read_in_chinese(mandarin: Mandarin, written: str, read: str) -> None:
    assert mandarin.spell_out(written) == read


def test_phonemes_carry_the_tones(mandarin: Mandarin) -> None:
    assert mandarin.phonemize("你好，世界。") == "ni↓xau↓, ʂɨ↘ʨje↘."
    assert mandarin.phonemize(" ") == ""
