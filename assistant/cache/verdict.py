"""The language model's word on two questions that the rules cannot judge."""

import json

from assistant.llm.base import Ask, GenerationOptions
from assistant.messages import Message

_SCHEMA = {
    "type": "object",
    "properties": {"same_answer": {"type": "boolean"}},
    "required": ["same_answer"],
    "additionalProperties": False,
}
_PROMPT = {
    "en": (
        "You compare two questions. same_answer is true only if one complete answer is right for "
        "both questions. It is false if they ask about different things, places, people, amounts, "
        "times, conditions or aspects, even if they look alike."
    ),
    "zh": (
        "你比较两个问题。只有当同一个完整的回答对两个问题都正确时，same_answer 才为 true。"
        "如果它们问的是不同的事物、地点、人物、数量、时间、条件或方面，即使看起来很像，也为 false。"
    ),
}


def ask_same(ask: Ask, first: str, second: str, language: str) -> bool:
    """Return whether one answer suits both questions; raises what `ask` raises.

    Asked in both orders, and True only where both say so: of 48 near misses the default model
    took 6 for the same in one order, none in both.
    """
    return _ask_once(ask, first, second, language) and _ask_once(ask, second, first, language)


def _ask_once(ask: Ask, first: str, second: str, language: str) -> bool:
    messages = [
        Message(role="system", content=_PROMPT[language]),
        Message(role="user", content=f"1. {first}\n2. {second}"),
    ]
    options = GenerationOptions(temperature=0.0, max_tokens=20, json_schema=_SCHEMA)
    try:
        return json.loads(ask(messages, options))["same_answer"] is True
    except (ValueError, TypeError, KeyError):
        return False  # Cut short, or not JSON: without a verdict nothing is reused.
