"""What a user says about themselves, out of what they say.

Grammar finds the clauses in which the user speaks of themselves; the language model only says
whether one holds for long. So a fact is always in the user's own words: nothing is made up.
"""

import json
import re
from collections.abc import Sequence

import zhconv

from assistant.llm.base import Ask, GenerationOptions
from assistant.memory.fact_wording import third_person
from assistant.memory.profile import clean_fact
from assistant.messages import Message

_MAX_CLAUSES = 3
"""Looked at in one utterance; each costs a question to the model."""

_END = re.compile(r"(?<=[.!?;。！？；，,\n])|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
# Where a statement goes over into a question or another statement; transcripts may lack commas.
_JOINT = re.compile(
    r"\s+(?=(?:and|but|so) (?:now )?(?:i|i'm|i've|my|can|could|what|how)\b)"
    r"|\s+(?=(?:what|which|how|where|when) (?:can|could|should|do|does|is|are|would|will)\b"
    r"|(?:can|could|should|may) i\b|(?:can|could|would) you\b)"
    r"|(?<=[\u4e00-\u9fff]{3})(?=(?:能不能|可不可以|可以|能|应该|该|有什么|怎么|你(?:能|可以|觉得))"
    r"[^，。]{0,30}(?:吗|呢|什么|怎么|哪))",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:(?:and|but|so|well|oh|yes|no|hi|hello|hey|actually|also|because|since|by the way|ok|okay"
    r"|now|you know)\b[, ]*"
    r"|你好|嗯|对了|其实|因为|由于|而且|还有|那个|[，,\s])*",
    re.IGNORECASE,
)
_AS_A = re.compile(r"^as (an? [^,]+?)(?:,.*| i\b.*)?$", re.IGNORECASE)
_OF_ONESELF = re.compile(
    r"(?:i|i'm|i've|im|my|we|we're|our)\b|我(?!们?(?:的天|靠|去[！!]?$))", re.IGNORECASE
)
QUESTION = re.compile(
    r"[?？]$|[吗呢嘛]$|什么|怎么|怎样|多少|哪|几[点个岁条根]|谁|是不是|能不能"
    r"|可不可以|为什么|如何|该不该|要不要"
)
"""For one sentence without its full stop; English questions without a mark begin otherwise than
statements, which is for the reader to check."""

# Others' words, what is only imagined, and what is said of this moment or of the talk itself.
_NOT_A_FACT = re.compile(
    r"\b(?:says?|said|tells?|told|asks?|asked|claims?|wrote)\b|[\"“”「」]"
    r"|^(?:i|we)(?:'d| would|'ll| will| want| need| wonder| guess| think| thought| mean| see| saw"
    r"| heard| read| hope| wish| know| don't know| understand| don't understand| agree| hear"
    r"| can't hear| forgot| am going| have to| just| must| should)\b"
    r"|^(?:i'm|i am|we're|we are) (?:\w+ly )?(?:going|looking|trying|waiting|asking|sorry|sure"
    r"|not sure|afraid|glad|here|back|ready|done)\b"
    r"|\b(?:question|problem|idea|favou?r|right now|today|tonight|tomorrow"
    r"|this (?:morning|evening|week))\b"
    r"|[他她]们?说|(?:老板|朋友|妈妈?|爸爸?|老师|医生|同事)说|如果|假如|假设|要是|倘若"
    r"|^我(?:们)?(?:想|要|看到|读到|觉得|认为|以为|知道|不知道|明白|不明白|听|忘|希望|需要|马上|正在?|刚|快要"
    r"|应该|该|可能|也许|今天|明天|昨天|说)"
    r"|问题|刚才|现在要|等一下"
    # What was once, and what is said to the assistant itself.
    r"|\bused to\b|以前|曾经|\byou\b|\byour\b|你",
    re.IGNORECASE,
)

_STOP_EN = (
    r"(?=$|[,.!?;]"
    r"| (?:and|but|so|with|since|for|because|where|who|now|please|what|which|how|can)\b)"
)
_SURE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), fact)
    for pattern, fact in (
        (r"^(?i:(?:(?:please|just|you can) )*call me|(?:everyone|everybody) calls me) "
         rf"([A-Z][\w'-]+(?: [A-Z][\w'-]+)?){_STOP_EN}", "is called {}"),
        (r"^(?i:my name is|my name's|i'm called|i am called) (\w[\w'-]+(?: [A-Z][\w'-]+){0,2})"
         rf"{_STOP_EN}", "is called {}"),
        (r"^(?i:i am|i'm|im)(?i: an?| also| now| strictly)* (?i:(vegetarian|vegan|pescatarian))"
         rf"{_STOP_EN}", "is {}"),
        (r"^(?i:i|we) (?i:live|moved|just moved|recently moved) (?i:in|to) (?:[Tt]he )?"
         rf"([A-Z][\w'-]+(?: [A-Z][\w'-]+){{0,2}}){_STOP_EN}", "lives in {}"),
        (rf"^(?i:i'm|i am) (?i:allergic to) (\w[\w '-]{{2,40}}?){_STOP_EN}", "is allergic to {}"),
        (r"^(?:我叫|我的名字[是叫]|(?:请|你可以|大家都|就)叫我)(?!了|车|外卖)"
         r"([^，。！\s的了过]{1,6}?)(?:吧|就行|就好)?[，。！]?$", "叫{}"),
        (r"^(?:我(?:现在|目前|家)?|现在|目前)(?:住在?|搬到了?)"
         r"([^，。！\s的]{2,10}?)了?[，。！]?$", "住在{}"),
        (r"^我是(?:一个|一名|个)?(素食者|素食主义者|纯素食者|纯素主义者)[，。！]?$", "是{}"),
        (r"^我对([^，。！\s]{1,8}?)过敏[，。！]?$", "对{}过敏"),
    )
)  # fmt: skip

