"""The page of a guest with conversations, for tests of the list of them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from speech.audio import wrap_wav
from tests.conftest import Server
from tests.web.browser import open_chromium

DESK: dict[str, Any] = {"viewport": {"width": 1200, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 320, "height": 568},
    "has_touch": True,
    "is_mobile": True,
}
TIMEOUT_MS = 15_000
ANSWER_TIMEOUT_MS = 90_000


@contextlib.contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    silence = folder / "silence.wav"
    silence.write_bytes(wrap_wav(bytes(3200), 16_000))
    with open_chromium(microphone=silence) as chromium:
        yield chromium


@contextlib.contextmanager
def visit(browser: Browser, server: Server, **options: Any) -> Iterator[Page]:
    """A new guest; a script error on the page fails the test."""
    context = browser.new_context(base_url=server.url, **{"locale": "en-US", **options})
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    context.request.get("/")  # The guest's cookie.
    yield page
    context.close()
    assert errors == []


def ask(context: BrowserContext, question: str, conversation_id: str | None = None) -> str:
    """Have a turn; return its conversation's id."""
    fields = {"question": question, "speak": False, "conversation_id": conversation_id}
    answer = context.request.post("/api/chat", data=fields, timeout=ANSWER_TIMEOUT_MS)
    assert answer.ok, answer.text()
    found: str = answer.json()["conversation_id"]
    return found


def open_page(page: Page, address: str = "/") -> None:
    page.goto(address)
    expect(page.locator("#open-list")).to_be_visible()


def open_with(page: Page, *questions: str) -> list[str]:
    """Open the page of a guest with these conversations, the last used last; return their ids."""
    ids = [ask(page.context, question) for question in questions]
    open_page(page)
    expect(page.locator("[data-id]")).to_have_count(len(ids), timeout=TIMEOUT_MS)
    return ids


def titles(page: Page) -> list[str]:
    return page.locator(".conversation-title").all_text_contents()


def choose(page: Page, title: str, item: str) -> None:
    page.get_by_role("link", name=title).hover()
    page.get_by_role("button", name=f"More about “{title}”").click()
    page.get_by_role("menuitem", name=item).click()


def stored(page: Page, conversation_id: str) -> int:
    return page.context.request.get(f"/api/conversations/{conversation_id}").status


def wait_until_deleted(page: Page, conversation_id: str) -> None:
    for _ in range(50):
        if stored(page, conversation_id) == 404:
            return
        page.wait_for_timeout(100)
    pytest.fail("the server still has the conversation")


def expect_accessible(page: Page) -> None:
    assert not (found := Axe().run(page)).violations_count, found.generate_report()
