"""Plugins that misbehave, in real processes: each costs its own answer only."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ToolError
from assistant.plugins.base import Answer, Data, Reminder, Tool, ToolCall, ToolContext, tool
from assistant.plugins.runner import APOLOGY, TOO_SLOW, Origin, ToolFailure, ToolRunner

ROGUE = '''
import os, socket, subprocess, threading, time
from datetime import UTC, datetime
from typing import Literal
from assistant.errors import ToolError
from assistant.plugins.base import Answer, Data, Reminder, ToolContext, tool

@tool()
def double(number: int) -> str:
    """Double a number."""
    return str(2 * number)

@tool()
def greet(context: ToolContext) -> str:
    """Say who and when."""
    return f"{context.user_id} {context.language} {context.now:%H:%M} {context.stored}"

@tool(timeout_s=0.5)
def hang() -> str:
    """Never come back."""
    while True:
        time.sleep(1)

@tool(timeout_s=0.5)
def hang_with_child() -> str:
    """Start a program, tell its id and never come back."""
    program = subprocess.Popen(["sleep", "600"])
    open(__file__ + ".pid", "w").write(str(program.pid))
    program.wait()

@tool()
def fail() -> str:
    """Raise."""
    raise RuntimeError("a bug")

@tool()
def give_up() -> str:
    """Tell the user why not."""
    raise ToolError("The kitchen is closed.")

@tool()
def leave() -> str:
    """End the process."""
    os._exit(3)

@tool()
def leave_later() -> str:
    """End the process when it is idle."""
    threading.Timer(0.3, os._exit, [3]).start()
    return "See you."

@tool(timeout_s=10)
def talk() -> Data:
    """Return megabytes."""
    return Data(text="x" * 50_000_000)

@tool(timeout_s=10)
def hoard() -> str:
    """Take all memory."""
    return str(len(bytearray(4_000_000_000)))

@tool(timeout_s=10, permissions=["storage"])
def keep_megabytes() -> Answer:
    """Want to keep too much."""
    return Answer(text="kept", store="x" * 1_000_000)

@tool(permissions=["reminders"])
def remind_somewhere() -> Answer:
    """Remind at a time without a zone."""
    return Answer(text="done", remind=(Reminder(id="r", at=datetime(2030, 1, 1), text="Now."),))

_SCHEDULED = dict(
    store={"n": 1},
    remind=(Reminder(id="r", at=datetime(2030, 1, 1, tzinfo=UTC), text="Now."),),
    cancel_reminders=("q",),
)

@tool(permissions=["storage", "reminders"])
def schedule() -> Answer:
    """Keep and remind."""
    return Answer(text="done", **_SCHEDULED)

@tool()
def schedule_without_permission() -> Answer:
    """Keep and remind."""
    return Answer(text="done", **_SCHEDULED)

@tool()
def call_home() -> str:
    """Connect."""
    socket.create_connection(("127.0.0.1", 9))

@tool(permissions=["network"])
def call_out() -> str:
    """Connect with permission."""
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    except OSError as error:
        return type(error).__name__
'''

CONTEXT = ToolContext(
    user_id="ann",
    conversation_id="c",
    language="en",
    now=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    stored=["milk"],
)

Run = Callable[..., Answer | Data | ToolFailure]


@pytest.fixture(scope="module")
def runner() -> Iterator[ToolRunner]:
    runner = ToolRunner(processes=1, memory_mb=512)
    yield runner
    runner.close()


@pytest.fixture(scope="module")
def tools(runner: ToolRunner, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tool]:
    file = tmp_path_factory.mktemp("plugins") / "rogue.py"
    file.write_text(ROGUE)
    return {tool.name: tool for tool in runner.describe(str(file))}


@pytest.fixture
def run(runner: ToolRunner, tools: dict[str, Tool]) -> Run:
    def run(name: str, /, **arguments: Any) -> Answer | Data | ToolFailure:
        call = ToolCall(tool=tools[name], arguments=arguments, chosen_by="pattern")
        return runner.run(call, CONTEXT)

    return run


def test_a_tool_is_called_with_its_arguments_and_context(run: Run) -> None:
    assert run("double", number=21) == Answer(text="42")
    assert run("greet") == Answer(text="ann en 09:30 ['milk']")


def test_a_number_that_was_spelled_by_a_pattern_becomes_a_number(run: Run) -> None:
    assert run("double", number="21") == Answer(text="42")


@pytest.mark.parametrize("arguments", [{}, {"number": "many"}, {"number": 1, "more": 2}])
def test_arguments_that_do_not_fit_the_schema_never_reach_the_tool(
    run: Run, arguments: dict[str, Any]
) -> None:
    failure = run("double", **arguments)
    assert isinstance(failure, ToolFailure)
    assert failure.code == "tool_arguments_invalid"


@pytest.mark.parametrize(
    ("rogue", "expected"),
    [
        ("hang", ToolFailure(text=TOO_SLOW["en"], code="tool_timeout")),
        ("fail", ToolFailure(text=APOLOGY["en"], code="tool_failed")),
        ("give_up", ToolFailure(text="The kitchen is closed.", code="tool_failed")),
        ("leave", ToolFailure(text=APOLOGY["en"], code="tool_crashed")),
        ("talk", Data(text="x" * 4000)),
        ("hoard", ToolFailure(text=APOLOGY["en"], code="tool_failed")),
        ("keep_megabytes", ToolFailure(text=APOLOGY["en"], code="tool_failed")),
        ("remind_somewhere", ToolFailure(text=APOLOGY["en"], code="tool_failed")),
        ("call_home", ToolFailure(text=APOLOGY["en"], code="tool_failed")),
    ],
)
def test_a_rogue_costs_its_own_answer_and_the_next_call_works(
    run: Run, rogue: str, expected: Answer | Data | ToolFailure
) -> None:
    begun = time.monotonic()
    assert run(rogue) == expected
    assert run("double", number=4) == Answer(text="8")
    assert time.monotonic() - begun < 5


def test_a_process_that_dies_between_two_calls_is_replaced(run: Run) -> None:
    assert run("leave_later") == Answer(text="See you.")
    time.sleep(0.6)
    assert run("double", number=4) == Answer(text="8")


def test_what_a_rogue_started_is_ended_with_it(run: Run, tools: dict[str, Tool]) -> None:
    assert run("hang_with_child") == ToolFailure(text=TOO_SLOW["en"], code="tool_timeout")
    origin = tools["hang_with_child"].run
    assert isinstance(origin, Origin)
    started = int(Path(f"{origin.location}.pid").read_text())
    assert has_ended(started)


def test_effects_need_permissions(run: Run) -> None:
    reminder = Reminder(id="r", at=datetime(2030, 1, 1, tzinfo=UTC), text="Now.")
    assert run("schedule") == Answer(
        text="done", store={"n": 1}, remind=(reminder,), cancel_reminders=("q",)
    )
    assert run("schedule_without_permission") == Answer(text="done")


def test_the_network_is_there_with_permission(run: Run) -> None:
    assert run("call_out") == Answer(text="ConnectionRefusedError")


def test_failures_are_told_in_the_users_language(
    runner: ToolRunner, tools: dict[str, Tool]
) -> None:
    context = ToolContext(user_id="u", conversation_id="c", language="zh", now=CONTEXT.now)
    call = ToolCall(tool=tools["fail"], chosen_by="pattern")
    assert runner.run(call, context) == ToolFailure(text=APOLOGY["zh"], code="tool_failed")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_library", "no_such_library"),
        ("import os; os._exit(1)", "tool_crashed"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_a_plugin_that_cannot_be_imported_harms_nobody(
    runner: ToolRunner, run: Run, tmp_path: Path, source: str, reason: str
) -> None:
    file = tmp_path / "broken.py"
    file.write_text(source)
    with pytest.raises(ToolError, match=reason):
        runner.describe(str(file))
    assert run("double", number=4) == Answer(text="8")


def test_a_tool_that_runs_elsewhere_is_waited_for_no_longer_than_its_timeout(
    runner: ToolRunner,
) -> None:
    @tool()
    def wait() -> str:
        """Wait."""
        time.sleep(2)
        return "done"

    remote = Tool(
        name="wait",
        description="Wait.",
        parameters=wait.parameters,
        run=wait.run,
        timeout_s=0.2,
        runs_elsewhere=True,
    )
    begun = time.monotonic()
    failure = runner.run(ToolCall(tool=remote, chosen_by="model"), CONTEXT)
    assert failure == ToolFailure(text=TOO_SLOW["en"], code="tool_timeout")
    assert time.monotonic() - begun < 1


def test_tool_processes_end_with_the_process_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "rogue.py").write_text(ROGUE)
    script = tmp_path / "worker.py"
    script.write_text(
        f"""
import os, signal, sys
from assistant.plugins.runner import ToolRunner
if __name__ == "__main__":
    runner = ToolRunner(processes=1)
    runner.describe({str(tmp_path / "rogue.py")!r})
    print(runner._idle.get()._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert has_ended(int(done.stdout))


def has_ended(process_id: int) -> bool:
    """Whether it ends within seconds; whoever adopted it may still have to collect it."""
    stat = Path(f"/proc/{process_id}/stat")
    for _ in range(50):
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            return True
        time.sleep(0.1)
    return False
