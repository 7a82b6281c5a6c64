import pytest

from assistant.prompts import FALLBACK, INTERRUPTED, REFUSAL, append_sentence, sentence_language


@pytest.mark.parametrize(
    ("language", "question", "expected"),
    [
        (None, "What time is it?", "en"),
        (None, "现在几点？", "zh"),
        (None, "Python是什么？", "zh"),
        (None, "What does 你好 mean?", "en"),
        (None, "42", "en"),
        ("zh-CN", "hello", "zh"),
        ("en", "你好", "en"),
        ("fr", "你好", "en"),
    ],
)
def test_the_user_s_language_is_taken_from_the_request_and_else_from_the_script(
    language, question, expected
):
    assert sentence_language(language, question) == expected


def test_every_prepared_sentence_exists_in_both_languages():
    assert FALLBACK.keys() == INTERRUPTED.keys() == REFUSAL.keys() == {"en", "zh"}


def test_a_sentence_is_joined_to_what_was_said_before():
    assert append_sentence("", "Sorry.") == "Sorry."
    assert append_sentence("One.", "Sorry.") == " Sorry."
    assert append_sentence("One and", "Sorry.") == "… Sorry."
    assert append_sentence("One.\n", "Sorry.") == "Sorry."
    assert append_sentence("第一，", "抱歉。") == "…抱歉。"
    assert append_sentence("好。", "抱歉。") == "抱歉。"
