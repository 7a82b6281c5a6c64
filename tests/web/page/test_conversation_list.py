"""Finding a conversation: search, keyboard, the drawer on a phone; and what can go wrong."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.conftest import Server
from tests.web.page.conversation_page import (
    DESK,
    PHONE,
    ask,
    expect_accessible,
    open_browser,
    open_page,
    open_with,
    titles,
    visit,
)

LIST = "**/api/conversations?*"
MANY = 44
"""More than the page fetches at once."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("microphone")) as chromium:
        yield chromium


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Page]:
    with visit(browser, server, **DESK) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Page]:
    with visit(browser, server, **PHONE) as page:
        yield page


def search_field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search in titles and everything said")


def test_the_search_finds_what_was_said_and_marks_it(desk: Page) -> None:
    first, _ = open_with(desk, "What is 2 plus 3?", "现在几点？")
    ask(desk.context, "What is the square root of 1764?", first)
    search_field(desk).fill("SQUARE 1764")
    expect(desk.locator(".conversation-match mark")).to_have_text(["square", "1764"])
    expect(desk.get_by_role("status").filter(has_text="1 conversation found")).to_be_attached()
    hit = desk.locator(".conversation-link")
    turn_id = desk.context.request.get(f"/api/conversations/{first}").json()["turns"][1]["turn_id"]
    expect(hit).to_have_attribute("href", f"/c/{first}#{turn_id}")
    search_field(desk).fill("几点")
    expect(desk.locator(".conversation-title mark")).to_have_text("几点")
    search_field(desk).fill("zebra")
    expect(desk.get_by_text("Nothing was found for “zebra”.").first).to_be_visible()
    search_field(desk).press("Escape")
    expect(desk.locator("[data-id]")).to_have_count(2)
    expect(search_field(desk)).to_have_value("")


def test_only_the_last_of_several_searches_is_shown(desk: Page) -> None:
    open_with(desk, "What is 2 plus 3?", "What is 12 times 12?")

    def hold(route: Route) -> None:
        if "search=plus" in route.request.url:
            desk.wait_for_timeout(500)
        route.continue_()

    desk.route(LIST, hold)
    with desk.expect_request("**search=plus**"):
        search_field(desk).fill("plus")
    search_field(desk).fill("times")
    expect(desk.locator("mark")).to_have_text("times")
    desk.wait_for_timeout(700)
    expect(desk.locator("mark")).to_have_text("times")


def test_half_written_chinese_is_not_searched_for(desk: Page) -> None:
    open_with(desk, "现在几点？")
    requests: list[str] = []
    desk.on("request", lambda request: requests.append(request.url))
    search_field(desk).focus()
    client = desk.context.new_cdp_session(desk)
    client.send("Input.imeSetComposition", {"text": "ji", "selectionStart": 2, "selectionEnd": 2})
    desk.wait_for_timeout(600)
    assert not [url for url in requests if "search=" in url]
    client.send("Input.insertText", {"text": "几"})
    expect(desk.locator("mark")).to_have_text("几")


def test_the_list_grows_as_one_scrolls(desk: Page) -> None:
    for number in range(MANY):
        ask(desk.context, f"What is {number} plus 1?")
    open_page(desk)
    rows = desk.locator("[data-id]")
    expect(rows).to_have_count(40)
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(MANY)
    assert titles(desk)[-1] == "What is 0 plus 1?"
    expect(desk.locator(".conversation-skeleton")).to_have_count(0)


def test_the_menu_is_used_by_keyboard(desk: Page) -> None:
    open_with(desk, "What is 2 plus 3?")
    button = desk.get_by_role("button", name="More about “What is 2 plus 3?”")
    desk.get_by_role("link", name="What is 2 plus 3?").focus()
    desk.keyboard.press("Tab")
    expect(button).to_be_focused()
    for key, item in [
        ("ArrowDown", "Rename"),
        ("ArrowDown", "Copy link"),
        ("End", "Delete"),
        ("ArrowDown", "Rename"),
        ("ArrowUp", "Delete"),
        ("Home", "Rename"),
        ("e", "Export as Markdown"),
        ("e", "Export as JSON"),
    ]:
        desk.keyboard.press(key)
        expect(desk.get_by_role("menuitem", name=item)).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("menu")).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    desk.keyboard.press("ArrowUp")
    expect(desk.get_by_role("menuitem", name="Delete")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("menu")).to_be_hidden()


def test_a_press_on_the_menu_button_closes_its_menu(desk: Page) -> None:
    open_with(desk, "What is 2 plus 3?")
    button = desk.get_by_role("button", name="More about “What is 2 plus 3?”")
    button.click()
    expect(desk.get_by_role("menu")).to_be_visible()
    button.click()
    expect(desk.get_by_role("menu")).to_be_hidden()
    button.click()
    desk.mouse.click(900, 100)
    expect(desk.get_by_role("menu")).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_the_arrow_keys_move_from_the_search_through_the_list(desk: Page) -> None:
    open_with(desk, "What is 2 plus 3?", "What is 12 times 12?")
    desk.keyboard.press("ControlOrMeta+k")
    expect(search_field(desk)).to_be_focused()
    links = desk.locator(".conversation-link")
    for key, place in [("ArrowDown", 0), ("ArrowDown", 1), ("Home", 0), ("End", 1), ("ArrowUp", 0)]:
        desk.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    desk.keyboard.press("ArrowUp")
    expect(search_field(desk)).to_be_focused()


