import pytest

from assistant.manner import infer_manner, manner_prompt, mannered_speech
from speech.tts.voices import find_voice

MANNERS = ("formal", "friendly", "humorous", "concise")


@pytest.mark.parametrize(
    ("question", "manner"),
    [
        ("be brief from now on", "concise"),
        ("Be concise.", "concise"),
        ("Keep your answers short", "concise"),
        ("Give shorter answers, please", "concise"),
        ("Please be more formal.", "formal"),
        ("From now on, please speak formally", "formal"),
        ("Could you be a bit more humorous?", "humorous"),
        ("I'd like you to be funny", "humorous"),
        ("Thanks. Be more friendly please!", "friendly"),
        ("talk to me in a friendly way", "friendly"),
        ("说得简短一点", "concise"),
        ("回答简短一些", "concise"),
        ("以后回答要简洁", "concise"),
        ("请正式一点", "formal"),
        ("请用正式的语气跟我说话", "formal"),
        ("幽默一点", "humorous"),
        ("說話幽默一點", "humorous"),
        ("你能不能幽默一点？", "humorous"),
        ("你说话可以亲切一点吗", "friendly"),
    ],
)
def test_a_wish_for_a_manner_is_heard(question, manner):
    assert infer_manner(question) == manner


@pytest.mark.parametrize(
    "question",
    [
        "give me a brief summary of WWII",
        "How can I be more formal in emails?",
        "Is it better to be brief?",
        "Tell me a funny story",
        "Write a short poem",
        "make it short",
        "Why are you so formal?",
        "My teacher says I should be brief",
        "the dress code will be formal",
        "I don't want you to be formal",
        "我想变得幽默一点",
        "怎么让我的邮件更正式",
        "给我讲个有趣的故事",
        "他说话很幽默",
        "写一封正式的信",
        "短一点的裤子哪里买",
        "法国的历史，简短介绍一下",
        "别那么正式",
    ],
)
def test_talk_about_a_manner_is_no_wish(question):
    assert infer_manner(question) is None


def test_each_manner_has_words_in_both_languages():
    for language in ("en", "zh"):
        assert len({manner_prompt(manner, language) for manner in MANNERS}) == len(MANNERS)
        assert manner_prompt(None, language) == ""


def test_each_manner_has_a_speed_and_voices_that_exist():
    assert mannered_speech(None).speed == 1.0
    assert mannered_speech("concise").speed > mannered_speech("formal").speed
    for manner in MANNERS:
        for language, voice in mannered_speech(manner).voices.items():
            assert language in find_voice(voice).languages
