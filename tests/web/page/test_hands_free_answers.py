"""The hands-free conversation with the real assistant."""

import re

from playwright.sync_api import Page, expect

from tests.web.page.driving import ask, turns, wait_for

HEARD = "days are there in a week"


def talk(page: Page) -> None:
    page.click("#talk")
    expect(page.locator(".question:not([data-provisional]) .text")).to_contain_text(HEARD)


def test_what_is_said_is_answered_in_a_conversation_that_is_kept(page: Page) -> None:
    talk(page)
    wait_for(page, "speaking")
    wait_for(page, "listening")
    reply = page.locator(".reply")
    expect(reply.locator(".text")).to_contain_text(re.compile("seven|7", re.I))
    expect(reply).to_have_attribute("data-played-ms", re.compile(r"^\d{3,}$"))
    expect(reply).to_have_attribute("data-timings", re.compile("first_sound"))
    expect(page).to_have_url(re.compile(r"/c/[\w-]+$"))
    address = page.url
    entry = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    expect(entry.and_(page.locator("[aria-current]"))).to_have_attribute(
        "href", "/c/" + address.rsplit("/", 1)[1]
    )
    ask(page, "And in two weeks? Answer with a number.")  # Typed, into the same conversation.
    expect(page.locator(".reply .text").nth(1)).to_contain_text(re.compile("14|fourteen", re.I))
    wait_for(page, "listening")
    page.get_by_role("button", name="End the conversation").click()
    wait_for(page, "ready")
    ask(page, "Thank you.")  # After it, too.
    wait_for(page, "ready")
    assert page.url == address
    shown = page.locator(".turn .text").all_text_contents()
    page.reload()
    expect(page.locator(".turn .text")).to_have_text(shown)
    assert [turn["status"] for turn in turns(page)] == ["finished"] * 3


def test_a_reload_in_the_middle_of_a_reply_goes_on_in_text_and_sound(page: Page) -> None:
    talk(page)
    wait_for(page, "speaking")
    wait_for(page, "listening")
    page.keyboard.press("m")  # Or the microphone's sound, heard again, interrupts.
    wait_for(page, "muted")
    ask(page, "Tell me in four sentences how bread is made.")
    wait_for(page, "speaking")
    reply = page.locator(".reply").nth(1)
    expect(reply).to_have_attribute("data-played-ms", re.compile(r"^[2-9]\d{3}$"))
    page.reload()
    wait_for(page, "speaking")
    played = [int(reply.get_attribute("data-played-ms") or 0)]
    assert played[0] >= 2000, "It did not begin anew."
    expect(page.locator(".turn")).to_have_count(2)
    wait_for(page, "muted")
    expect(page.get_by_role("button", name="End the conversation")).to_be_visible()
    stored = turns(page)
    assert reply.locator(".text").text_content() == stored[1]["answer"]
    duration_s = sum(piece["duration_s"] for piece in stored[1]["audio"])
    played_ms = int(reply.get_attribute("data-played-ms") or 0)
    assert abs(played_ms - 1000 * duration_s) < 50
