"""The manner of replies and what is remembered, seen and changed in a real browser."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.conftest import Server
from tests.web.page.settings_page import add_fact, close_settings, open_settings, profile_of, visit


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    yield from visit(browser, server)


def test_a_manner_is_the_servers_to_keep_and_what_was_said_later_counts(page: Page) -> None:
    panel = open_settings(page, "manner")
    expect(panel.get_by_role("radio", name="Standard")).to_be_checked()
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        panel.get_by_role("radio", name="Humorous").check()
    assert profile_of(page)["manner"] == "humorous"
    page.request.patch("/api/profile", data={"manner": "concise"})  # As "be brief" does.
    close_settings(page)
    panel = open_settings(page, "manner")
    expect(panel.get_by_role("radio", name="Concise")).to_be_checked()
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        panel.get_by_role("radio", name="Standard").check()
    assert profile_of(page)["manner"] is None


def refuse_profile(route: Route) -> None:
    detail = "This server remembers nothing about its users."
    body = json.dumps({"code": "profile_off", "detail": detail, "status": 404})
    route.fulfill(status=404, body=body, content_type="application/problem+json")


def test_a_server_without_memory_says_so_and_a_manner_is_kept_here(page: Page) -> None:
    page.route("**/api/profile", refuse_profile)
    panel = open_settings(page, "memory")
    expect(panel.get_by_role("alert")).to_have_text(
        "This server remembers nothing about its users."
    )
    page.click("#settings-tab-manner")
    panel.get_by_role("radio", name="Formal").check()
    page.reload()
    panel = open_settings(page, "manner")
    expect(panel.get_by_role("radio", name="Formal")).to_be_checked()
    expect(panel.get_by_role("alert")).to_be_empty()


def test_what_is_remembered_is_added_edited_and_forgotten(page: Page) -> None:
    panel = open_settings(page, "memory")
    expect(panel.get_by_text("Nothing yet.")).to_be_visible()
    field = panel.get_by_label("Add something about yourself")
    for text in ("is vegetarian", "their dog is called Bartholomew"):
        field.fill(text)
        field.press("Enter")
        expect(panel.get_by_role("listitem").filter(has_text=text)).to_be_visible()
        expect(panel.get_by_role("status")).to_have_text("Added.")

    panel.get_by_role("button", name="Edit: is vegetarian").click()
    editor = panel.get_by_role("textbox", name="Edit: is vegetarian")
    expect(editor).to_be_focused()
    editor.fill("is nothing")
    editor.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    panel.get_by_role("button", name="Edit: is vegetarian").press("Enter")
    editor.fill("is vegan")
    editor.press("Enter")
    expect(panel.get_by_role("status")).to_have_text("Changed.")
    assert profile_of(page)["facts"][0]["text"] == "is vegan"

    panel.get_by_role("button", name="Forget: is vegan").click()
    expect(panel.get_by_role("button", name="Keep")).to_be_focused()
    panel.get_by_role("button", name="Forget", exact=True).click()
    expect(panel.get_by_role("status")).to_have_text("Forgotten.")
    expect(panel.get_by_role("button", name="Forget: their dog")).to_be_focused()
    assert len(profile_of(page)["facts"]) == 1


def test_everything_is_forgotten_only_after_a_question(page: Page) -> None:
    add_fact(page, "is vegetarian")
    panel = open_settings(page, "memory")
    panel.get_by_role("button", name="Forget everything").click()
    panel.get_by_role("button", name="Keep").click()
    expect(panel.get_by_role("button", name="Forget everything")).to_be_focused()
    assert len(profile_of(page)["facts"]) == 1
    panel.get_by_role("button", name="Forget everything").click()
    panel.get_by_role("button", name="Forget everything").click()
    expect(panel.get_by_role("status")).to_have_text("Everything is forgotten.")
    expect(panel.get_by_text("Nothing yet.")).to_be_visible()
    assert profile_of(page)["facts"] == []


def test_remembering_can_be_switched_off_and_a_failure_switches_it_back(page: Page) -> None:
    panel = open_settings(page, "memory")
    switch = panel.get_by_role("switch", name="Remember things about me")
    # The panel has asked for the profile as well, maybe without an answer so far.
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        switch.uncheck()
    assert profile_of(page)["is_enabled"] is False
    expect(panel.get_by_label("Add something about yourself")).to_have_count(0)
    page.context.set_offline(True)
    switch.click()
    expect(panel.get_by_role("alert")).to_contain_text("You are offline.")
    expect(switch).not_to_be_checked()
