"""The running summary of a conversation: notes, to which each fold only adds.

A small model that rewrites its own summary again and again loses what was said first, and one that
is asked what the user told repeats the sentence. So what the user states is noted in their own
words, without a model, and never rewritten; the model only names what the new questions were
about. Where the notes grow too long, topics go first, the oldest of them first; then the newest of
what was told, as the window of last turns has just let go of it.
"""

import re
from collections.abc import Sequence
from typing import Literal

import zhconv

from assistant.checks.question import strip_special_tokens
from assistant.history import Exchange
from assistant.llm.base import Ask, GenerationOptions
from assistant.memory.fact_extraction import QUESTION
from assistant.memory.fact_wording import third_person
from assistant.messages import Message

Language = Literal["en", "zh"]

_MAX_SIZE = 120
"""In English words; five Chinese characters are as long as three of them."""
_MAX_NOTE_CHARS = 90

_TOLD: dict[Language, str] = {"en": "The user told: ", "zh": "用户说过："}
_TOPICS: dict[Language, str] = {"en": "Talked about: ", "zh": "聊过："}
_BETWEEN = {"en": "; ", "zh": "；"}
_END = {"en": ".", "zh": "。"}

_SENTENCE = re.compile(r"(?:[^.!?。！？\n]|\.(?=\w))+[.!?。！？]*")
# How sentences begin that state something; questions and requests begin otherwise.
_STATEMENT = re.compile(
    r"(?:(?:and|but|so|well|oh|yes|no|ok|okay|also|actually|by the way)\b[, ]*)*"
    r"(?:(?:i|i'm|i've|i'll|my|we|we're|we've|we'll|our|let's|the|this|that|it|it's|there|there's"
    r"|he|she|he's|she's|his|her|they|their|on|from|call me)\b"
    r"|(?-i:[A-Z])\w+ (?:is|are|was|has|have|will|likes?|lives?|wants?|and (?:i|my))\b)",
    re.IGNORECASE,
)
_REQUEST_ZH = re.compile(r"(?:请|帮|告诉|讲|说|给|写|翻译|解释|介绍|推荐|列|再|继续|谢谢|你)")
_ABOUT_THE_TALK = re.compile(
    r"(?:i|we)(?: (?:want|would like|need)|'d like) (?:to know|to ask|you to)\b"
    r"|(?:i|we) (?:wonder|asked|see|know)\b|i have (?:a|another|one more) question"
    r"|that(?:'s| is| was) |it(?:'s| is) (?:ok|fine|good)|我(?:想知道|有一?个问题|明白|知道)",
    re.IGNORECASE,
)
_FIRST_PERSON_ZH = {"我们": "他们", "我們": "他們", "咱们": "他们", "我": "用户"}

_TOPIC_PROMPT = {
    "en": "Name what these questions are about, in at most eight words, separated by commas.",
    "zh": "用最多十六个字说出这些问题的话题，用逗号分开。",
}
_TOPIC_EXAMPLE = {
    "en": ("What is a whale?\nHow old is Rome?\nSing a song.", "whales, the age of Rome, a song"),
    "zh": ("鲸鱼是什么？\n罗马有多老？\n唱首歌吧", "鲸鱼，罗马的历史，唱歌"),
}


def fold(summary: str, exchanges: Sequence[Exchange], language: Language, ask: Ask) -> str:
    """Return the summary with new exchanges in it, at most about 120 words or 200 characters.

    One short question to the model, where anything was asked. Raises LanguageModelError.
    """
    told = _notes(summary, _TOLD)
    topics = _notes(summary, _TOPICS)
    questions = []
    for exchange in exchanges:
        stated = [_note(sentence) for sentence in _statements(exchange.question)]
        told += [note for note in stated if note and note not in told]
        if exchange.question and not stated:
            questions.append(exchange.question[:200])
    if questions:
        topics.append(_name_topics(questions, language, ask))
    return _write(told, topics, language)


def _statements(text: str) -> list[str]:
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(text.replace("’", "'"))]
    return [sentence for sentence in sentences if _is_statement(sentence)]


def _is_statement(sentence: str) -> bool:
    bare = zhconv.convert(sentence.rstrip("。.！! "), "zh-hans")
    if not bare or QUESTION.search(bare) or _ABOUT_THE_TALK.match(bare):
        return False
    if re.search(r"[\u4e00-\u9fff]", bare):
        return len(bare) > 3 and not _REQUEST_ZH.match(bare)
    return len(bare.split()) > 2 and _STATEMENT.match(bare) is not None


def _note(sentence: str) -> str:
    """Return the sentence as it reads in a list about the user."""
    text = re.sub(r"[;；<>\[\]{}]", ",", strip_special_tokens(sentence)).strip(" .。!！,，")
    if re.search(r"[\u4e00-\u9fff]", text):
        for first, third in _FIRST_PERSON_ZH.items():
            text = text.replace(first, third)
    else:
        text = third_person(text)
    if len(text) > _MAX_NOTE_CHARS:
        text = text[:_MAX_NOTE_CHARS].rsplit(" ", 1)[0] + "…"
    return text


def _name_topics(questions: Sequence[str], language: Language, ask: Ask) -> str:
    example, topics = _TOPIC_EXAMPLE[language]
    answer = ask(
        [
            Message(role="system", content=_TOPIC_PROMPT[language]),
            Message(role="user", content=example),
            Message(role="assistant", content=topics),
            Message(role="user", content="\n".join(questions)),
        ],
        GenerationOptions(temperature=0.0, max_tokens=40),
    )
    line = strip_special_tokens(" ".join(answer.split()))
    return re.sub(r"[;；<>\[\]{}]", ",", line).strip(" .。")[:_MAX_NOTE_CHARS]


def _notes(summary: str, headings: dict[Language, str]) -> list[str]:
    for line in summary.splitlines():
        for language, heading in headings.items():
            if line.startswith(heading):
                notes = line.removeprefix(heading).removesuffix(_END[language])
                return [note.strip() for note in re.split("[;；]", notes) if note.strip()]
    return []


def _write(told: list[str], topics: list[str], language: Language) -> str:
    told, topics = list(told), list(topics)
    while sum(map(_size, (*told, *topics))) > _MAX_SIZE:
        if topics:
            topics.pop(0)
        else:
            told.pop()
    return "\n".join(
        heading[language] + _BETWEEN[language].join(notes) + _END[language]
        for heading, notes in ((_TOLD, told), (_TOPICS, topics))
        if notes
    )


def _size(text: str) -> float:
    return (
        len(re.findall(r"[^\W\u3400-\u9fff]+", text))
        + len(re.findall(r"[\u3400-\u9fff]", text)) * 3 / 5
    )
