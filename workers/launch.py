"""Starts the whole assistant on this machine and stops it again: `python -m workers.launch`.

Fetches the models, has supervisord run the processes of `supervisord.conf`, says when they are
ready and where, and waits. An interrupt, a SIGTERM or a closed terminal ends them all.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn, cast

import httpx
from filelock import FileLock, Timeout
from supervisor.xmlrpc import SupervisorTransport

from workers import lifeline, model_store, preflight
from workers.settings import Settings, SettingsError, load_settings

_CONFIGURATION = Path(__file__).with_name("supervisord.conf")
_PATIENCE_S = 120.0
_LOG_LINES = 20


class LaunchError(Exception):
    """The assistant cannot run; the message says why and what to do."""


def main() -> None:
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # As it is under nohup.
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        settings = load_settings()
        for shortcoming in preflight.shortcomings():
            say(f"Note: {shortcoming}")
        with only_instance(settings):
            require_free_port(settings.host, settings.port)
            if settings.wyoming_port:
                require_free_port(
                    settings.wyoming_host, settings.wyoming_port, variable="WYOMING_PORT"
                )
            model_store.fetch(
                model_store.needed_models(settings), settings.models, show_progress=True
            )
            run(settings)
    except (LaunchError, SettingsError, model_store.ModelStoreError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        say("Stopped.")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # The terminal may be closed.
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@contextlib.contextmanager
def only_instance(settings: Settings) -> Iterator[None]:
    """Hold the data folder. Raises LaunchError where another launcher has it."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(settings.data_dir / "launch.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise LaunchError(
            f"The assistant already runs with the data folder {settings.data_dir}. "
            "Stop it, or choose another folder: DATA_DIR=… make run"
        ) from None
    except OSError as error:
        raise LaunchError(
            f"The data folder {settings.data_dir} cannot be written ({error.strerror}). "
            "Choose another: DATA_DIR=… make run"
        ) from error
    with lock:
        yield


def require_free_port(host: str, port: int, variable: str = "PORT") -> None:
    """Raises LaunchError, which names the setting, where nobody could listen there."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise LaunchError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. "
            f"Choose another: {variable}={port + 1} make run"
        ) from error


def run(settings: Settings) -> None:
    """Run all processes until interrupted, or until those that must run do not."""
    control = settings.redis_socket.with_suffix(".control")
    _wait_for_earlier_supervisor(control)
    logs = settings.data_dir.absolute() / "logs"
    logs.mkdir(exist_ok=True)
    say(f"Starting. Logs are in {logs}")
    supervisor: subprocess.Popen[bytes] | None = None
    try:
        supervisor = subprocess.Popen(
            lifeline.tied("TERM", "-m", "supervisor.supervisord", "-c", str(_CONFIGURATION)),
            env=os.environ | _variables(settings, control, logs),
            stdin=subprocess.DEVNULL,
            # An interrupt from the terminal reaches the launcher alone, which stops the others.
            start_new_session=True,
        )
        _watch(supervisor, settings, control, logs)
    finally:
        if supervisor is not None:
            _stop(supervisor)


def _wait_for_earlier_supervisor(control: Path) -> None:
    """One whose launcher was killed takes a few seconds to end its processes."""
    for _ in range(60):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(control)) != 0:
                return
        time.sleep(0.5)
    raise LaunchError("Processes of an earlier run are still there and do not end.")


def _variables(settings: Settings, control: Path, logs: Path) -> dict[str, str]:
    """What supervisord.conf and the processes need to know beyond the user's own environment."""
    variables = {
        "PYTHON": sys.executable,
        "LOG_DIR": str(logs),
        "CONTROL_SOCKET": str(control),
        "EMBED_REDIS": str(settings.redis_url is None).lower(),
        "EMBED_LLM": str(settings.embeds_language_model).lower(),
        "EMBED_SMALL_LLM": str(settings.embeds_small_language_model).lower(),
        "SERVE_WYOMING": str(settings.wyoming_port != 0).lower(),
        "SMALL_LLM": settings.llm_small_model or "none",
        "ASR_CONCURRENCY": str(settings.asr_concurrency),
        "CHAT_CONCURRENCY": str(settings.chat_concurrency),
        "TTS_CONCURRENCY": str(settings.tts_concurrency),
        "BACKGROUND_CONCURRENCY": str(settings.background_concurrency),
        "LOG_LEVEL": settings.log_level,
    }
    if settings.embeds_language_model or settings.embeds_small_language_model:
        variables["LLM_PORT"] = str(_free_port(settings.llm_port))
        variables["LLM_SMALL_PORT"] = str(_free_port(settings.llm_small_port))
        if settings.llm_api_key.get_secret_value() == "none":
            # Loopback is open to every user and every web page of this machine; a key is not.
            variables["LLM_API_KEY"] = secrets.token_urlsafe()
    return variables


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return cast(int, probe.getsockname()[1])
    raise LaunchError("No port is free for the language model server.")


def _watch(
    supervisor: subprocess.Popen[bytes], settings: Settings, control: Path, logs: Path
) -> NoReturn:
    # Over all addresses of the machine means over loopback, too.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    address = (
        f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    )
    given_up: set[str] = set()
    is_ready = False
    is_late_at = time.monotonic() + _PATIENCE_S
    while supervisor.poll() is None:
        for program in _fatal_programs(control) - given_up:
            given_up.add(program)
            log = logs / f"{program}.log"
            lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
            say(f"{program} does not stay up. The end of {log}:\n  " + "\n  ".join(lines))
            if not is_ready:
                raise LaunchError("The assistant did not start.")
        if not is_ready:
            waiting_for = _waiting_for(address)
            is_ready = waiting_for == []
            if is_ready:
                say(f"Ready: {address}  (Ctrl-C stops everything)")
            elif time.monotonic() > is_late_at:
                say(f"Still waiting for {', '.join(waiting_for)}; see the logs.")
                is_late_at += _PATIENCE_S
        time.sleep(1.0 if is_ready else 0.2)
    raise LaunchError(f"The supervisor ended; see {logs / 'supervisor.log'}")


def _fatal_programs(control: Path) -> set[str]:
    proxy = xmlrpc.client.ServerProxy(
        "http://localhost", transport=SupervisorTransport(None, None, f"unix://{control}")
    )
    try:
        processes = cast(list[dict[str, str]], proxy.supervisor.getAllProcessInfo())
    except (OSError, xmlrpc.client.Error):
        return set()  # Not up yet, or ending.
    return {process["name"] for process in processes if process["statename"] == "FATAL"}


def _waiting_for(address: str) -> list[str]:
    try:
        response = httpx.get(f"{address}/readyz", timeout=5, trust_env=False)
        return cast(list[str], response.json()["waiting_for"])
    except (httpx.HTTPError, ValueError, KeyError):
        return ["web"]


def _stop(supervisor: subprocess.Popen[bytes]) -> None:
    say("Stopping…")
    supervisor.terminate()
    try:
        supervisor.wait(60)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        supervisor.kill()  # And with it, by their lifelines, all others.
        supervisor.wait()


if __name__ == "__main__":
    main()