_SCHEMA = {
    "type": "object",
    "properties": {"holds": {"enum": ["for years", "only now"]}},
    "required": ["holds"],
}
_PROMPT = (
    "Does the user's sentence tell a lasting fact about the user (job, home, family, pets, health, "
    "languages, tastes, habits), which still holds next year? Then it holds for years. Moods, "
    "needs, plans, the weather, things of today, and remarks on this talk hold only now."
)
_EXAMPLES = (
    ("I play tennis.", "for years"),
    ("I'm cold.", "only now"),
    ("我是护士", "for years"),
    ("我在等车", "only now"),
    ("My sister lives in Oslo.", "for years"),
    ("I like your idea.", "only now"),
    ("我不喜欢吃鱼", "for years"),
    ("我迷路了", "only now"),
)


def may_tell_about_user(question: str) -> bool:
    """Return whether it is worth extracting facts: cheap, and rather too often than too seldom."""
    return bool(_clauses(question))


def extract_facts(question: str, known: Sequence[str], ask: Ask) -> list[str]:
    """Return the facts about the user in one utterance, as `Fact.text`; none that is `known`.

    Asks the model once a clause that is not sure. Raises LanguageModelError.
    """
    facts: list[str] = []
    for clause in _clauses(question)[:_MAX_CLAUSES]:
        fact = _sure_fact(clause)
        if not fact and _is_lasting(clause, ask):
            fact = third_person(clause)
        fact = clean_fact(fact)
        if fact and fact.casefold() not in {text.casefold() for text in (*known, *facts)}:
            facts.append(fact)
    return facts


def _clauses(question: str) -> list[str]:
    """Return the clauses in which the user speaks of themselves; Chinese is simplified."""
    question = zhconv.convert(" ".join(question.replace("’", "'").split()), "zh-hans")
    parts = [
        _AS_A.sub(r"I am \1", _FILLER.sub("", part.strip()))
        for sentence in _END.split(question)
        for part in _JOINT.split(sentence or "")
        if part and part.strip()
    ]
    return [
        part
        for part in parts
        if not QUESTION.search(part.rstrip("。.！!，,；; "))
        and (_sure_fact(part) or (_OF_ONESELF.match(part) and not _NOT_A_FACT.search(part)))
    ]


def _sure_fact(clause: str) -> str:
    for pattern, fact in _SURE:
        if match := pattern.search(clause):
            return fact.format(match[1])
    return ""


def _is_lasting(clause: str, ask: Ask) -> bool:
    messages = [Message(role="system", content=_PROMPT)]
    for sentence, holds in _EXAMPLES:
        messages += [
            Message(role="user", content=sentence),
            Message(role="assistant", content=json.dumps({"holds": holds})),
        ]
    answer = ask(
        [*messages, Message(role="user", content=clause)],
        GenerationOptions(temperature=0.0, max_tokens=20, json_schema=_SCHEMA),
    )
    return "for years" in answer
