"""The window of settings in a real browser: its frame, and what concerns the page itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.web.page.settings_page import (
    SECTIONS,
    add_fact,
    close_settings,
    open_settings,
    violations,
    visit,
)
from web.pages import LANGUAGES

PHONE = {"width": 320, "height": 568}
TOUCH_PX = 44


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    yield from visit(browser, server)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_section(
    browser: Browser, server: Server, language: str, theme: Any
) -> None:
    for page in visit(
        browser,
        server,
        language,
        color_scheme=theme,
        permissions=["microphone"],
        reduced_motion="reduce",
    ):
        add_fact(page, "is vegetarian")
        for section in SECTIONS:
            open_settings(page, section)
            if section == "memory":
                page.locator("[id^=forget-]").click()
            page.mouse.move(0, 0)
            assert violations(page) == []
            close_settings(page)


def test_it_is_used_by_keyboard_alone_and_gives_the_focus_back(page: Page) -> None:
    page.focus("#open-settings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="General")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("tab", name="Voice")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Devices")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="General", selected=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="English")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#open-settings")).to_be_focused()


def test_the_language_of_the_page_changes_at_once_and_stays(page: Page) -> None:
    open_settings(page)
    page.get_by_role("radio", name="中文").check()
    expect(page.get_by_role("heading", name="设置")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "zh")


def test_a_language_that_cannot_be_had_says_so_and_leaves_the_old_one(page: Page) -> None:
    panel = open_settings(page)
    page.route("**/text/zh.json", lambda route: route.abort())
    panel.get_by_role("radio", name="中文").click()
    expect(panel.get_by_role("alert")).to_contain_text("The server did not answer.")
    expect(panel.get_by_role("radio", name="English")).to_be_checked()


def test_the_theme_changes_at_once_and_the_server_paints_it(page: Page) -> None:
    panel = open_settings(page)
    panel.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_css("background-color", "rgb(20, 24, 26)")
    assert '<html lang="en" data-theme="dark">' in page.request.get("/").text()
    panel.get_by_role("radio", name="System").check()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    assert '<html lang="en">' in page.request.get("/").text()


def test_the_spoken_language_is_automatic_until_one_is_chosen(page: Page) -> None:
    panel = open_settings(page)
    choice = panel.get_by_label("Language you speak")
    first = choice.locator("option").all_text_contents()[:3]
    assert first == ["Automatic", "English", "Chinese"]
    choice.select_option(label="German")
    panel.get_by_role("radio", name="中文").check()
    expect(page.get_by_label("你说的语言").locator("option:checked")).to_have_text("德语")
    page.reload()
    open_settings(page)
    expect(page.locator("#spoken-language")).to_have_value("de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_fits_a_narrow_phone_and_a_finger(
    browser: Browser, server: Server, language: str
) -> None:
    for page in visit(browser, server, language, viewport=PHONE):
        add_fact(page, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter")
        for section in SECTIONS:
            panel = open_settings(page, section)
            if section == "memory":
                expect(panel.get_by_role("listitem")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == 320
            assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
            assert small_targets(page) == []
            close_settings(page)


def small_targets(page: Page) -> Any:
    """What in the dialog is smaller than a finger; a label counts with its field."""
    return page.evaluate(
        """smallest => [...document.querySelectorAll(".settings :is(button, select, input)")]
          .map((control) => control.closest(".switch, .choice") ?? control)
          .filter((control) => {
            const { width, height } = control.getBoundingClientRect();
            return Math.min(width, height) < smallest;
          })
          .map((control) => control.outerHTML)""",
        TOUCH_PX,
    )


def test_the_dialog_does_not_jump_between_sections(page: Page) -> None:
    sizes = set()
    page.click("#open-settings")
    for section in SECTIONS:
        page.click(f"#settings-tab-{section}")
        sizes.add(json.dumps(page.locator("dialog").bounding_box()))
    assert len(sizes) == 1


def test_the_shortcuts_are_listed_and_axe_finds_nothing(page: Page) -> None:
    page.click("#open-shortcuts")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.locator("kbd").first).to_have_text("Space")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
