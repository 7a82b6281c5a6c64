"""Schemas are bounded by what they cost the model's server."""

from typing import Any

import pytest

from assistant.json_schema import check_schema


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {str(n): {"type": "string"} for n in range(500)}},
        {"enum": list(range(1500))},
        nested(90),
        {"pattern": r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        {"pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$"},
        {"pattern": r"[\](){9999}]+\(\{9999}"},
        {"pattern": 5},
    ],
)
def test_what_programs_ask_for_passes(schema: dict[str, Any]) -> None:
    assert check_schema(schema) is schema


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"enum": list(range(3000))}, "values"),
        (nested(101), "levels"),
        ({"pattern": "(a{0,100}){0,100}"}, "repetitions"),
        ({"items": {"pattern": "(((ab){40}c){2}){,40}"}}, "repetitions"),
        ({"pattern": "a{" + "9" * 30 + "}"}, "repetitions"),
        ({"pattern": "(" * 1000 + "a" + "){9}" * 1000}, "repetitions"),
        ({"properties": {str(n): {"pattern": "a{50}"} for n in range(50)}}, "repetitions"),
    ],
)
def test_what_would_hold_up_everybody_is_refused(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_schema(schema)
