"""The page at /docs, in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from tests.web.browser import open_chromium
from tests.web.realtime.conftest import Web, run_web
from web.app import create_app
from workers.settings import Settings


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(data_dir=tmp_path)).test_client()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with run_web(tmp_path_factory.mktemp("docs"), "web.app:create_app()") as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_chromium(microphone=tmp_path_factory.mktemp("microphone") / "none.wav") as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="en-US") as context:
        context.set_default_timeout(20_000)
        yield context.new_page()


def test_an_operation_is_read_and_tried_out(web: Web, page: Page) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{web.url}/docs")
    operation = page.locator("#operations-voices-voices")
    operation.locator(".opblock-summary").click()
    operation.get_by_text("Execute", exact=True).click()
    operation.locator(".live-responses-table").get_by_text('"kokoro:af_heart"').first.wait_for()
    assert complaints == []
    assert [url for url in asked if not url.startswith((web.url, "data:"))] == []


def test_a_guest_can_try_out_what_needs_one(web: Web, page: Page) -> None:
    page.goto(f"{web.url}/docs#/usage/usage")
    operation = page.locator("#operations-usage-usage")
    operation.get_by_text("Execute", exact=True).click()
    operation.locator(".live-responses-table").get_by_text('"prompt_tokens"').first.wait_for()


def test_a_recording_can_be_chosen(web: Web, page: Page) -> None:
    page.goto(f"{web.url}/docs#/voice/voice")
    page.locator("#operations-voice-voice input[type=file]").wait_for()


def test_it_is_dark_where_the_browser_is(web: Web, browser: Browser) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{web.url}/docs")
        page.locator("html.dark-mode").wait_for()


def test_only_this_page_may_show_pictures_that_are_no_files(client: FlaskClient) -> None:
    policies = {
        path: client.get(path).headers["Content-Security-Policy"] for path in ("/docs", "/")
    }
    assert "script-src 'self';" in policies["/docs"]
    assert "img-src 'self' data:;" in policies["/docs"]
    assert "img-src 'self';" in policies["/"]
    assert "unsafe" not in policies["/docs"]


def test_an_installed_app_does_not_keep_it(client: FlaskClient) -> None:
    assert "swagger" not in client.get("/service-worker.js").text
