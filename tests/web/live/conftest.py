"""The live conversation below the page's views, in a real browser, as a test scripts its server."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.speech.spoken import RATE_HZ
from tests.web.browser import open_chromium
from tests.web.live.blank_page import LivePage, Recorded, open_live, serve_blank


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    microphone = tmp_path_factory.mktemp("microphone") / "noise.wav"
    heard = np.random.default_rng(0).normal(0, 0.05, 60 * RATE_HZ).astype(np.float32)
    microphone.write_bytes(wrap_wav(encode_pcm16(Audio(heard, RATE_HZ)), RATE_HZ))
    with open_chromium(microphone) as chromium:
        yield chromium


@pytest.fixture
def served() -> Iterator[tuple[str, Recorded]]:
    with serve_blank() as address_and_script:
        yield address_and_script


@pytest.fixture
def script(served: tuple[str, Recorded]) -> Recorded:
    return served[1]


@pytest.fixture
def page(browser: Browser, served: tuple[str, Recorded]) -> Iterator[LivePage]:
    """Before the conversation."""
    with open_live(browser, served[0]) as opened:
        yield opened


@pytest.fixture
def live(page: LivePage) -> LivePage:
    """In the conversation."""
    page.start()
    return page
