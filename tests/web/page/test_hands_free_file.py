"""A file beside a hands-free conversation with the real assistant, where nobody says anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.page.conversation_page import open_browser
from tests.web.page.driving import choose_file, wait_for
from tests.web.page.test_hands_free_answers import HEARD


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears nothing."""
    with open_browser(tmp_path_factory.mktemp("microphone")) as chromium:
        yield chromium


def test_a_file_is_answered_beside_the_conversation(page: Page, spoken: Path) -> None:
    page.click("#talk")
    wait_for(page, "listening")
    page.keyboard.press("m")
    wait_for(page, "muted")
    choose_file(page, "question.wav", spoken.read_bytes())
    expect(page.locator(".turn[data-kind=upload] .question .text")).to_contain_text(HEARD)
    wait_for(page, "speaking")
    page.get_by_role("button", name="Interrupt").click()
    wait_for(page, "muted")
    expect(page.locator(".turn")).to_have_count(1)
