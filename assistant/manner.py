"""How replies sound: the manner that a user wishes, in words, speed and voice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import zhconv

Manner = Literal["formal", "friendly", "humorous", "concise"]

# As long and as concrete as these: "be witty" or "speak warmly" changed nothing in the replies of
# Qwen2.5-Coder-1.5B-Instruct.
_PROMPTS: dict[Manner, dict[Literal["en", "zh"], str]] = {
    "formal": {
        "en": 'Manner: very formal. Address the user as "Sir or Madam", use no contractions, and '
        "write like an official letter.",
        "zh": "说话方式：非常正式，用书面语。以“您好，”开头，始终称用户为“您”。",
    },
    "friendly": {
        "en": 'Manner: a warm friend. Begin with something like "Oh, lovely question!" and end '
        "with a caring question to the user.",
        "zh": "说话方式：像亲切的好朋友。以“哎呀，这个问题真好！”之类的话开头，"
        "最后关心地反问一句。",
    },
    "humorous": {
        "en": "Manner: a comedian. Give the right answer in one sentence, then end with a silly "
        "joke or pun about it.",
        "zh": "说话方式：像相声演员。先用一句话给出正确答案，然后一定要加一句关于它的俏皮话。",
    },
    "concise": {
        "en": "Manner: as brief as possible. Give only the answer itself, in at most ten words.",
        "zh": "说话方式：越短越好，只说答案本身，不超过十五个字。",
    },
}


@dataclass(frozen=True)
class ManneredSpeech:
    speed: float = 1.0
    """Times the configured speed."""
    voices: Mapping[str, str] = field(default_factory=dict)
    """Voice ids by language; for users who chose no voice."""


_SPEECH: dict[Manner, ManneredSpeech] = {
    "formal": ManneredSpeech(0.95, {"en": "kokoro:bm_george", "zh": "kokoro:zm_yunyang"}),
    "friendly": ManneredSpeech(1.0, {"en": "kokoro:af_heart", "zh": "kokoro:zf_xiaoxiao"}),
    "humorous": ManneredSpeech(1.05, {"en": "kokoro:am_puck", "zh": "kokoro:zm_yunxi"}),
    "concise": ManneredSpeech(1.15),
}


def manner_prompt(manner: Manner | None, language: Literal["en", "zh"]) -> str:
    """Return a sentence for the system prompt; empty for no manner."""
    return _PROMPTS[manner][language] if manner else ""


def mannered_speech(manner: Manner | None) -> ManneredSpeech:
    return _SPEECH[manner] if manner else ManneredSpeech()


_STYLES: dict[Manner, tuple[str, str]] = {
    "concise": (
        r"brief|briefly|concise|concisely|short|shorter|terse|to the point",
        r"简短|简洁|简练|精简|短",
    ),
    "formal": (
        r"formal|formally|polite|politely|professional|serious",
        r"正式|礼貌|客气|严肃|专业",
    ),
    "humorous": (r"funny|funnier|humorous|witty|wittier|playful", r"幽默|搞笑|有趣|风趣"),
    "friendly": (
        r"friendly|friendlier|warm|warmer|casual|casually|informal|informally|relaxed",
        r"友好|亲切|随意|轻松|热情|口语",
    ),
}
_PLEASE = (
    r"(?:(?:please|(?:can|could|would|will) you|i(?:'d| would) like you to|i want you to|you should"
    r"|try to|from now on|in (?:the )?future|and|but|always|just)[, ]+)*"
)
_MORE = r"(?:(?:a (?:bit|little)|much|more|very|really|as) )*"
_THEN = (
    r"(?:,? (?:please|from now on|in (?:the )?future|always|(?:to|with) me|as possible|when you \w+"
    r"|than that|too))*"
)
_PLEASE_ZH = r"(?:请|你|能不能|可不可以|可以|能|麻烦|以后|从现在起|今后|我希望你|我想让你|[，,\s])*"
_BE_ZH = r"(?:得|要|再|更|可以|能不能|能|请|尽量|都|变得|用)*"
_THEN_ZH = r"(?:[吧吗啊，\s]|好吗|好不好|可以吗|行吗|谢谢)*"


def _wish(english: str, chinese: str) -> re.Pattern[str]:
    style = rf"{_MORE}(?:{english})"
    answers = r"(?:(?:all )?your )?(?:answers|replies|responses|language|tone)"
    in_style = rf"(?:{style}|in an? {style} (?:way|tone|manner|style|voice))"
    a_bit = r"(?:一点儿?|一些|点儿?|些)"
    manner = r"(?:语气|口气|方式|口吻|风格|话)"
    return re.compile(
        rf"{_PLEASE}(?:be {style}|(?:answer|speak|talk|reply|respond)(?: to me)? {in_style}"
        rf"|(?:keep|make) {answers} {style}|(?:give|use)(?: me)? {style} {answers}){_THEN}"
        rf"|{_PLEASE_ZH}(?:(?:说话?|讲话?|回答|回复|语气|口气|表达){_BE_ZH}(?:{chinese}){a_bit}?"
        rf"|{_BE_ZH}(?:{chinese}){a_bit}(?:地?(?:说话?|讲话?|回答|聊天?|跟我说话?))?"
        rf"|{_BE_ZH}(?:{chinese})的{manner}(?:[跟和对]我)?(?:说话?|讲话?|回答|聊天?)){_THEN_ZH}",
        re.IGNORECASE,
    )


_WISHES = {manner: _wish(*words) for manner, words in _STYLES.items()}


def infer_manner(question: str) -> Manner | None:
    """Return the manner that the user asks for, if any: "be brief from now on", "幽默一点".

    A wish for one reply, as in "give me a brief summary", is none.
    """
    question = zhconv.convert(" ".join(question.replace("’", "'").split()), "zh-hans")
    for sentence in re.split(r"[.!?;。！？；]", question):
        for manner, wish in _WISHES.items():
            if wish.fullmatch(sentence.strip(" ,，")):
                return manner
    return None
