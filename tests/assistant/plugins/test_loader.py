import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.plugins.base import Tool, tool
from assistant.plugins.loader import find_problem, load_tools
from assistant.plugins.locations import BUILT_IN, find_plugins
from assistant.plugins.runner import Origin, ToolRunner

DICE = '''
import random
from assistant.plugins.base import tool

@tool(patterns=[r"roll a (?P<sides>\\d+)-sided die"])
def roll_die(sides: int = 6) -> str:
    """Roll a die with this many sides."""
    return f"You rolled {random.randint(1, sides)}."
'''


@pytest.fixture(scope="module")
def runner() -> Iterator[ToolRunner]:
    runner = ToolRunner(processes=1)
    yield runner
    runner.close()


@tool(patterns=[r"roll (?P<sides>\d+)"])
def roll(sides: int = 6) -> str:
    """Roll a die."""
    return str(sides)


def test_the_built_in_plugins_come_by_the_door_of_all(runner: ToolRunner) -> None:
    tools = load_tools(runner.describe)
    origins = {tool.run.location for tool in tools if isinstance(tool.run, Origin)}
    assert origins == {f"assistant.plugins.built_in.{name}" for name in BUILT_IN}


def test_a_file_that_was_dropped_in_brings_its_tools(runner: ToolRunner, tmp_path: Path) -> None:
    (tmp_path / "dice.py").write_text(DICE)
    (tmp_path / "_draft.py").write_text("raise RuntimeError")
    (tmp_path / "notes.txt").write_text("no plugin")
    (die,) = load_tools(runner.describe, folder=tmp_path, disabled=BUILT_IN)
    assert die.name == "roll_die"
    assert die.description == "Roll a die with this many sides."
    assert die.parameters["properties"]["sides"]["type"] == "integer"


def test_an_installed_package_brings_tools_by_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dice_plugin.py").write_text(DICE)
    metadata = tmp_path / "dice_plugin-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dice-plugin\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[voice_assistant.plugins]\ndice = dice_plugin\ndie = dice_plugin:roll_die\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    runner = ToolRunner(processes=1)
    try:
        (die,) = load_tools(runner.describe, disabled=BUILT_IN)
        assert die.name == "roll_die"
        locations = {plugin.name: plugin.location for plugin in find_plugins(None)}
        (again,) = runner.describe(locations["die"])
        assert again.parameters == die.parameters
    finally:
        runner.close()


def test_plugins_that_are_wrong_are_named_and_left_out(
    runner: ToolRunner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a_dice.py").write_text(DICE)
    (tmp_path / "b_broken.py").write_text("import no_such_library")
    (tmp_path / "c_rude.py").write_text("import os; os._exit(1)")
    (tmp_path / "d_twin.py").write_text(DICE)
    (tmp_path / "e_regex.py").write_text(DICE.replace('die"', 'die("').replace("roll_", "cast_"))
    (tmp_path / "f_syntax.py").write_text("def")
    tools = load_tools(runner.describe, folder=tmp_path, disabled=BUILT_IN)
    assert [tool.name for tool in tools] == ["roll_die"]
    for name in ("b_broken", "c_rude", "d_twin", "e_regex", "f_syntax"):
        assert name in caplog.text


def test_a_tool_without_the_operators_permission_is_left_out(
    runner: ToolRunner, caplog: pytest.LogCaptureFixture
) -> None:
    names = {tool.name for tool in load_tools(runner.describe, allowed_permissions=["network"])}
    assert "weather" in names
    assert not {"reminders", "notes"} & names
    assert "storage" in caplog.text


def test_tools_and_plugins_are_disabled_by_name(runner: ToolRunner) -> None:
    tools = load_tools(runner.describe, disabled=["weather", "notes"])
    assert not {"weather", "notes"} & {tool.name for tool in tools}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (replace(roll, name="roll a die"), "name"),
        (replace(roll, description=" "), "description"),
        (replace(roll, timeout_s=0), "timeout"),
        (replace(roll, timeout_s=3600), "timeout"),
        (replace(roll, parameters={"type": "objekt"}), "no JSON schema"),
        (replace(roll, parameters={"type": "string"}), "object"),
        (replace(roll, patterns=("roll (",)), "pattern"),
        (replace(roll, patterns=("roll (?P<faces>.)",)), "faces"),
    ],
)
def test_what_is_wrong_with_a_tool_is_said(wrong: Tool, problem: str) -> None:
    assert problem in (find_problem(wrong) or "")


def test_nothing_is_wrong_with_the_tool_of_these_tests() -> None:
    assert find_problem(roll) is None
