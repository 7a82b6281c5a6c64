"""Where plugins are: built in, installed with an entry point, or dropped into a folder."""

import functools
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from assistant.plugins.base import Tool

ENTRY_POINT_GROUP = "voice_assistant.plugins"
BUILT_IN = ("calculator", "clock", "units", "weather", "reminders", "notes")


@dataclass(frozen=True)
class Plugin:
    name: str
    """By which it is logged and disabled."""
    location: str
    """`package.module`, `package.module:attribute`, or the path of a `.py` file."""


def find_plugins(folder: Path | None) -> list[Plugin]:
    """Return every plugin there is; nothing is imported. A file that begins with `_` is none."""
    built_in = [Plugin(name, f"assistant.plugins.built_in.{name}") for name in BUILT_IN]
    installed = [Plugin(point.name, point.value) for point in entry_points(group=ENTRY_POINT_GROUP)]
    files = sorted(folder.glob("[!_]*.py")) if folder else []
    dropped = [Plugin(file.stem, str(file.absolute())) for file in files]
    return [*built_in, *sorted(installed, key=lambda plugin: plugin.name), *dropped]


@functools.cache
def read_tools(location: str) -> tuple[Tool, ...]:
    """Import the plugin and return its tools. Raises whatever its import raises."""
    if location.endswith(".py"):
        found: object = _import_file(Path(location))
    else:
        module, _, attribute = location.partition(":")
        found = importlib.import_module(module)
        for name in filter(None, attribute.split(".")):
            found = getattr(found, name)
    if isinstance(found, ModuleType):
        # A tool imported under two names is one tool.
        unique = {id(value): value for value in vars(found).values() if isinstance(value, Tool)}
        found = unique.values()
    tools = (found,) if isinstance(found, Tool) else found
    if not isinstance(tools, Iterable):
        raise TypeError(f"{location} is no module, Tool or collection of tools")
    return tuple(tool for tool in tools if isinstance(tool, Tool))


def _import_file(path: Path) -> ModuleType:
    name = f"voice_assistant_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    # Before it runs, as its dataclasses and annotations look themselves up there.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
