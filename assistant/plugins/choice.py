"""Which tool a question is for: by the plugins' patterns, else by a model bound to a schema."""

import functools
import json
import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import regex
from jsonschema import Draft202012Validator

from assistant.errors import LanguageModelError
from assistant.llm.base import Ask, GenerationOptions
from assistant.messages import Message
from assistant.plugins.base import Tool, ToolCall
from assistant.plugins.bounds import can_be_called, schema_of, spans_of
from assistant.plugins.numerals import in_simplified, with_digits

log = logging.getLogger(__name__)

_PATTERN_TIMEOUT_S = 0.1
"""A third party's regular expression may take exponential time."""
_MAX_CHARS = 1000
_MAX_TOKENS = 100

_OPENING = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|so|well|um|please|excuse me|assistant)[,.!]? )*"
    r"(?:(?:can|could|would|will) you (?:please )?(?:tell me |(?=\w))|(?:please )?tell me |"
    r"do you know |i(?:'d| would) like to know |please )?"
    r"(?:[你您]好|喂|嗨|请问一?下?|麻烦你?|拜托|请|那么|嗯|[,。! ])*"
    r"(?:你?(?:能|可以|能不能|可不可以))?(?:请?(?:告诉我|帮我看看|帮我查一下|帮我查查)[, ]?)?",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:[\s?!.,;:。、…~]|,? (?:please|right now|then|thanks|thank you)(?=[?!. ]*$)"
    r"|[呢啊呀吧]|谢谢)*$",
    re.IGNORECASE,
)

# With examples of none, or the 1.5B finds a use for whatever tool it is shown.
_PROMPT = (
    "You decide whether the user's message needs one of these tools right now. Most do not: "
    "how something works, its history, why, who, a story or a poem about it, distances between "
    "cities and facts about the world are none.\n\n"
)
_EXAMPLES = {
    "en": '"How does a clock work?" → none\n'
    '"What was the weather like in Rome in 1800?" → none\n'
    '"How many kilos does a car weigh?" → none\n'
    '"Who invented the weekend?" → none\n',
    "zh": '"写一个关于时间的故事" → none\n'
    '"天气预报是怎么做的？" → none\n'
    '"一辆车有多少公斤？" → none\n'
    '"周末是谁发明的？" → none\n',
}


def compile_patterns(tools: Sequence[Tool]) -> None:
    """Do beforehand what the first `match` would take a second for."""
    for tool in tools:
        for pattern in tool.patterns:
            _search(pattern, "", tool)


def match(question: str, tools: Sequence[Tool]) -> ToolCall | None:
    """Return the call of the tool whose pattern covers most of the question, or None.

    The patterns see the question in simplified characters, with ASCII digits and punctuation,
    without a greeting or a please, and without the mark at its end. Arguments are as the user
    wrote them, and fit the tool's schema. Of equal matches the first counts.
    """
    written, seen = _normalise(question)
    if not seen or len(seen) > _MAX_CHARS:
        return None
    best: ToolCall | None = None
    best_length = 0
    for tool in tools:
        for pattern in tool.patterns:
            found = _search(pattern, seen, tool)
            if found is None or found.end() - found.start() <= best_length:
                continue
            named = {
                name: written[slice(*found.span(name))].strip()
                for name, value in found.groupdict().items()
                if value is not None
            }
            simplified = {name: in_simplified(value) for name, value in named.items()}
            arguments = fitting(named, tool.parameters)
            if arguments is None:
                arguments = fitting(simplified, tool.parameters)
            if arguments is not None:
                best = ToolCall(tool=tool, arguments=arguments, chosen_by="pattern")
                best_length = found.end() - found.start()
    return best


def hinted(question: str, tools: Sequence[Tool]) -> list[Tool]:
    """Return the tools that have a hint in the question: a whole word, or Chinese characters."""
    seen = in_simplified(unicodedata.normalize("NFKC", question))
    return [tool for tool in tools if any(_holds(seen, hint) for hint in tool.hints)]


