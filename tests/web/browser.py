"""Chromium whose microphone hears a sound file, for tests of the page."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

PLAIN_HTTP_HOST = "assistant.test"
"""Leads to this machine too, but is no secure context: to a browser it is another machine."""

TIMEOUT_MS = 90_000  # A turn with real models on two busy cores.


@contextlib.contextmanager
def open_chromium(microphone: Path) -> Iterator[Browser]:
    """Yield a browser; each recording in it hears `microphone`, a PCM16 WAV file, once."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Chromium is missing; on Debian: apt-get install chromium")
    arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
        "--autoplay-policy=no-user-gesture-required",
        f"--host-resolver-rules=MAP {PLAIN_HTTP_HOST} 127.0.0.1",
        # It would call home at every start.
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()
