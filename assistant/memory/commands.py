"""What users say to steer what is remembered of them: remember, forget, what do you know?"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import zhconv

from assistant.memory.fact_terms import is_about
from assistant.memory.fact_wording import second_person, third_person
from assistant.memory.profile import Fact, clean_fact

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Remember:
    text: str
    """As a fact's text: "is vegetarian"."""


@dataclass(frozen=True)
class Forget:
    what: str
    """In the user's words: "my name", "I am vegetarian", "我在上海"."""


@dataclass(frozen=True)
class ForgetAll:
    pass


@dataclass(frozen=True)
class Recall:
    pass


MemoryCommand = Remember | Forget | ForgetAll | Recall

_MAX_CHARS = 400
"""Of a sentence that is read as a command."""

_SENTENCE = re.compile(r"[^.!?。！？\n]*(?:\.(?=\w)[^.!?。！？\n]*)*[.!?。！？]*")

_PLEASE = (
    r"(?:(?:please|kindly|okay|ok|hey|and|so|now|well|no|just|also|(?:can|could|would|will) you"
    r"|you (?:can|may|should|must)|i(?:'d| would) like you to|i want you to|tell me)\b[, ]*)*"
)
_THANKS = r"(?:[, ]+(?:please|now|thanks|thank you|again|for me|from your memory))*"
_ABOUT = (
    r"(?:(?:about|that|the fact that|what (?:i (?:said|told you)|you know) about|of)\s+)*"
    r"(?P<what>(?:i|i'm|im|i've|my|(?:where|who|what|when|how(?: old)?|whether) i)\b[^,]+?)"
)
_KNOWN = (
    r"(?:(?: that)? (?:you (?:know|remember|learned|(?:have )?(?:learned|stored|saved|kept))"
    r"|i(?:'ve| have)? (?:ever )?(?:told|said|shared)(?: to)?(?: you)?))"
)
_OF_ME = r"(?: (?:about|of|on) (?:me|myself))"
_MY_DATA = (
    r"(?:my (?:profile|(?:personal )?(?:data|information|details)|memories)|(?:your )?memory of me)"
)

_PLEASE_ZH = r"(?:请|麻烦|那就|那|好的?|现在|可以|能不能|能|帮我|给我|你|我要你|我想让你|[，,\s])*"
_THANKS_ZH = r"(?:吧|好吗|好不好|可以吗|行吗|谢谢|一下|啊|[，,\s])*"
_FORGET_ZH = r"(?:忘掉|忘记|忘了|删掉|删除|删了|清除|清空|抹掉)"
_EVERYTHING_ZH = r"(?:一切|所有|全部|全都|通通|统统|都)"
_QUESTION_ZH = r"(?!.*(?:怎么|如何|为什么|吗$|呢$))"