def choose(
    question: str, tools: Sequence[Tool], ask: Ask, language: Literal["en", "zh"]
) -> ToolCall | None:
    """Return the call that a model picks among the tools, or None.

    Its whole answer is JSON of the tools' own schemas, so it also works with small models. A
    call is dropped where an argument is not in the question. A model that fails picks nothing.
    """
    spans = spans_of(question)
    tools = [tool for tool in tools if can_be_called(tool, spans)]
    if not tools or len(question) > _MAX_CHARS:
        return None
    listed = "\n".join(f"- {tool.name}: {tool.description.splitlines()[0]}" for tool in tools)
    prompt = f"{_PROMPT}{_EXAMPLES[language]}\nTools:\n{listed}\n- none: anything else"
    messages = [
        Message(role="system", content=prompt),
        Message(role="user", content=question),
    ]
    options = GenerationOptions(
        temperature=0.0, max_tokens=_MAX_TOKENS, json_schema=schema_of(tools, spans)
    )
    try:
        picked = json.loads(ask(messages, options))
    except (LanguageModelError, json.JSONDecodeError) as error:
        log.info("no tool was picked: %r", error)
        return None
    by_name = {tool.name: tool for tool in tools}
    if not isinstance(picked, dict) or picked.get("tool") not in by_name:
        return None
    tool = by_name[picked["tool"]]
    arguments = fitting(picked.get("arguments") or {}, tool.parameters)
    if arguments is None or not _are_grounded(arguments, tool.parameters, question):
        log.info("%s was picked with arguments that nobody said", tool.name)
        return None
    return ToolCall(tool=tool, arguments=arguments, chosen_by="schema")


def fitting(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the arguments as the JSON schema wants them, or None where they do not fit.

    A string becomes a number where only a number will do: "a dozen" does not fit, "12" and
    "twelve" do.
    """
    fitted = {
        name: _as_number(value, schema.get("properties", {}).get(name, {}))
        for name, value in arguments.items()
    }
    return fitted if Draft202012Validator(schema).is_valid(fitted) else None


def _as_number(value: Any, schema: Mapping[str, Any]) -> Any:
    kinds = {option.get("type") for option in (schema, *schema.get("anyOf", ()))}
    if not isinstance(value, str) or "string" in kinds or not kinds & {"integer", "number"}:
        return value
    digits = with_digits(value).strip()
    try:
        return int(digits) if re.fullmatch(r"[-+]?\d+", digits) else float(digits)
    except ValueError:
        return value


def _normalise(question: str) -> tuple[str, str]:
    """Return the question as written, and as patterns see it; character by character the same."""
    written = unicodedata.normalize("NFKC", question).replace("’", "'").replace("‘", "'")
    written = " ".join(written.split())
    seen = in_simplified(written)
    if len(seen) != len(written):
        written = seen
    opening = _OPENING.match(seen)
    start = opening.end() if opening else 0
    closing = _CLOSING.search(seen, start)
    end = closing.start() if closing else len(seen)
    return written[start:end], seen[start:end]


@functools.cache
def _compiled(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern, regex.IGNORECASE)


def _search(pattern: str, text: str, tool: Tool) -> "regex.Match[str] | None":
    try:
        # Keeping the interpreter: to wait for it again counts as time of the search, and beside a
        # busy thread good patterns ran out of theirs.
        return _compiled(pattern).search(text, concurrent=False, timeout=_PATTERN_TIMEOUT_S)
    except (regex.error, TimeoutError) as error:
        log.warning("%s: pattern %r: %r", tool.name, pattern[:80], error)
        return None


def _holds(text: str, hint: str) -> bool:
    hint = in_simplified(hint)
    spelled = re.escape(hint)
    if re.match(r"[a-z0-9]", hint, re.IGNORECASE):
        spelled = rf"(?<![a-z0-9]){spelled}(?![a-z0-9])"
    return re.search(spelled, text, re.IGNORECASE) is not None


def _are_grounded(arguments: Mapping[str, Any], schema: Mapping[str, Any], question: str) -> bool:
    """Whether the user said every number and word of the arguments, each for one of them."""
    texts = [value for value in arguments.values() if isinstance(value, str)]
    if len(set(texts)) < len(texts):
        return False
    said = with_digits(unicodedata.normalize("NFKC", question).casefold())
    words = set(re.findall(r"[a-z]+|\d+(?:\.\d+)?", said))
    for name, value in arguments.items():
        rules = schema.get("properties", {}).get(name, {})
        if isinstance(value, bool) or value is None or value == rules.get("default"):
            continue
        if "enum" in rules or "const" in rules:
            continue
        text = with_digits(unicodedata.normalize("NFKC", str(value)).casefold())
        if not set(re.findall(r"[a-z]+|\d+(?:\.\d+)?", text)) <= words:
            return False
        if any(run not in said for run in re.findall(r"[\u3400-\u9fff]+", text)):
            return False
    return True
