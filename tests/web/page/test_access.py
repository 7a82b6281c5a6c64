"""For everybody: axe on every view, the keyboard alone, small windows."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.web.page.driving import ask, open_page, wait_for

PHONE = {"width": 320, "height": 568}
DESK = {"width": 1280, "height": 800}


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own best practices."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def themed(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    options: dict[str, Any] = {"color_scheme": request.param, "viewport": DESK}
    yield from open_page(browser, server.url, reduced_motion="reduce", **options)


def test_axe_finds_nothing_on_any_view(themed: Page) -> None:
    page = themed
    assert violations(page) == []
    ask(page, "Say hello.")
    wait_for(page, "ready")
    assert violations(page) == []
    page.get_by_role("button", name="Correct and ask again").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    for opener in ("#open-settings", "#open-shortcuts"):
        page.click(opener)
        page.get_by_role("dialog").wait_for()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator(opener)).to_be_focused()
    page.set_viewport_size(PHONE)
    assert violations(page) == []
    page.click("#open-list")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def test_axe_finds_nothing_while_one_talks(themed: Page) -> None:
    page = themed
    page.hover("#talk")
    page.mouse.down()
    wait_for(page, "recording")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.mouse.up()
    page.click("#talk")
    wait_for(page, "speaking")
    assert violations(page) == []
    wait_for(page, "listening")
    page.keyboard.press("m")
    wait_for(page, "muted")
    assert violations(page) == []


def test_axe_finds_nothing_where_something_went_wrong(themed: Page) -> None:
    page = themed
    page.context.set_offline(True)
    ask(page, "Is anybody there?")
    expect(page.locator("#notice")).to_be_visible()
    assert violations(page) == []


def test_everything_can_be_done_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("Say hello.")
    page.keyboard.press("Enter")
    wait_for(page, "ready")
    expect(page.locator("#question")).to_be_focused()

    tab_to(page, "Talk: hold to speak")
    page.keyboard.press("Enter")
    wait_for(page, "listening")
    page.keyboard.press("Escape")
    wait_for(page, "ready")

    page.locator("#scroller").focus()
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    shortcuts.get_by_text("Hold to talk").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("#scroller")).to_be_focused()

    page.keyboard.press("ControlOrMeta+k")
    expect(page.get_by_role("searchbox")).to_be_focused()

    page.locator("#scroller").focus()
    page.keyboard.press("n")
    expect(page.locator("#question")).to_be_focused()
    expect(page.locator(".turn")).to_have_count(0)


def tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        if label.startswith(name):
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.locator("#scroller").focus()
    page.keyboard.press("?")
    page.get_by_role("switch", name="Keys without Ctrl work").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.keyboard.press("n")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("ControlOrMeta+k")
    expect(page.get_by_role("searchbox")).to_be_focused()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_it_fits_from_a_narrow_phone_to_a_wide_screen(
    browser: Browser, server: Server, locale: str
) -> None:
    words = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamte " * 3
    for page in open_page(browser, server.url, locale, viewport=PHONE):
        page.fill("#question", words)
        page.route("**/api/chat", lambda route: route.abort())
        page.press("#question", "Enter")
        expect(page.locator("#notice")).to_be_visible()
        for width in (320, 360, 768, 1024, 1920):
            page.set_viewport_size({"width": width, "height": 640})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(_CUT_OFF) == []


# Controls that reach out of the window.
_CUT_OFF = """
() => [...document.querySelectorAll("button, textarea, input")]
  .filter((each) => each.checkVisibility() && !each.closest("dialog:not([open]), [hidden]"))
  .filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    return left < -0.5 || right > innerWidth + 0.5;
  })
  .map((each) => each.outerHTML)
"""


def test_nothing_moves_while_text_streams(browser: Browser, server: Server) -> None:
    """Cumulative layout shift, as browsers count it."""
    for page in open_page(browser, server.url):
        page.evaluate(
            """() => {
                window.shift = 0;
                new PerformanceObserver((list) => {
                  for (const entry of list.getEntries()) window.shift += entry.value;
                }).observe({ type: "layout-shift", buffered: true });
            }"""
        )
        ask(page, "Tell me in three sentences what rain is.")
        wait_for(page, "speaking")
        wait_for(page, "ready")
        assert page.evaluate("shift") < 0.1


def test_it_keeps_still_where_motion_is_unwelcome(browser: Browser, server: Server) -> None:
    for page in open_page(browser, server.url, reduced_motion="reduce"):
        page.route("**/api/chat", lambda route: None)
        ask(page, "Say hello.")
        page.locator(".dots").wait_for()
        moving = page.evaluate("document.getAnimations().map((each) => each.animationName)")
        assert moving == []
