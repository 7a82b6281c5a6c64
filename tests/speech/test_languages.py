"""The languages that Whisper knows."""

import pytest
from whisper.tokenizer import LANGUAGES as WHISPERS

from speech.languages import LANGUAGES, join_texts, language_code


def test_they_are_those_of_whisper() -> None:
    assert LANGUAGES == WHISPERS


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("EN_us", "en"),
        (" English ", "en"),
        ("haitian creole", "ht"),
        ("nb-NO", "no"),
        ("Mandarin", "zh"),
        ("xx", None),
        ("", None),
    ],
)
def test_a_language_is_known_by_code_tag_or_name(given: str, code: str | None) -> None:
    assert language_code(given) == code


def test_chinese_sentences_stand_beside_each_other_without_a_space() -> None:
    assert join_texts(["你好。", "再见。"], "zh") == "你好。再见。"
    assert join_texts(["Hello.", "Bye."], "en") == "Hello. Bye."
