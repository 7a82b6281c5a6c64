"""Calls of functions in the midst of a reply's words."""

import pytest
from jsonschema import Draft202012Validator

from assistant.generation import FunctionTool
from assistant.llm.base import GenerationOptions
from assistant.llm.written_calls import WrittenCalls, forced_call

WEATHER = FunctionTool(name="weather", parameters={"type": "object"})
LIGHT = FunctionTool(name="light")
PARIS = ("weather", {"city": "Paris"})


def read(text, size):
    """The words of a reply that comes in pieces of so many characters, and its calls."""
    reader = WrittenCalls([WEATHER, LIGHT])
    words = "".join(reader.feed(text[at : at + size]) for at in range(0, len(text), size))
    rest, calls = reader.end()
    return words + rest, [(call.name, call.arguments) for call in calls]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "words", "calls"),
    [
        ('```json\n{\n  "name": "weather",\n  "arguments": {"city": "Paris"}\n}\n```', "", [PARIS]),
        ('{"name": "weather", "arguments": {"city": "Paris"}}', "", [PARIS]),
        ('<tool_call>\n{"name": "weather", "parameters": {"city": "Paris"}}\n', "", [PARIS]),
        (
            # As Qwen2.5-Coder-1.5B wrote it.
            '<tools>\n{"type": "function", "function": {"name": "weather", "description": "x", '
            '"parameters": {"type": "object"}}}\n</tools>\n'
            '{{"name": "weather", "arguments": {"city": "Paris"}}}}\n```',
            "",
            [PARIS],
        ),
        (
            'One moment. ```json\n{"name": "weather", "arguments": {"city": "Paris"}}\n```\n'
            '```json\n{"name": "light", "arguments": {}}\n```\n'
            '```json\n{"name": "light", "arguments": {}}\n```',
            "One moment. ",
            [PARIS, ("light", {})],
        ),
        ('{"name": "light", "arguments": {"city": "Par', None, []),
        ('{"name": "light", "arguments": "on"}', None, []),
        ('{"name": "window", "arguments": {}}', None, []),
        ('{"name": ["light"], "arguments": {}}', None, []),
        ("I like a < b and `code`, {sets} and <b>.", None, []),
        ('Here:\n```python\nnames = {"name": "x"}\nprint(names)\n```\nDone.', None, []),
        ("你好！", None, []),
        ("", None, []),
    ],
)
def test_words_and_calls_are_told_apart_however_they_arrive(text, words, calls, size):
    assert read(text, size) == (text if words is None else words, calls)


def test_words_are_not_held_back():
    reader = WrittenCalls([WEATHER])
    assert reader.feed("Hello, ") == "Hello, "
    assert reader.feed("`x") == ""
    assert reader.feed("` is code that goes on for a while, and so on.").startswith("`x` is code")


def test_a_call_that_must_be_is_a_schema():
    nested = {
        "type": "object",
        "properties": {"at": {"$ref": "#/$defs/Place"}},
        "required": ["at"],
        "$defs": {"Place": {"type": "object", "required": ["city"]}},
    }
    trip = FunctionTool(name="trip", parameters=nested)
    schema = forced_call(GenerationOptions(tools=(trip, LIGHT), tool_choice="required"))
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"name": "trip", "arguments": {"at": {"city": "Oslo"}}})
    assert not validator.is_valid({"name": "trip", "arguments": {"at": {}}})
    assert validator.is_valid({"name": "light", "arguments": {}})
    one = forced_call(GenerationOptions(tools=(trip, LIGHT), tool_choice="light"))
    assert not Draft202012Validator(one).is_valid(
        {"name": "trip", "arguments": {"at": {"city": "Oslo"}}}
    )


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_a_call_that_need_not_be_is_none(choice):
    assert forced_call(GenerationOptions(tools=(LIGHT,), tool_choice=choice)) is None
    assert forced_call(GenerationOptions(tool_choice="required")) is None
