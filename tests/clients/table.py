"""docs/compatibility.md: whose client works with this server, and how far."""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parents[2] / "docs" / "compatibility.md"
_COLUMNS = "| client | call | works | why not |\n|---|---|---|---|\n"
_HEAD = """\
# Other people's clients

These programs were installed from the registry (`requirements-clients.txt`,
`tests/clients/npm/package-lock.json`) and run unchanged: all they are told of this server is its
address, and a key. What they do is in `tests/clients`; what comes back is checked by its words, and
sound by recognising it.

Two live clients speak TLS only, and need a proxy with a certificate in front, or, in Python, the
address with `ws:` as `websocket_base_url`: both of npm's, and the beta of Python's.

`make compatibility` writes this table from what it sees, and `make test` fails where the table
says something else.

"""


@dataclass(frozen=True)
class Row:
    """A call of a client; `gap` says why it does not work, where it does not."""

    client: str
    call: str
    gap: str

    @property
    def line(self) -> str:
        works = "no" if self.gap else "yes"
        return f"| {self.client} | {_code(self.call)} | {works} | {self.gap} |"


def write(rows: list[Row]) -> None:
    FILE.write_text(_HEAD + _COLUMNS + "".join(f"{row.line}\n" for row in rows))


def lines() -> list[str]:
    """Return the table's lines, without its head."""
    return FILE.read_text().split(_COLUMNS)[1].splitlines()


def _code(call: str) -> str:
    """Set a call's code in code; what follows its last bracket is plain text."""
    code, bracket, words = call.rpartition(")")
    return f"`{code})`{words}" if bracket else call
