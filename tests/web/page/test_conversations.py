"""What a user does to a conversation of the list, against the whole running assistant."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.web.page.conversation_page import (
    DESK,
    ask,
    choose,
    open_browser,
    open_page,
    open_with,
    stored,
    titles,
    visit,
    wait_until_deleted,
)

ALERT = "#conversations [role=alert]"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("microphone")) as chromium:
        yield chromium


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Page]:
    with visit(browser, server, **DESK) as page:
        yield page


@pytest.mark.parametrize(
    ("days", "locale", "heading"),
    [
        (0, "en-US", "Today"),
        (1, "en-US", "Yesterday"),
        (6, "en-US", "Previous 7 days"),
        (40, "en-US", "{date:%B}"),
        (400, "en-US", "{date:%B %Y}"),
        (0, "zh-CN", "今天"),
        (400, "zh-CN", "{date.year}年{date.month}月"),
    ],
)
def test_conversations_stand_under_the_day_of_their_last_turn(
    browser: Browser, server: Server, days: int, locale: str, heading: str
) -> None:
    with visit(browser, server, locale=locale, timezone_id="UTC", **DESK) as page:
        ask(page.context, "What is 2 plus 3?")
        now = datetime.now(UTC)
        page.clock.set_fixed_time(now + timedelta(days=days))
        open_page(page)
        expect(page.locator("#conversations h3")).to_contain_text(heading.format(date=now))


def test_a_conversation_is_a_link_that_opens_here_or_in_a_new_tab(desk: Page) -> None:
    _, newest = open_with(desk, "What is 2 plus 3?", "What is 12 times 12?")
    assert titles(desk) == ["What is 12 times 12?", "What is 2 plus 3?"]
    desk.evaluate("window.isSamePage = true")
    link = desk.get_by_role("link", name="What is 12 times 12?")
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    assert desk.url.endswith(f"/c/{newest}")
    expect(desk).to_have_title("What is 12 times 12? – Voice assistant")
    desk.go_back()
    expect(link).not_to_have_attribute("aria-current", "page")
    expect(desk).to_have_title("Voice assistant")
    assert desk.evaluate("window.isSamePage")
    with desk.context.expect_page() as tab:
        link.click(modifiers=["ControlOrMeta"])
    expect(tab.value).to_have_title("What is 12 times 12? – Voice assistant")
    assert not desk.url.endswith(newest)


def test_a_turn_brings_its_conversation_to_the_top(desk: Page) -> None:
    oldest, _ = open_with(desk, "What is 2 plus 3?", "What is 12 times 12?")
    desk.get_by_role("link", name="What is 2 plus 3?").click()
    desk.wait_for_timeout(1100)  # The list's times are whole seconds.
    desk.fill("#question", "What is 5 plus 5?")
    desk.press("#question", "Enter")
    expect(desk.locator("[data-id]").first).to_have_attribute("data-id", oldest)


def test_a_title_is_changed_in_place(desk: Page) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    choose(desk, "What is 2 plus 3?", "Rename")
    field = desk.get_by_role("textbox", name="Title of the conversation")
    field.fill("No")
    field.press("Escape")
    link = desk.get_by_role("link", name="What is 2 plus 3?")
    expect(link).to_be_focused()
    link.press("F2")
    expect(field).to_have_value("What is 2 plus 3?")
    field.fill("Sums")
    with desk.expect_response(lambda response: response.request.method == "PATCH"):
        field.press("Enter")
    expect(desk.get_by_role("link", name="Sums")).to_be_focused()
    kept = desk.context.request.get(f"/api/conversations/{conversation}").json()
    assert kept["title"] == "Sums"


def test_a_title_that_could_not_be_saved_comes_back_and_can_be_tried_again(desk: Page) -> None:
    open_with(desk, "What is 2 plus 3?")
    desk.route("**/api/conversations/*", lambda route: route.abort(), times=1)
    choose(desk, "What is 2 plus 3?", "Rename")
    desk.keyboard.type("Sums")
    desk.keyboard.press("Enter")
    expect(desk.locator(ALERT)).to_contain_text("The new title was not saved. The server")
    assert titles(desk) == ["What is 2 plus 3?"]
    desk.get_by_role("button", name="Try again").click()
    expect(desk.get_by_role("link", name="Sums")).to_be_visible()
    expect(desk.locator(ALERT)).to_have_count(0)


def test_a_deleted_conversation_can_be_brought_back(desk: Page) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    desk.get_by_role("link", name="What is 2 plus 3?").click()
    choose(desk, "What is 2 plus 3?", "Delete")
    undo = desk.get_by_role("button", name="Undo: bring back “What is 2 plus 3?”")
    expect(undo).to_be_focused()
    expect(desk).to_have_url(re.compile("/$"))
    undo.click()
    expect(desk.get_by_role("link", name="What is 2 plus 3?")).to_be_focused()
    expect(desk).to_have_url(re.compile(f"/c/{conversation}$"))
    desk.wait_for_timeout(6500)
    assert stored(desk, conversation) == 200


def test_a_conversation_is_deleted_when_the_time_to_undo_it_is_over(desk: Page) -> None:
    kept, deleted = open_with(desk, "What is 2 plus 3?", "What is 12 times 12?")
    choose(desk, "What is 12 times 12?", "Delete")
    desk.mouse.move(900, 100)
    expect(desk.locator("[data-id]")).to_have_count(1, timeout=10_000)
    wait_until_deleted(desk, deleted)
    expect(desk.get_by_role("link", name="What is 2 plus 3?")).to_be_focused()
    assert stored(desk, kept) == 200


def test_the_time_to_undo_stands_still_while_the_keyboard_is_at_it(desk: Page) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    desk.get_by_role("link", name="What is 2 plus 3?").focus()
    desk.keyboard.press("Delete")
    desk.wait_for_timeout(7500)
    expect(desk.get_by_role("button", name="Undo")).to_be_focused()
    assert stored(desk, conversation) == 200


def test_leaving_the_page_deletes_at_once(desk: Page) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    choose(desk, "What is 2 plus 3?", "Delete")
    # Of the same server, so that the browser ends no process, which takes last words along.
    desk.goto("/healthz")
    wait_until_deleted(desk, conversation)


def test_a_deletion_that_was_not_told_in_time_is_made_up_for(desk: Page) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    choose(desk, "What is 2 plus 3?", "Delete")
    # As where the browser ends the page before it may say a word.
    desk.evaluate("addEventListener('visibilitychange', (e) => e.stopImmediatePropagation(), true)")
    open_page(desk)
    assert stored(desk, conversation) == 200  # Another tab might be undoing it.
    desk.evaluate("""() => {
      const [[id, at_ms]] = Object.entries(JSON.parse(localStorage.removals));
      localStorage.removals = JSON.stringify({ [id]: at_ms - 61_000 });
    }""")
    open_page(desk)
    wait_until_deleted(desk, conversation)
    expect(desk.get_by_text("Nothing here yet.")).to_be_visible()
    desk.wait_for_function("localStorage.removals === undefined")


def test_a_conversation_that_could_not_be_deleted_is_shown_again(desk: Page) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    desk.route("**/api/conversations/*", lambda route: route.abort(), times=1)
    choose(desk, "What is 2 plus 3?", "Delete")
    desk.mouse.move(900, 100)
    expect(desk.locator(ALERT)).to_contain_text("was not deleted", timeout=10_000)
    expect(desk.get_by_role("link", name="What is 2 plus 3?")).to_be_visible()
    desk.get_by_role("button", name="Try again").click()
    wait_until_deleted(desk, conversation)
    expect(desk.get_by_text("Nothing here yet.")).to_be_visible()


@pytest.mark.parametrize(
    ("item", "suffix", "part"),
    [("Export as Markdown", "md", "# What is 2 plus 3?"), ("Export as JSON", "json", '"turns"')],
)
def test_a_conversation_is_exported(desk: Page, item: str, suffix: str, part: str) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    with desk.expect_download() as download:
        choose(desk, "What is 2 plus 3?", item)
    assert download.value.suggested_filename == f"conversation-{conversation}.{suffix}"
    assert part in Path(download.value.path()).read_text(encoding="utf-8")


def test_the_link_is_copied(desk: Page, server: Server) -> None:
    (conversation,) = open_with(desk, "What is 2 plus 3?")
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(desk, "What is 2 plus 3?", "Copy link")
    expect(desk.get_by_text("Link copied")).to_be_attached()
    copied = desk.evaluate("navigator.clipboard.readText()")
    assert copied == f"{server.url}/c/{conversation}"
