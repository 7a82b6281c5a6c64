"""Processor time and memory of processes on this machine, from /proc (Linux)."""

import asyncio
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    processor_s: float
    memory_mib: float
    """Resident."""
    n_threads: int


def usage(pids: Iterable[int]) -> Usage:
    """Return what these processes have used so far, together; those that are gone count nothing."""
    processor_s = memory_mib = 0.0
    n_threads = 0
    for pid in pids:
        try:
            # After the name, which may hold spaces: state, ppid, … utime and stime are 14 and 15.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        processor_s += (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
        values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        memory_mib += int(values.get("VmRSS", "0 kB").split()[0]) / 1024
        n_threads += int(values.get("Threads", "0"))
    return Usage(processor_s, memory_mib, n_threads)


def descendants(pid: int) -> dict[int, str]:
    """Return the command lines of all processes under `pid`, by their ids."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
    found: dict[int, str] = {}
    for child in parents:
        ancestor = child
        while ancestor in parents and ancestor != pid:
            ancestor = parents[ancestor]
        if ancestor == pid and child != pid:
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            found[child] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def busy_cores(before: tuple[float, ...], after: tuple[float, ...]) -> float:
    """Return how many cores worked between two `machine_times`, whoever had them."""
    idle, total = after[0] - before[0], after[1] - before[1]
    return (os.cpu_count() or 1) * (1 - idle / total) if total else 0.0


def machine_times() -> tuple[float, float]:
    """Return the ticks of all cores that were idle, and all ticks."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return float(fields[3] + fields[4]), float(sum(fields))


async def watch(pids: Sequence[int], every_s: float = 0.02) -> list[tuple[float, float]]:
    """Return (`time.monotonic`, processor seconds so far), again and again until cancelled."""
    samples: list[tuple[float, float]] = []
    try:
        while True:
            samples.append((time.monotonic(), usage(pids).processor_s))
            await asyncio.sleep(every_s)
    except asyncio.CancelledError:
        return samples


def idle_from(
    samples: Sequence[tuple[float, float]], after: float, for_s: float = 0.15
) -> float | None:
    """Return the first moment from `after` on from which on they do nothing for `for_s`."""
    for place, (at, used) in enumerate(samples):
        if at < after:
            continue
        within = [later for later_at, later in samples[place:] if later_at <= at + for_s]
        if samples[-1][0] >= at + for_s and within[-1] - used < 1.5 / _TICKS_PER_S:
            return at
    return None