_FORGET_ALL = (
    rf"{_PLEASE}forget (?:all of )?(?:everything|all){_KNOWN}?{_OF_ME}?{_THANKS}",
    rf"{_PLEASE}forget (?:all )?(?:about )?(?:me|{_MY_DATA}){_THANKS}",
    rf"{_PLEASE}(?:delete|erase|clear|remove|wipe) (?:all of )?(?:(?:everything|all|anything)"
    rf"(?:{_KNOWN}{_OF_ME}?|{_OF_ME})|(?:all )?{_MY_DATA}){_THANKS}",
    rf"{_PLEASE_ZH}{_FORGET_ZH}(?:关于|有关|你(?:知道|记住|记得)的?)*我(?:跟你|对你)?"
    rf"(?:说|讲|告诉你)?过?的?{_EVERYTHING_ZH}(?:的?(?:事情?|信息|话|内容|资料|记忆))?{_THANKS_ZH}",
    rf"{_PLEASE_ZH}{_FORGET_ZH}(?:所有|一切|全部)的?(?:关于|有关)?我?的?"
    rf"(?:跟你|对你)?(?:说|讲|告诉你)?过?的?(?:一切|事情?|信息|话|内容|资料|记忆)?{_THANKS_ZH}",
    rf"{_PLEASE_ZH}把?(?:你(?:知道|记住|记得)的?)?(?:关于|有关)?我(?:跟你|对你)?(?:说|讲|告诉你)?过?"
    rf"的?(?:一切|所有|全部)?的?(?:话|事情?|信息|资料|内容|东西)?{_EVERYTHING_ZH}给?{_FORGET_ZH}{_THANKS_ZH}",
    rf"{_PLEASE_ZH}(?:{_FORGET_ZH}我|把我{_FORGET_ZH}){_THANKS_ZH}",
    rf"{_PLEASE_ZH}{_FORGET_ZH}(?:你?(?:对我|关于我)的(?:所有|全部)?记忆|我的(?:个人)?(?:资料|信息|数据|档案))"
    rf"{_THANKS_ZH}",
)
_FORGET = (
    rf"{_PLEASE}(?:forget|don't remember|do not remember|stop remembering) {_ABOUT}{_THANKS}",
    rf"{_PLEASE}(?:delete|erase|remove) {_ABOUT} from (?:your memory|my profile){_THANKS}",
    rf"{_PLEASE_ZH}(?:{_FORGET_ZH}|(?:不要|别|不用)再?记[得住]?)(?:关于)?{_QUESTION_ZH}"
    rf"(?P<what>我(?!们).+?)(?:这件事情?|的事情?|这一点)?{_THANKS_ZH}",
    rf"{_PLEASE_ZH}把(?:关于)?(?P<what>我(?!们).+?)(?:这件事情?|的事情?|这一点)?给?{_FORGET_ZH}{_THANKS_ZH}",
)
_NOT_FACTS = re.compile(
    r"\b(?:my|the) (?:last |previous |first |earlier )?(?:questions?|messages?|requests?|orders?"
    r"|reminders?|timers?|alarms?|notes?|lists?|words?)\b|\bi (?:asked|said)\b"
    r"|问题|消息|请求|提醒|闹钟|计时|定时|笔记|备忘|刚才|上一|了$",
    re.IGNORECASE,
)
_REMEMBER = (
    rf"{_PLEASE}(?:remember|keep in mind|note(?: down)?|memori[sz]e|don't forget|do not forget"
    r"|never forget)(?: that|:|,)? (?P<what>(?:i|i'm|im|i've)\b(?! (?:told|said|asked)\b).+"
    r"|my\b.+?(?:'s|\b(?:is|are|was|were|has|have|can|lives?|likes?|loves?|hates?|works?))\b.+)",
    rf"{_PLEASE_ZH}(?:记住|记下来?|记一下|记好|记着|记得|(?:别|不要)忘[了记]?)[，：,:\s]*(?!.*吗$)"
    r"(?P<what>我(?!们|说|的).{2,}|我的.+?(?:是|叫|有|在|为|住|对|喜欢).+?)",
)
_RECALL = (
    rf"{_PLEASE}(?:and )?what(?: else| all)? (?:do|did|have) you (?:know|remember|learn|learned"
    rf"|stored|saved|kept){_OF_ME}{_THANKS}",
    rf"{_PLEASE}what (?:have i|did i|i(?:'ve)?) (?:told|tell) you about (?:me|myself){_THANKS}",
    rf"{_PLEASE}(?:list |say |show me )?(?:everything|all|what|anything)(?: that)?"
    rf" you (?:know|remember){_OF_ME}{_THANKS}",
    rf"{_PLEASE}do you (?:know|remember) (?:anything|something){_OF_ME}{_THANKS}",
    rf"{_PLEASE}(?:what(?:'s| is) in|show me|read me|list) my (?:profile|memories){_THANKS}",
    rf"{_PLEASE_ZH}(?:都|还)?(?:知道|了解|记得|记住了?)(?:关于)?我(?:的)?(?:些什么|什么|哪些|多少)"
    rf"(?:事情?|信息|情况)?呢?",
    rf"{_PLEASE_ZH}(?:都|还)?(?:知道|了解|记得|记住了?)(?:些什么|什么|哪些|多少)(?:关于|有关)我的?"
    rf"(?:事情?|信息|情况)?呢?",
    rf"{_PLEASE_ZH}(?:关于|对于?)我，?你?(?:都|还)?(?:知道|了解|记得|记住了?)(?:些什么|什么|哪些|多少).{{0,2}}",
    rf"{_PLEASE_ZH}我(?:都|跟你|对你)*(?:告诉过?你|说过)(?:些什么|什么|哪些)关于(?:我|自己|我自己)的?(?:事情?)?",
    rf"{_PLEASE_ZH}(?:说说|讲讲|告诉我)你?(?:对我的了解|知道的?关于我的(?:事情?|一切)|对我了解多少)",
)


