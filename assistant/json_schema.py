"""JSON schemas of clients: what a model's answer must look like, no larger than others can bear.

llama.cpp makes a grammar of one, and a token takes as long as the grammar is large, for all whom
it answers just then: an enumeration of 1,000 costs them 3 s in all, one of 20,000 two minutes.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator

_MAX_DEPTH = 100
"""Pydantic reads back no more than 200 levels of what it has written."""
_MAX_VALUES = 2000
_MAX_VALUES_IN_ALL = 5000
"""Of all functions of a request: where one must be called, they are one grammar."""

_IN_PATTERN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*)(?:,(\d*))?\}|.", re.DOTALL)


def check_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema. Raises ValueError."""
    _count(schema)
    return schema


def check_schemas(schemas: Iterable[dict[str, Any]]) -> None:
    """Raises ValueError where one is too large, or all of them together."""
    if sum(map(_count, schemas)) > _MAX_VALUES_IN_ALL:
        raise ValueError(f"more than {_MAX_VALUES_IN_ALL:,} values in all")


def _count(schema: dict[str, Any]) -> int:
    """Return how many values there are, repetitions in patterns included. Raises ValueError."""
    level: list[Any] = [schema]
    count = 0
    for _ in range(_MAX_DEPTH):
        patterns = (value.get("pattern") for value in level if isinstance(value, dict))
        count += sum(_pattern_size(each) for each in patterns if isinstance(each, str))
        inner = [value.values() if isinstance(value, dict) else value for value in level]
        children = [child for values in inner for child in values]
        count += len(children)
        if count > _MAX_VALUES:
            raise ValueError(f"more than {_MAX_VALUES:,} values, repetitions in patterns included")
        level = [child for child in children if isinstance(child, dict | list)]
    if level:
        raise ValueError(f"more than {_MAX_DEPTH} levels")
    return count


JsonSchema = Annotated[dict[str, Any], AfterValidator(check_schema)]


def _pattern_size(pattern: str) -> int:
    """Return how many characters or classes there are when all `{m,n}` are written out."""
    open_groups = [0]
    last = 0
    for match in _IN_PATTERN.finditer(pattern):
        token = match.group()
        if token == "(":
            open_groups.append(0)
        elif token == ")" and len(open_groups) > 1:
            last = min(open_groups.pop(), _MAX_VALUES + 1)
            open_groups[-1] += last
        elif match[1] is not None:
            size = min(last * max(1, int(match[2] or match[1] or 1)), _MAX_VALUES + 1)
            open_groups[-1] += size - last
            last = size
        else:
            last = 1
            open_groups[-1] += 1
    return sum(open_groups)
