"""What the assistant is told about itself, and the sentences it has ready, in each language."""

import re
from typing import Literal

# Short, since each token of it is read once a conversation. The wording was chosen by trial with
# Qwen2.5-Coder-1.5B-Instruct, 22 questions in two languages: a Chinese hint in it made English
# questions be answered in Chinese, and milder words than "never" let numbered lists through.
SYSTEM_PROMPT = (
    "You are a friendly voice assistant. Your words are read aloud: reply in the user's language "
    "with one to three short, plain sentences. Never use markdown or lists; write code only if "
    "asked. You cannot look up the weather, the news or the time, and you say so honestly."
)

FALLBACK = {
    "en": "Sorry, I can't answer just now, because my language model is not responding. "
    "Please try again in a moment.",
    "zh": "抱歉，我现在无法回答，因为语言模型没有响应。请稍后再试。",
}
INTERRUPTED = {
    "en": "Sorry, I lost the connection to my language model and could not finish. "
    "Please ask me again.",
    "zh": "抱歉，我和语言模型的连接断了，没能说完。请再问我一次。",
}
REFUSAL = {
    "en": "Sorry, that is something I can't talk about. Is there anything else I can help with?",
    "zh": "抱歉，这个话题我不能谈。还有别的事我可以帮忙吗？",
}
NOTHING_FOUND = {
    "en": "I found nothing on that.",
    "zh": "我没有查到相关的内容。",
}
# Asked to note something down, or to say something later, where nothing outlasts the answer.
NOTHING_KEPT = {
    "en": "I can't keep anything for later here, so I can't do that.",
    "zh": "在这里我没法为以后保存任何东西，所以做不到。",
}
# What the model reads where it is to speak and nobody says what about: at the beginning, and later.
# Shown "(…)" instead, Qwen 1.5B apologised.
CUES = {"en": ("Hello!", "Please go on."), "zh": ("你好！", "请继续。")}

# After a function's result: chat templates tell of functions in English, and so Qwen 1.5B answers
# a Chinese question in English, too. In the system prompt it would keep the model from calling any.
AFTER_RESULT = {"en": "", "zh": "\n\n请用中文回答。"}

_SUMMARY_HEADING = "What was said earlier in this conversation: "

_HAN_CHARACTER = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]+")


def sentence_language(language: str | None, question: str) -> Literal["en", "zh"]:
    """Return which of the prepared languages suits the user best.

    `language`: an ISO 639-1 code, a region may follow (`zh-CN`); where None, the script of the
    question decides: a Chinese character weighs as much as an English word.
    """
    if language:
        return "zh" if language.lower().startswith(("zh", "yue")) else "en"
    han = len(_HAN_CHARACTER.findall(question))
    return "zh" if han and han >= len(_LATIN_WORD.findall(question)) else "en"


def preamble(known: str, summary: str) -> str:
    """Return what stands between the system prompt and the first message."""
    return "\n\n".join(filter(None, (known, summary and _SUMMARY_HEADING + summary)))


def append_sentence(text: str, sentence: str) -> str:
    """Return `sentence` with what must stand before it when it follows `text`."""
    if not text.strip():
        return sentence
    gap = "" if _HAN_CHARACTER.match(sentence) else " "
    if text.rstrip().endswith((".", "!", "?", "。", "！", "？", "…")):
        return sentence if text[-1].isspace() else f"{gap}{sentence}"
    return f"…{gap}{sentence}"
