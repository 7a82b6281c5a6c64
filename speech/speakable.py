"""What a voice should say of a written text, and in which language it is.

Works on a whole reply and on a piece of one: markdown that was cut in the middle leaves no
asterisks behind.
"""

import re

import emoji
from markdown_it import MarkdownIt
from markdown_it.token import Token

from speech import spoken_chinese, spoken_english

_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_SCRIPTS = {
    "zh": re.compile(f"[{_HAN}]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "latin": re.compile(r"[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]"),  # no × nor ÷
}
# Languages that share a script with one above: the text alone cannot tell them apart.
_SAME_SCRIPT = {"uk": "ru", "bg": "ru", "sr": "ru", "fa": "ar", "ur": "ar", "mr": "hi", "ne": "hi"}
_CODE_REMARKS = {"zh": "代码请看屏幕。", "en": "The code is on the screen."}
_SAY_NUMBERS = {"en": spoken_english.say_numbers, "zh": spoken_chinese.say_numbers}

# Indented code is off: it is nearly always a nested list item cut out of its list.
_MARKDOWN = MarkdownIt("commonmark").enable("strikethrough").disable("code")
_MATH = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|\$([^$\n]*[\\^_=][^$\n]*)\$", re.DOTALL
)
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_CODE = re.compile(
    r"(^[ \t]*```.*?(?:^[ \t]*```|\Z)|^[ \t]*~~~.*?(?:^[ \t]*~~~|\Z)|`[^`\n]*`)",
    re.MULTILINE | re.DOTALL,
)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_URL = re.compile(
    r"(?:https?://(?:www\.)?|\bwww\.)([\w.-]+\w)"
    r"(?:[:/?#][^\s<>，。！？；、）]*(?<![.,;:!?\"')*\]]))?"
)
_BETWEEN_WORDS = re.compile(r"(?<=\w)[*_]+(?=\w)|={2,}|-{3,}")
_LEFT_OVER = re.compile(r"\*+(?=\S)|(?<=\S)\*+|`+|~~|_+(?=\w)|(?<=\w)_+|#{2,}")
_REPEATED = re.compile(r"([!！?？,，;；:：、。])\1+")
_NO_WORD = re.compile(r"[\W_]*")


def speakable(text: str, language: str = "en") -> str:
    """Return the words to say, in one line; "" where there are none.

    A block of code becomes a remark that points to the screen. `language` (ISO 639-1) is the
    remark's, and the numbers', where the text itself does not show which it is.
    """
    language = language_of(_CODE.sub("", text), language)
    blocks = [block for block in _read_blocks(_prepare(text), language) if not _is_silent(block)]
    spoken = _join(blocks, language)
    if say_numbers := _SAY_NUMBERS.get(language):
        spoken = say_numbers(spoken)
    return "" if _is_silent(spoken) else spoken


def language_of(text: str, default: str) -> str:
    """Return the ISO 639-1 code of the language to read the text in, by its script.

    Latin letters and bare numbers are `default`, or English where that has another script. One
    Chinese character among English words makes the text Chinese: a Chinese voice also speaks
    English words, but no English voice can read Chinese.
    """
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    script = max(counts, key=lambda name: counts[name])
    if not counts[script]:
        return default
    if counts["zh"] or counts["ja"] or counts["ko"]:
        # Japanese has more kana than Han; a few kana in a Chinese text are a quotation.
        if counts["ja"] * 2 > counts["zh"]:
            return "ja" if counts["ja"] >= counts["ko"] else "ko"
        return "ko" if counts["ko"] > counts["zh"] else "zh"
    if script == "latin":
        return default if _script_of(default) == "latin" else "en"
    return default if _script_of(default) == script else script


def _script_of(language: str) -> str:
    script = _SAME_SCRIPT.get(language, language)
    return script if script in _SCRIPTS else "latin"


def _prepare(text: str) -> str:
    """Turn what markdown does not know, or knows only as a whole, into plain words."""
    parts = _CODE.split(text)
    for index in range(0, len(parts), 2):  # the odd ones are code
        part = _MATH.sub(_say_math, parts[index])
        part = _TABLE_ROW.sub(_say_row, part)
        part = _TAG.sub(" ", part)
        parts[index] = emoji.replace_emoji(part, "")
    return "".join(parts)


def _say_math(match: re.Match[str]) -> str:
    formula = next(group for group in match.groups() if group is not None)
    formula = _FRACTION.sub(r"\1 / \2", formula).replace(r"\times", "×").replace(r"\cdot", "×")
    return re.sub(r"\\[A-Za-z]+|[\\{}^_$]", " ", formula)


def _say_row(match: re.Match[str]) -> str:
    cells = [cell.strip() for cell in match[1].split("|")]
    filled = [cell for cell in cells if cell.strip(":- ")]
    return "\n" + ", ".join(filled) + "\n"


def _read_blocks(text: str, language: str) -> list[str]:
    """Return the text of each paragraph, heading and list item."""
    blocks: list[str] = []
    number = ""
    for token in _MARKDOWN.parse(text):
        if token.type == "list_item_open":
            number = f"{token.info}. " if token.info else ""
        elif token.type == "inline":
            blocks.append(number + _tidy(_read_inline(token.children or [])))
            number = ""
        elif token.type == "fence":
            blocks.append(_CODE_REMARKS.get(language, ""))
    return blocks


def _read_inline(tokens: list[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type == "text":
            parts.append(token.content)
        elif token.type == "code_inline":
            parts.append(re.sub(r"[_`]+", " ", token.content))
        elif token.type == "image":
            parts.append(_read_inline(token.children or []))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)


def _tidy(text: str) -> str:
    text = _URL.sub(r"\1", text)
    text = _LEFT_OVER.sub("", _BETWEEN_WORDS.sub(" ", text))
    text = _REPEATED.sub(r"\1", text)
    text = re.sub(r"\.{4,}", "...", text)
    text = re.sub(r"\s+(?=[,.!?;:](?:\s|$))", "", text)
    return " ".join(re.sub(r"^[\s!?.,;:！？。，；：、]+(?=\D|$)", "", text).split())


def _join(blocks: list[str], language: str) -> str:
    """Return one text in which each block ends like a sentence, but for the last."""
    stop, gap = ("。", "") if language == "zh" else (".", " ")
    ended = [
        block if re.search(r"[.!?。！？…:：;；,，]$", block) else block + stop
        for block in blocks[:-1]
    ]
    return gap.join(ended + blocks[-1:])


def _is_silent(text: str) -> bool:
    return _NO_WORD.fullmatch(text) is not None
