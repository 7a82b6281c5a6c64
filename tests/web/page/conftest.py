import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from redis import Redis
from redis.exceptions import RedisError

from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say
from tests.web.browser import open_chromium
from tests.web.live.blank_page import Recorded
from tests.web.page.driving import QUESTION, open_page, silence, wait_for, wav
from tests.web.scripted_realtime import serve_page


@pytest.fixture(scope="session")
def spoken(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """QUESTION in Piper's voice; a user, too, breathes before and after.

    Longer after: on a busy machine the microphone lags behind, and the last word would be cut.
    """
    before, after = silence(0.5, RATE_HZ), silence(2.0, RATE_HZ)
    path = tmp_path_factory.mktemp("microphone") / "question.wav"
    path.write_bytes(wav(np.concatenate([before, say(models, QUESTION), after]), RATE_HZ))
    return path


@pytest.fixture(scope="module")
def browser(spoken: Path) -> Iterator[Browser]:
    """Its microphone hears QUESTION once, each time it is opened."""
    with open_chromium(microphone=spoken) as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page in English, ready."""
    yield from open_page(browser, server.url)


# A hands-free conversation in which the test says what the server says.


@pytest.fixture(scope="module")
def noisy_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears noise that comes and goes each second, for a minute."""
    noise = np.random.default_rng(0).normal(0, 0.05, 60 * RATE_HZ)
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(noise)) / RATE_HZ)
    path = tmp_path_factory.mktemp("microphone") / "noise.wav"
    path.write_bytes(wav((noise * swell).astype(np.float32), RATE_HZ))
    with open_chromium(microphone=path) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running Redis."""
    data_dir = tmp_path_factory.mktemp("store")
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.redis_server"],
        env=os.environ | {"DATA_DIR": str(data_dir)},
        stdout=subprocess.DEVNULL,
    )
    with Redis(unix_socket_path=str(data_dir / "redis.sock")) as client:
        for _ in range(200):
            with contextlib.suppress(RedisError):
                client.ping()
                break
            time.sleep(0.05)
    yield data_dir
    process.terminate()
    process.wait(10)


@pytest.fixture
def script() -> Recorded:
    script = Recorded()
    script.known_tokens.add("token-1")
    return script


@pytest.fixture
def scripted_url(store: Path, script: Recorded) -> Iterator[str]:
    with serve_page(store, script) as url:
        yield url


@pytest.fixture
def scripted_page(noisy_browser: Browser, scripted_url: str) -> Iterator[Page]:
    """Before the conversation."""
    yield from open_page(noisy_browser, scripted_url)


@pytest.fixture
def live(scripted_page: Page) -> Page:
    """In the conversation."""
    scripted_page.click("#talk")
    wait_for(scripted_page, "listening")
    return scripted_page
