import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

# redis, llm, four workers, gunicorn's two, Wyoming, supervisord and the launcher itself
PROCESSES = 11


@contextlib.contextmanager
def launch(data_dir: Path, models: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    settings = {"DATA_DIR": str(data_dir), "MODEL_DIR": str(models), "PORT": str(free_port())}
    settings |= {"LLM_MODEL": "qwen2.5-coder-0.5b-instruct"}
    with subprocess.Popen(
        [sys.executable, "-m", "workers.launch"],
        env=os.environ | settings | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Where the tests run under nohup, the launcher would rightly stay when its terminal closes.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as launcher:
        try:
            yield launcher
        finally:
            launcher.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(data_dir: Path) -> list[str]:
    """Return the command lines of the processes that were started for this data folder.

    Valkey writes its title over its environment, but it works in the folder.
    """
    mark = f"DATA_DIR={data_dir}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_inside = (process / "cwd").readlink().is_relative_to(data_dir)
            if is_inside or mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # Ended meanwhile, or not ours to see.
            continue
    return found


def failure(data_dir: Path, models: Path, **variables: str) -> str:
    with launch(data_dir, models, **variables) as launcher:
        output, _ = launcher.communicate(timeout=90)
    assert launcher.returncode == 1
    assert "Traceback" not in output
    assert processes_of(data_dir) == []
    return output


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name
)
def test_however_it_is_stopped_no_process_is_left(
    stop: signal.Signals, models: Path, tmp_path: Path
) -> None:
    with launch(tmp_path, models, WYOMING_PORT=str(free_port())) as launcher:
        began = time.monotonic()
        while len(processes_of(tmp_path)) < PROCESSES:
            assert launcher.poll() is None
            assert time.monotonic() - began < 60, processes_of(tmp_path)
            time.sleep(0.2)
        launcher.send_signal(stop)
        output, _ = launcher.communicate(timeout=40)
    assert launcher.returncode == (-stop if stop == signal.SIGKILL else 0), output
    began = time.monotonic()
    while left := processes_of(tmp_path):
        assert stop == signal.SIGKILL, left
        assert time.monotonic() - began < 40, left
        time.sleep(0.2)


@pytest.mark.parametrize("variable", ["PORT", "WYOMING_PORT"])
def test_a_port_in_use_is_named(models: Path, tmp_path: Path, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        output = failure(tmp_path, models, **{variable: str(port)})
    assert f"port {port}: Address already in use" in output
    assert f" {variable}={port + 1} make run" in output


def test_a_data_folder_has_one_launcher(models: Path, tmp_path: Path) -> None:
    with launch(tmp_path, models) as first:
        while not (tmp_path / "logs").exists():
            time.sleep(0.1)
        with launch(tmp_path, models) as second:
            output, _ = second.communicate(timeout=30)
        assert second.returncode == 1
        assert f"already runs with the data folder {tmp_path}" in output
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=40)


def test_wrong_settings_are_named(models: Path, tmp_path: Path) -> None:
    output = failure(tmp_path, models, WEB_THREADS="many", ASR_MODEL="whisper-base")
    assert "WEB_THREADS" in output


def test_an_unknown_model_is_named_with_the_known_ones(models: Path, tmp_path: Path) -> None:
    output = failure(tmp_path, models, LLM_MODEL="no-such-model")
    assert "'no-such-model'" in output
    assert "qwen2.5-coder-0.5b-instruct" in output


def test_a_program_that_does_not_stay_up_shows_the_end_of_its_log(
    models: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"not a model")
    output = failure(tmp_path / "data", models, LLM_MODEL=str(tmp_path / "broken.gguf"))
    assert "llm does not stay up" in output
    assert "The language model server did not start" in output
