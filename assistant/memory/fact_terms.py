"""What a fact about the user is about: its distinctive words, and a few kinds of facts."""

import functools
import logging
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from typing import Any

import zhconv

_WORD = re.compile(r"[^\W_\u3400-\u9fff]+(?:['’][^\W_\u3400-\u9fff]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]+")

# Words around a fact, which do not tell one from another; without apostrophes.
_AROUND_FACTS = """
    a about again ago all also always am an and any anymore are as at be been being but by call
    called can cannot cant could day did do does doesnt dont ever every everything fact for forget
    from get got had has hate have having he her him his how i id if im in into is isnt it its ive
    just know like live lived living longer lot love me mine move moved my myself name named near
    never no not now of often old on one only or our own prefer really remember right said same say
    she so some sometimes that thats the their them themselves there these they theyre thing this
    those to told too two three four five six seven eight nine ten us use used user usually very
    want was we were what when where which who will with work worked working would year years yes
    you your yourself
    我 你 他 她 它 我们 你们 他们 自己 用户 的 了 着 过 是 在 有 和 跟 与 也 都 很 最 非常 比较
    没 没有 不 不是 别 叫 叫做 叫我 名叫 名字 姓名 住 住在 家 搬 搬到 搬家 到 来自 去 从 喜欢 爱
    喜爱 爱吃 爱喝 讨厌 不喜欢 吃 喝 养 做 当 会 能 想 要 对 把 被 给 为 个 只 条 位 名 岁 口
    一个 两个 三个 一只 两只 一条 一位 一名 工作 上班 现在 目前 今年 已经 每天 每周 经常 总是
    平时 以后 不再 这 那 这个 那个 这件 那件 件 事 事情 说 说过 告诉 知道 记得 记住 忘 忘掉 忘记
    什么 哪里 哪儿 多 多少 几 请 吧 啊 呢 吗 呀 还 就 再 个人 人 上 下 里 一 二 两 三 四 五 六 七
    八 九 十
"""
_COMMON = frozenset(_AROUND_FACTS.split())


@dataclass(frozen=True)
class _Kind:
    asked: re.Pattern[str]
    """How one names such a fact without saying it."""
    stated: re.Pattern[str]
    """How the fact, or the sentence that told it, says it."""
    is_single: bool
    """A new one takes the place of the old."""


def _kind(asked: str, stated: str, *, is_single: bool = True) -> _Kind:
    return _Kind(re.compile(asked), re.compile(stated), is_single)


_KINDS = (
    _kind(
        r"\bmy (?:first |last |full |nick)?names?\b|\bwho i am\b"
        r"|我的?(?:名字|姓名)|我叫什么|我是谁",
        r"^is (?:called|named)\b|\bcall me\b|\bmy name is\b|\bi(?:'m| am) (?:called|named)\b"
        r"|^(?:我|你)?叫(?!了|车|外卖)|叫我|我的?名字(?:叫|是)",
    ),
    _kind(
        r"\bwhere i live\b|\bmy (?:home|address|city|hometown)\b"
        r"|我(?:住|家)?在?(?:哪|什么地方)|我的?(?:住址|地址|城市)",
        r"\b(?:live|lives|living|based) (?:in|near|at|on)\b|\bmoved to\b"
        r"|(?:现|居)?住在?|搬(?:到|去|家)|^(?:我)?(?:现在)?在[^,，。的做当上工学读有]{2,6}$",
    ),
    _kind(
        r"\bmy age\b|\bhow old i am\b|我的?(?:年龄|岁数)|我(?:今年)?(?:多大|几岁)",
        r"\b\d+ years? old\b|\bi(?:'m| am) \d+$|^is \d+$"
        r"|^我?(?:今年)?[\d一二三四五六七八九十]+岁",
    ),
    _kind(
        r"\bmy birthday\b|\bwhen i was born\b|我的?生日|我(?:哪|什么)(?:天|时候)(?:出)?生",
        r"\bbirthday\b|\bwas born\b|\bi(?:'m| am) born\b|生日|出生",
    ),
    _kind(
        r"\bmy diet\b|\bwhat i (?:don't )?eat\b|我的?饮食",
        r"^(?:i'm|i am|is)(?: an?| now| also)* (?:vegetarian|vegan|pescatarian)|吃素|素食|纯素",
    ),
    _kind(
        r"\bmy (?:job|work|occupation|profession|employer)\b|\bwhere i work\b|\bwhat i do\b"
        r"|我的?(?:工作|职业|单位)|我(?:是)?做什么|我在哪(?:里|儿)?(?:工作|上班)",
        r"\b(?:work|works|working) (?:as|at|in|for)\b|工作|上班|职业|[做当].{1,6}(?:师|员|工|生)",
        is_single=False,
    ),
)


def fold(text: str) -> str:
    """Return text as it is compared: NFKC, without case, in simplified Chinese characters."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return str(zhconv.convert(text, "zh-hans"))


def terms(text: str) -> frozenset[str]:
    """Return the distinctive words: {"vegetarian"}, {"上海"}, {"sister", "anna"}; folded."""
    text = fold(text)
    words = {_stem(word) for word in _WORD.findall(text) if word not in _COMMON}
    han = {word for run in _HAN.findall(text) for word in _segment(run)}
    return frozenset(word for word in (words | han) - _COMMON if not word.isdigit())


def mentions(said: str, fact: str) -> bool:
    """Return whether `said` holds a distinctive word of `fact`, or a fact of the kind it names.

    It rather finds too much than too little: what is found is not shown again.
    """
    folded = fold(said)
    words = {_stem(word) for word in _WORD.findall(folded)}
    if any(term in words or (_HAN.match(term) and term in folded) for term in terms(fact)):
        return True
    return any(kind.stated.search(folded) for kind in _KINDS if kind.asked.search(fold(fact)))


def is_about(fact: str, what: str) -> bool:
    """Return whether `what`, as the user names it, means this fact."""
    asked, about = terms(what), terms(fact)
    if asked and about and (asked <= about or about <= asked):
        return True
    return any(kind.stated.search(fold(fact)) for kind in _KINDS if kind.asked.search(fold(what)))


def replaces(new: str, old: str) -> bool:
    """Return whether both can't stand: of a kind that one has once, or about the same thing."""
    if terms(new) and terms(new) == terms(old):
        return True
    kinds = [kind for kind in _KINDS if kind.is_single]
    return any(kind.stated.search(fold(new)) and kind.stated.search(fold(old)) for kind in kinds)


def _stem(word: str) -> str:
    word = re.sub(r"'(?:s|re|m|ve|d|ll)$", "", word).replace("'", "")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word


def _segment(run: str) -> list[str]:
    return list(_dictionary().cut(run, HMM=False))


@functools.cache
def _dictionary() -> Any:
    import jieba  # 60 MB and 0.9 s, which only what is said in Chinese costs.

    jieba.setLogLevel(logging.WARNING)  # It prints its progress to stderr at DEBUG.
    # jieba would keep a cache of a guessable name in the shared temporary folder, and
    # read what it finds there.
    with tempfile.TemporaryDirectory(prefix="jieba-") as folder:
        jieba.dt.tmp_dir = folder
        jieba.initialize()
    return jieba.dt
