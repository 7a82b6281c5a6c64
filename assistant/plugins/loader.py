"""Which tools there are: every plugin is asked, and one that is wrong is named and left out."""

import logging
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from assistant.plugins.base import Permission, Tool
from assistant.plugins.locations import find_plugins

log = logging.getLogger(__name__)

MAX_TIMEOUT_S = 60.0
# What OpenAI's tool calling takes for a name.
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")


def load_tools(
    describe: Callable[[str], Sequence[Tool]],
    *,
    folder: Path | None = None,
    disabled: Collection[str] = (),
    allowed_permissions: Collection[Permission] = ("network", "storage", "reminders"),
) -> list[Tool]:
    """Return the tools of all plugins: built-in ones first, then installed, then dropped in.

    `describe`: `ToolRunner.describe`, which imports a plugin in a process of its own.
    `disabled`: names of plugins and tools. A tool that asks for a permission which the operator
    did not grant is left out, and so is the second of two tools of one name. Never raises for
    what a plugin does wrong: that is logged.
    """
    tools: dict[str, Tool] = {}
    for plugin in find_plugins(folder):
        if plugin.name in disabled:
            continue
        try:
            described = describe(plugin.location)
        except Exception as error:
            log.error("plugin %s is left out: %s", plugin.name, error)
            continue
        for tool in described:
            if tool.name in disabled:
                continue
            problem = find_problem(tool)
            if tool.name in tools:
                problem = "there is a tool of this name already"
            elif missing := tool.permissions - set(allowed_permissions):
                problem = f"it needs permissions that are not granted: {', '.join(missing)}"
            if problem:
                log.error("plugin %s: tool %s is left out: %s", plugin.name, tool.name, problem)
            else:
                tools[tool.name] = tool
    return list(tools.values())


def find_problem(tool: Tool) -> str | None:
    """Return what is wrong with a tool's declaration, or None."""
    if not _NAME.fullmatch(tool.name):
        return "a name is 1 to 64 letters, digits, - and _, a letter first"
    if not tool.description.strip():
        return "it has no description"
    if not 0 < tool.timeout_s <= MAX_TIMEOUT_S:
        return f"its timeout is not between 0 and {MAX_TIMEOUT_S:.0f} s"
    try:
        Draft202012Validator.check_schema(dict(tool.parameters))
    except SchemaError as error:
        return f"its parameters are no JSON schema: {error.message}"
    if tool.parameters.get("type") != "object":
        return "its parameters are not those of an object"
    parameters = tool.parameters.get("properties", {})
    for pattern in tool.patterns:
        try:
            unknown = regex.compile(pattern).groupindex.keys() - parameters.keys()
        except regex.error as error:
            return f"pattern {pattern!r}: {error}"
        if unknown:
            return f"pattern {pattern!r} names what is no parameter: {', '.join(unknown)}"
    return None
