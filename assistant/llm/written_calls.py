"""Calls of functions by a model that is not made for them: it writes them as text.

Qwen2.5-Coder writes a call in a code block where its chat template asks for `<tool_call>`, so that
llama.cpp takes none for one, not even where one is required. Read from the text, it called what
was meant in 4 of 4 questions in two languages, and nothing in 4 others; a call that must be is had
by a JSON schema.
"""

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

from assistant.generation import FunctionTool
from assistant.llm.base import GenerationOptions, ToolRequest

_MAY_BEGIN = re.compile(r"[<`{]")
_BEGINS = re.compile(r"<tool_call>|<tools>|(?:```\w*\s*)?\{+\s*\"(?:name|type)\"")
_LONGEST_BEGIN = 40
_CALL = re.compile(r"\{\s*\"name\"")
_FIELDS = ({"name", "arguments"}, {"name", "parameters"})


class WrittenCalls:
    """Tells a reply's words from calls of these functions; for one reply, as it is written."""

    def __init__(self, functions: Sequence[FunctionTool]) -> None:
        self._names = {function.name for function in functions}
        self._held = ""
        self._is_call = False

    def feed(self, delta: str) -> str:
        """Return the words that may go out now."""
        self._held += delta
        words = ""
        while not self._is_call:
            begin = _MAY_BEGIN.search(self._held)
            end = begin.start() if begin else len(self._held)
            words += self._held[:end]
            self._held = self._held[end:]
            self._is_call = _BEGINS.match(self._held) is not None
            if self._is_call or len(self._held) < _LONGEST_BEGIN:
                break
            words += self._held[0]
            self._held = self._held[1:]
        return words

    def end(self) -> tuple[str, list[ToolRequest]]:
        """Return the words that were held back, or the calls."""
        calls: list[ToolRequest] = []
        place = 0
        while self._is_call and (begin := _CALL.search(self._held, place)):
            try:
                read, place = json.JSONDecoder().raw_decode(self._held, begin.start())
            except (ValueError, RecursionError):
                place = begin.end()
                continue
            name = read["name"]
            if isinstance(name, str) and name in self._names and read.keys() in _FIELDS:
                call = _request(read)
                # Small models say things twice.
                if call and (call.name, call.text) not in [(c.name, c.text) for c in calls]:
                    calls.append(call)
        return ("" if calls else self._held), calls


def forced_call(options: GenerationOptions) -> dict[str, Any] | None:
    """Return the JSON schema of the call that `options` demand; None where they demand none."""
    if options.tool_choice in ("auto", "none") or not options.tools:
        return None
    meant = [tool for tool in options.tools if options.tool_choice in (tool.name, "required")]
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool.name},
                "arguments": {"$ref": f"#/$defs/{tool.name}"},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in meant
    ]
    parameters = {
        tool.name: _moved(tool.parameters or {"type": "object"}, f"#/$defs/{tool.name}")
        for tool in meant
    }
    return {"anyOf": calls, "$defs": parameters}


def _moved(schema: Any, root: str) -> Any:
    """Return a JSON schema whose references are right where it stands at `root` of another."""
    if isinstance(schema, dict):
        return {
            name: root + value.removeprefix("#")
            if name == "$ref" and isinstance(value, str)
            else _moved(value, root)
            for name, value in schema.items()
        }
    return [_moved(item, root) for item in schema] if isinstance(schema, list) else schema


def _request(read: dict[str, Any]) -> ToolRequest | None:
    arguments = read.get("arguments", read.get("parameters"))
    if not isinstance(arguments, dict):
        return None
    return ToolRequest(
        id=new_call_id(),
        name=read["name"],
        text=json.dumps(arguments, ensure_ascii=False),
        arguments=arguments,
    )


def new_call_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"
