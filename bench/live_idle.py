"""What open sessions cost in which nobody speaks, and whether one more speaks as fast as ever."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bench.live_client import open_client
from bench.live_clips import Clip
from bench.live_processes import busy_cores, descendants, machine_times, usage
from bench.live_turn import LiveTurn, ask

_OPENING_S = 120.0


@dataclass(frozen=True, kw_only=True)
class IdleCost:
    """`web_…`: of the process that holds the sockets; None where it is not on this machine."""

    kind: str
    n_sessions: int
    web_cores: float | None
    """Processor seconds a second: of the machine's cores, so many."""
    web_memory_mib: float | None
    web_threads: int | None
    server_memory_mib: float | None
    """Of all its processes together, models included."""
    crowd_cores: float
    """What the many clients take, beside the server."""
    machine_cores: float
    """Of everything that runs here."""
    n_lost: int
    turns: list[LiveTurn]
    """Of one more session."""


@contextlib.asynccontextmanager
async def crowd(url: str, n_sessions: int, kind: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Open that many sessions; `kind`: `silent` or `room noise`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.live_crowd", "--url", url, "--sessions", str(n_sessions)),
        *(["--noise"] if kind == "room noise" else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        opened = await asyncio.wait_for(process.stdout.readline(), _OPENING_S)
        if opened.split() != [b"open", str(n_sessions).encode()]:
            raise SystemExit(f"The {n_sessions} sessions could not be opened: {opened!r}")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def measure_idle(
    url: str,
    clips: Sequence[Clip],
    *,
    n_sessions: int,
    kind: str,
    launcher_pid: int | None,
    over_s: float = 20.0,
) -> IdleCost:
    """Open the sessions, watch them for `over_s`, then have one more ask the `clips`.

    `launcher_pid`: of the server, where it runs on this machine.
    """
    processes = descendants(launcher_pid) if launcher_pid else {}
    web = [pid for pid, command in processes.items() if "gunicorn" in command]
    async with contextlib.AsyncExitStack() as stack:
        others = None
        if n_sessions:
            others = await stack.enter_async_context(crowd(url, n_sessions, kind))
        await asyncio.sleep(3.0)
        pids = [others.pid] if others else []
        before, crowd_before, machine_before = usage(web), usage(pids), machine_times()
        await asyncio.sleep(over_s)
        after, crowd_after, machine_after = usage(web), usage(pids), machine_times()
        turns = []
        async with open_client(url) as client:
            await ask(client, clips[0])
            for clip in clips:
                turns.append(await ask(client, clip))
                await asyncio.sleep(1.0)
        n_lost = 0
        if others is not None and others.stdin and others.stdout:
            others.stdin.close()
            n_lost = int((await others.stdout.readline()).split()[1])
    return IdleCost(
        kind=kind,
        n_sessions=n_sessions,
        web_cores=(after.processor_s - before.processor_s) / over_s if web else None,
        web_memory_mib=after.memory_mib if web else None,
        web_threads=after.n_threads if web else None,
        server_memory_mib=usage(processes).memory_mib if processes else None,
        crowd_cores=(crowd_after.processor_s - crowd_before.processor_s) / over_s,
        machine_cores=busy_cores(machine_before, machine_after),
        n_lost=n_lost,
        turns=turns,
    )
