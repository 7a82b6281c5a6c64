from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say, silence
from tests.web.browser import open_chromium
from tests.web.page.driving import QUESTION, wav
from tests.web.page.uploads.mounted import UploadsPage, open_uploads

LECTURE = (
    "Printing is the art of putting words on paper.",
    "The Chinese cut the first books into wood.",
    "Letters of metal came four hundred years later.",
    "A printer set each line by hand, letter by letter.",
    "Newspapers made it a trade of the night.",
)


@pytest.fixture(scope="module")
def question(models: Path) -> bytes:
    return wav(np.concatenate([say(models, QUESTION), silence(0.5)]), RATE_HZ)


@pytest.fixture(scope="module")
def lecture(models: Path) -> bytes:
    """More than a minute: too long for a question."""
    sentences = [np.concatenate([say(models, words), silence(0.8)]) for words in LECTURE]
    passage = np.concatenate([*sentences, silence(2.5)])
    samples = np.tile(passage, 1 + round(65 * RATE_HZ) // len(passage))
    return wav(samples, RATE_HZ)


@pytest.fixture(scope="module")
def browser(question: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    microphone = tmp_path_factory.mktemp("microphone") / "question.wav"
    microphone.write_bytes(question)
    with open_chromium(microphone) as chromium:
        yield chromium


@pytest.fixture
def uploads(browser: Browser, server: Server) -> Iterator[UploadsPage]:
    with open_uploads(browser, server.url) as opened:
        yield opened


@pytest.fixture
def page(uploads: UploadsPage) -> Page:
    return uploads.page