def test_the_side_bar_stays_hidden_until_it_is_wanted(desk: Page) -> None:
    open_with(desk, "What is 2 plus 3?")
    bar = desk.get_by_role("navigation", name="Conversations")
    expect(bar).to_have_css("width", "272px")
    desk.click("#open-list")
    expect(bar).to_be_hidden()
    desk.reload()
    expect(desk.locator("#open-list")).to_have_attribute("aria-expanded", "false")
    expect(bar).to_be_hidden()
    desk.keyboard.press("ControlOrMeta+k")
    expect(search_field(desk)).to_be_focused()


def test_the_drawer_keeps_the_focus_and_gives_it_back(phone: Page) -> None:
    ask(phone.context, "What is 2 plus 3?")
    open_page(phone)
    drawer = phone.get_by_role("dialog", name="Conversations")
    expect(drawer).to_be_hidden()
    phone.locator("#open-list").focus()
    phone.keyboard.press("Enter")
    expect(drawer).to_be_visible()
    expect(phone.get_by_role("link", name="What is 2 plus 3?")).to_be_visible()
    for _ in range(12):
        phone.keyboard.press("Tab")
        # Beyond its last control is the browser's own bar, for which the body stands.
        place = "document.activeElement.closest('dialog, body').tagName"
        assert phone.evaluate(place) == "DIALOG" or phone.evaluate(
            "document.activeElement === document.body"
        )
    phone.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(phone.locator("#open-list")).to_be_focused()
    phone.keyboard.press("ControlOrMeta+k")
    expect(search_field(phone)).to_be_focused()
    phone.get_by_role("link", name="What is 2 plus 3?").click()
    expect(drawer).to_be_hidden()
    expect(phone).to_have_title("What is 2 plus 3? – Voice assistant")


def test_what_is_touched_is_large_enough_and_nothing_sticks_out(phone: Page) -> None:
    ask(phone.context, "What is 2 plus 3?")
    open_page(phone)
    phone.click("#open-list")
    phone.get_by_role("button", name="More about").click()
    phone.get_by_role("menuitem", name="Rename").wait_for()
    drawer = phone.locator("#conversations")
    for control in drawer.locator("a, button, input").all():
        box = control.bounding_box()
        assert box and box["width"] >= 44 and box["height"] >= 44, control.evaluate(
            "e => e.outerHTML"
        )
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    assert drawer.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_a_list_that_cannot_be_loaded_says_so_and_is_tried_again(desk: Page) -> None:
    ask(desk.context, "What is 2 plus 3?")
    desk.route(LIST, lambda route: route.abort(), times=1)
    open_page(desk)
    alert = desk.get_by_role("alert").filter(has_text="Your conversations could not be loaded.")
    expect(alert).to_contain_text("The server did not answer")
    alert.get_by_role("button", name="Try again").click()
    expect(desk.get_by_role("link", name="What is 2 plus 3?")).to_be_visible()
    expect(alert).to_have_count(0)


def test_nothing_moves_when_the_list_comes(desk: Page) -> None:
    for number in range(3):
        ask(desk.context, f"What is {number} plus 1?")
    held: list[Route] = []
    desk.route(LIST, lambda route: held.append(route))
    open_page(desk)
    expect(desk.locator(".conversation-skeleton")).to_be_visible()
    expect(desk.locator(".state .hint")).to_be_visible()  # All else has come.
    desk.evaluate("""() => {
      window.shifts = [];
      new PerformanceObserver((list) => shifts.push(...list.getEntries()))
        .observe({ type: "layout-shift" });
    }""")
    for route in held:
        route.continue_()
    desk.unroute(LIST)
    expect(desk.locator("[data-id]")).to_have_count(3)
    desk.wait_for_timeout(500)
    moved = "shifts.flatMap((shift) => shift.sources.map(({ node }) => node?.outerHTML ?? null))"
    assert desk.evaluate(moved) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(desk: Page, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    open_with(desk, "What is 2 plus 3?", "What is 12 times 12?", "What is 5 plus 5?")
    desk.get_by_role("link", name="What is 2 plus 3?").click()
    expect_accessible(desk)
    desk.get_by_role("button", name="More about “What is 12 times 12?”").click()
    expect_accessible(desk)
    desk.get_by_role("menuitem", name="Delete").click()
    expect_accessible(desk)
    desk.get_by_role("link", name="What is 5 plus 5?").press("F2")
    expect_accessible(desk)
    desk.keyboard.press("Escape")
    search_field(desk).fill("plus")
    expect(desk.locator("mark").first).to_be_visible()
    expect_accessible(desk)
    search_field(desk).fill("zebra")
    expect(desk.get_by_text("Nothing was found").first).to_be_visible()
    expect_accessible(desk)


def test_axe_finds_nothing_in_the_drawer(phone: Page) -> None:
    ask(phone.context, "What is 2 plus 3?")
    phone.emulate_media(reduced_motion="reduce")
    open_page(phone)
    phone.click("#open-list")
    expect(phone.get_by_role("link", name="What is 2 plus 3?")).to_be_visible()
    expect_accessible(phone)
