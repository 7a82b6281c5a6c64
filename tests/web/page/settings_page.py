"""The window of settings, for tests in a real browser against the whole running assistant."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import Server
from tests.web.page.driving import open_page

SECTIONS = ("general", "voice", "manner", "memory", "devices")
LOCALES = {"en": "en-US", "zh": "zh-CN"}


def visit(browser: Browser, server: Server, language: str = "en", **options: Any) -> Iterator[Page]:
    """Yield the page of a new user. No service worker answers what a test wants to fail."""
    options = {"base_url": server.url, "service_workers": "block"} | options
    yield from open_page(browser, options["base_url"], LOCALES[language], **options)


def open_settings(page: Page, section: str = "general") -> Locator:
    page.click("#open-settings")
    page.click(f"#settings-tab-{section}")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_be_visible()
    return panel


def close_settings(page: Page) -> None:
    page.locator(".settings .dialog-head button").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def add_fact(page: Page, text: str) -> None:
    page.request.post("/api/profile/facts", data={"text": text})


def profile_of(page: Page) -> Any:
    return page.request.get("/api/profile").json()
