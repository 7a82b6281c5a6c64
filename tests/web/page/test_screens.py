"""Pictures of the page in its states; UPDATE_SCREENSHOTS=1 keeps them in docs/screens."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say
from tests.web.browser import open_chromium
from tests.web.page.driving import (
    QUESTION,
    ask,
    choose_file,
    open_page,
    silence,
    wait_for,
    wav,
)

FOLDER = Path(__file__).parents[3] / "docs" / "screens"
DESK: dict[str, Any] = {"viewport": {"width": 1100, "height": 700}}
PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 667}, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def browser(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears a question, and nothing for a long time after it."""
    sound = np.concatenate([silence(1.0, RATE_HZ), say(models, QUESTION), silence(60.0, RATE_HZ)])
    path = tmp_path_factory.mktemp("microphone") / "question.wav"
    path.write_bytes(wav(sound, RATE_HZ))
    with open_chromium(microphone=path) as chromium:
        yield chromium


@pytest.fixture
def keep(tmp_path: Path) -> Any:
    """Takes the picture of a page by this name."""
    folder = FOLDER if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return take


def test_writing_and_listening(browser: Browser, server: Server, keep: Any) -> None:
    for page in open_page(browser, server.url, **DESK):
        keep(page, "welcome")
        ask(page, "Why is the sky blue? Answer in two sentences.")
        wait_for(page, "thinking")
        keep(page, "thinking")
        wait_for(page, "speaking")
        expect(page.locator(".reply .text")).to_have_attribute("data-complete", "true")
        page.wait_for_timeout(2500)
        keep(page, "page")
        page.keyboard.press("Escape")
        wait_for(page, "ready")
        page.get_by_role("button", name="Correct and ask again").click()
        keep(page, "correcting")


def test_choices(browser: Browser, server: Server, keep: Any) -> None:
    for page in open_page(browser, server.url, **DESK):
        page.click("#open-settings")
        for section in ("Voice", "Memory", "Devices"):
            page.get_by_role("tab", name=section).click()
            page.wait_for_timeout(500)
            keep(page, f"settings-{section.lower()}")
        page.keyboard.press("Escape")
        page.click("#open-shortcuts")
        page.get_by_role("dialog").wait_for()
        keep(page, "shortcuts")


def test_talking_on_a_phone(browser: Browser, server: Server, keep: Any) -> None:
    for page in open_page(browser, server.url, **PHONE):
        page.hover("#talk")
        page.mouse.down()
        wait_for(page, "recording")
        page.wait_for_timeout(2500)
        keep(page, "recording")
        page.keyboard.press("Escape")
        page.mouse.up()
        wait_for(page, "ready")

        page.click("#talk")
        wait_for(page, "listening")
        keep(page, "listening")
        wait_for(page, "hearing")
        page.wait_for_timeout(1000)
        keep(page, "hearing")
        wait_for(page, "speaking")
        page.wait_for_timeout(700)
        keep(page, "speaking")
        wait_for(page, "listening")
        page.keyboard.press("m")
        wait_for(page, "muted")
        keep(page, "muted")
        page.context.set_offline(True)
        wait_for(page, "reconnecting")
        keep(page, "reconnecting")


def test_a_chinese_phone(browser: Browser, server: Server, keep: Any) -> None:
    for page in open_page(browser, server.url, "zh-CN", **(PHONE | {"color_scheme": "light"})):
        keep(page, "chinese-welcome")
        ask(page, "用两句话介绍一下杭州。")
        wait_for(page, "speaking")
        expect(page.locator(".reply .text")).to_have_attribute("data-complete", "true")
        page.wait_for_timeout(1500)
        keep(page, "chinese")
        page.click("#open-list")
        page.wait_for_timeout(500)
        keep(page, "chinese-list")


def test_a_long_recording(browser: Browser, server: Server, models: Path, keep: Any) -> None:
    sentences = (
        "Printing differs from most of the arts and crafts in being comparatively modern.",
        "The earliest book printed with movable types is the Gutenberg Bible.",
        "It was printed in about the year fourteen fifty five.",
        "The Chinese took impressions from wood blocks centuries before.",
    )
    spoken = [part for each in sentences for part in (say(models, each), silence(0.7, RATE_HZ))]
    recording = wav(np.concatenate(spoken * 5), RATE_HZ)
    for page in open_page(browser, server.url, **DESK):
        choose_file(page, "a talk on printing.wav", recording)
        page.get_by_text("Recognising").first.wait_for()
        page.get_by_text("Gutenberg").first.wait_for()
        keep(page, "recognising")
        expect(page.get_by_role("link", name="srt")).to_be_visible()
        wait_for(page, "ready")
        keep(page, "transcript")


def test_what_goes_wrong(browser: Browser, server: Server, keep: Any) -> None:
    for page in open_page(browser, server.url, **PHONE):
        page.evaluate(
            "() => { navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('', 'NotAllowedError') } }"
        )
        page.click("#talk")
        expect(page.get_by_role("alert")).to_contain_text("microphone")
        wait_for(page, "ready")
        keep(page, "microphone-refused")