def _any(patterns: Sequence[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]


_FORGET_ALL_PATTERNS = _any(_FORGET_ALL)
_FORGET_PATTERNS = _any(_FORGET)
_REMEMBER_PATTERNS = _any(_REMEMBER)
_RECALL_PATTERNS = _any(_RECALL)


def memory_command(question: str) -> MemoryCommand | None:
    """Return what the user wants done with what is known of them; None for any other question.

    A wish to forget counts wherever it is said; the others only where nothing else is.
    """
    question = unicodedata.normalize("NFKC", question).replace("’", "'")
    sentences = [
        stripped
        for sentence in _SENTENCE.findall(question)
        if (stripped := sentence.strip(" .!?。！？,，;；"))
    ]
    for sentence in sentences:
        if _match(_FORGET_ALL_PATTERNS, sentence):
            return ForgetAll()
        what = _match(_FORGET_PATTERNS, sentence)
        if what and not _NOT_FACTS.search(what):
            return Forget(what)
    if len(sentences) != 1:
        return None
    if _match(_RECALL_PATTERNS, sentences[0]):
        return Recall()
    what = _match(_REMEMBER_PATTERNS, sentences[0])
    text = clean_fact(third_person(what)) if what else ""
    return Remember(text) if text else None


def _match(patterns: Sequence[re.Pattern[str]], sentence: str) -> str:
    """Return what was meant, in the user's own characters; empty where no pattern matches."""
    simplified = zhconv.convert(sentence, "zh-hans")
    for pattern in patterns if len(simplified) <= _MAX_CHARS else ():
        if match := pattern.fullmatch(simplified):
            if "what" not in pattern.groupindex:
                return sentence
            same_length = len(simplified) == len(sentence)
            return sentence[slice(*match.span("what"))] if same_length else match["what"]
    return ""


def matching_facts(what: str, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that the user means by `what`."""
    return [fact for fact in facts if is_about(fact.text, what)]


# None of these says again what was forgotten.
_REMEMBERED = {"en": "I'll remember that {}.", "zh": "好的，我记住了：{}。"}
_SWITCHED_OFF = {
    "en": "My memory of you is switched off, so I can't keep that.",
    "zh": "对你的记忆已经关闭，所以我没有记下来。",
}
_FORGOTTEN = {"en": "All right, I have forgotten that.", "zh": "好的，我已经忘掉了。"}
_NOTHING_TO_FORGET = {
    "en": "I had not noted that about you, and I will not bring it up.",
    "zh": "我没有记下这件事，以后也不会提起。",
}
_ALL_FORGOTTEN = {
    "en": "Done. I have forgotten everything about you.",
    "zh": "好的，关于你的一切我都忘掉了。",
}
_KNOWN_FACTS = {"en": "You told me {}.", "zh": "你告诉过我：{}。"}
_NO_FACTS = {"en": "I don't know anything about you yet.", "zh": "我还不知道关于你的事。"}


def answer_sentence(command: MemoryCommand, facts: Sequence[Fact], language: Language) -> str:
    """Return what is said to the user once the command is obeyed.

    `facts`: for `Remember` the fact that was added, none where memory is switched off; for
    `Forget` those that were deleted; for `Recall` all that are known.
    """
    if isinstance(command, ForgetAll):
        return _ALL_FORGOTTEN[language]
    if isinstance(command, Forget):
        return (_FORGOTTEN if facts else _NOTHING_TO_FORGET)[language]
    said = [second_person(fact.text) for fact in facts]
    if isinstance(command, Remember):
        return _REMEMBERED[language].format(said[0]) if said else _SWITCHED_OFF[language]
    return _KNOWN_FACTS[language].format(_list(said, language)) if said else _NO_FACTS[language]


def _list(said: Sequence[str], language: Language) -> str:
    if language == "zh":
        return "，".join(said)
    *others, last = (f"that {fact}" for fact in said)
    comma = "," if len(others) > 1 else ""
    return f"{', '.join(others)}{comma} and {last}" if others else last
