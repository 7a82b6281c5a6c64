"""Other people's clients against the running server; UPDATE_COMPATIBILITY=1 writes the table."""

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients import table
from tests.clients.table import Row
from tests.conftest import Server

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
NODE_PACKAGES = ROOT / "tests" / "clients" / "npm" / "node_modules"
# In the order of the table.
PROGRAMS = (
    "openai_audio",
    "openai_chat",
    "openai_responses",
    "openai_realtime",
    "openai_node",
    "pipecat_services",
    "livekit_plugin",
    "langchain_chat",
    "wyoming_home",
)
LIMIT_S = 1200

_seen: dict[str, list[Row]] = {}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_client_works_with_nothing_but_the_address_and_a_key(
    program: str, server: Server, wyoming: str, sounds: Path, tmp_path: Path
) -> None:
    environment = os.environ | {
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "OPENAI_API_KEY": "none",
        "WYOMING_URI": wyoming,
        "SOUNDS": str(sounds),
    }
    if program == "openai_node":
        command = [*_node(tmp_path, environment), f"tests/clients/npm/{program}.mjs"]
    else:
        command = [*_python(), "-m", f"tests.clients.{program}"]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, timeout=LIMIT_S
    )
    assert ended.returncode == 0
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    wrong = [
        f"{each['client']}, {each['call']}: {each['error'] or 'works, which is said to be a gap'}"
        for each in told
        if bool(each["error"]) != bool(each["gap"])
    ]
    assert not wrong, "\n".join(wrong)
    _seen[program] = [Row(each["client"], each["call"], each["gap"]) for each in told]


def test_the_table_tells_what_was_seen() -> None:
    rows = list(itertools.chain.from_iterable(_seen.values()))
    if os.environ.get("UPDATE_COMPATIBILITY"):
        assert list(_seen) == [*PROGRAMS], "the table is written when all clients have run"
        table.write(rows)
    lines, seen = table.lines(), [row.line for row in rows]
    if list(_seen) == [*PROGRAMS]:
        assert lines == seen
    else:
        assert set(seen) <= set(lines)


def _python() -> list[str]:
    if not PYTHON.exists():
        pytest.skip("the clients are not installed: make clients")
    return [str(PYTHON)]


def _node(folder: Path, environment: dict[str, str]) -> list[str]:
    """Return Node.js, which trusts the certificate that it finds in `folder`."""
    if not (NODE_PACKAGES / "openai").is_dir():
        pytest.skip("the npm client is not installed: apt-get install nodejs npm && make clients")
    node = shutil.which("node")
    assert node, "Node.js is gone since `make clients`"
    subprocess.run([*_python(), "-m", "trustme", "--quiet", "--dir", str(folder)], check=True)
    environment["CERTIFICATES"] = str(folder)
    environment["NODE_EXTRA_CA_CERTS"] = str(folder / "client.pem")
    return [node]
