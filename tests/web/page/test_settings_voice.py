"""Voice and speed, chosen by ear in a real browser with real voices."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.conftest import Server
from tests.web.page.settings_page import open_settings, visit


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    yield from visit(browser, server)


def test_a_sample_of_the_chosen_voice_is_heard_at_the_chosen_speed(page: Page) -> None:
    wishes: list[Any] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/speech"):
            wishes.append(request.post_data_json)

    page.on("request", note)
    panel = open_settings(page, "voice")
    panel.get_by_label("Voice", exact=True).select_option(label="Xiaobei (中文)")
    panel.get_by_label("Speaking speed").press("ArrowRight")
    sample = panel.locator(".sample")
    expect(sample).to_contain_text("你好")
    sample.get_by_role("button", name="Listen").click()
    expect(sample).to_have_attribute("data-stage", "playing")
    expect(sample.locator(".heard")).not_to_be_empty()
    expect(sample).to_have_attribute("data-stage", "silent")
    (wish,) = wishes
    assert (wish["voice"], wish["language"]) == ("kokoro:zf_xiaobei", "zh")
    assert wish["speed"] == pytest.approx(1.05)
    expect(panel.get_by_role("alert").filter(has_text="voice")).to_have_count(0)


def test_a_sample_can_be_stopped_and_ends_with_its_section(page: Page) -> None:
    panel = open_settings(page, "voice")
    sample = panel.locator(".sample")
    sample.get_by_role("button").click()
    expect(sample).to_have_attribute("data-stage", "playing")
    sample.get_by_role("button", name="Stop").click()
    expect(sample).to_have_attribute("data-stage", "silent")
    sample.get_by_role("button").click()
    expect(sample).to_have_attribute("data-stage", "playing")
    page.click("#settings-tab-general")
    page.click("#settings-tab-voice")
    expect(sample).to_have_attribute("data-stage", "silent")


def test_a_sample_that_cannot_be_had_says_why(page: Page) -> None:
    panel = open_settings(page, "voice")
    page.context.set_offline(True)
    panel.get_by_role("button", name="Listen").click()
    expect(panel.get_by_role("alert").filter(has_text="You are offline.")).to_be_visible()
    expect(panel.get_by_role("button", name="Listen")).to_be_visible()


def test_voices_that_cannot_be_had_say_why_and_are_asked_for_again(page: Page) -> None:
    page.route("**/api/voices", lambda route: route.abort())
    panel = open_settings(page, "voice")
    alert = panel.get_by_role("alert").filter(has_text="did not answer")
    expect(alert).to_be_visible()
    expect(panel.get_by_label("Voice", exact=True)).to_be_disabled()
    page.unroute("**/api/voices")
    alert.get_by_role("button", name="Try again").click()
    expect(panel.get_by_label("Voice", exact=True)).to_be_enabled()
    expect(alert).to_have_count(0)


def test_a_voice_that_the_server_has_no_more_becomes_automatic(page: Page) -> None:
    page.evaluate("localStorage.preferences = JSON.stringify({ voice: 'piper:gone' })")
    page.reload()
    panel = open_settings(page, "voice")
    expect(panel.get_by_label("Voice", exact=True)).to_have_value("")
    expect(panel).to_contain_text("usually by Joe")


def test_the_speed_is_said_in_words_and_kept(page: Page) -> None:
    panel = open_settings(page, "voice")
    slider = panel.get_by_role("slider", name="Speaking speed")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "2× · much faster")
    page.reload()
    panel = open_settings(page, "voice")
    expect(panel.get_by_text("2× · much faster")).to_be_visible()
    panel.get_by_role("button", name="Back to normal").click()
    expect(slider).to_have_value("1")
