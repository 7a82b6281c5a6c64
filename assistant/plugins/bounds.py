"""The JSON schema of a model's choice of a tool, whose texts can only be parts of the question."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.plugins.base import Tool
from assistant.plugins.numerals import in_simplified

_MAX_SPANS = 400
_WORD = re.compile(r"[\u3400-\u9fff]|(?:[^\s\u3400-\u9fff，。？！、,?!;.]|[.,](?=\d))+")


def spans_of(question: str) -> list[str]:
    """Return every run of words (of characters, in Chinese) in the question, within limits."""
    seen = unicodedata.normalize("NFKC", question)
    words = list(_WORD.finditer(seen))
    longest = max(1, _MAX_SPANS // max(1, len(words)))
    spans = (
        seen[first.start() : last.end()]
        for index, first in enumerate(words)
        for last in words[index : index + longest]
    )
    return [span for span in dict.fromkeys(spans) if not re.search(r"[?!。;]|, |\. ", span)]


def schema_of(tools: Sequence[Tool], spans: Sequence[str]) -> dict[str, Any]:
    """Return the schema of a choice, in which a free text can only be a part of the question.

    Without that bound the 1.5B translates (成都 to Chengdu) and invents (a date for Christmas).
    """
    definitions: dict[str, Any] = {}
    options: list[dict[str, Any]] = []
    for tool in tools:
        definitions |= tool.parameters.get("$defs", {})
        given = tool.parameters.get("properties", {})
        bound = {name: _bound(rules, spans) for name, rules in given.items()}
        properties = {name: rules for name, rules in bound.items() if rules}
        arguments = {key: value for key, value in tool.parameters.items() if key != "$defs"}
        options.append(
            {
                "type": "object",
                "properties": {
                    "tool": {"const": tool.name},
                    "arguments": arguments | {"properties": properties},
                },
                "required": ["tool", "arguments"],
                "additionalProperties": False,
            }
        )
    none = {
        "type": "object",
        "properties": {"tool": {"const": "none"}},
        "required": ["tool"],
        "additionalProperties": False,
    }
    schema: dict[str, Any] = {"anyOf": [none, *options]}
    return schema | ({"$defs": definitions} if definitions else {})


def _bound(rules: Mapping[str, Any], spans: Sequence[str]) -> dict[str, Any] | None:
    """Return the rules of a property; where it may be any string, it must be one of `spans`.

    None where nothing in the question will do.
    """
    if "anyOf" in rules:
        options = [_bound(option, spans) for option in rules["anyOf"]]
        kept = [option for option in options if option and option.get("type") != "null"]
        return {**rules, "anyOf": kept} if kept else None
    if not _is_free_text(rules):
        return dict(rules)
    said = _said_as(rules, spans)
    return {"type": "string", "enum": said} if said else None


def _is_free_text(rules: Mapping[str, Any]) -> bool:
    return rules.get("type") == "string" and not rules.keys() & {"enum", "const", "format"}


def _said_as(rules: Mapping[str, Any], spans: Sequence[str]) -> list[str]:
    """Return the parts of the question that the property's pattern allows."""
    if "pattern" not in rules:
        return list(spans)
    both = ((span, in_simplified(span)) for span in spans)
    found = (next((s for s in pair if re.search(rules["pattern"], s)), None) for pair in both)
    return [span for span in found if span is not None]


def can_be_called(tool: Tool, spans: Sequence[str]) -> bool:
    """Whether there is something in the question for each argument that the tool needs."""
    needed = [tool.parameters["properties"][name] for name in tool.parameters.get("required", ())]
    return all(_said_as(rules, spans) for rules in needed if _is_free_text(rules))
