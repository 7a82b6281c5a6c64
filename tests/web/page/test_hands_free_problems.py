"""What becomes of a hands-free conversation that fails, breaks or falls asleep, as it is seen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.live.blank_page import Recorded, tone
from tests.web.page.driving import QUESTION, wait_for
from web.pages import read_texts

TEXTS = read_texts("en")
KEEP_STREAM = """() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wish) => (window.stream = await open(wish));
}"""
KEEP_CONTEXTS = """() => {
    window.contexts = [];
    window.AudioContext = class extends AudioContext {
        constructor(options) {
            super(options);
            contexts.push(this);
        }
    };
}"""


def expect_text_box_works(page: Page) -> None:
    wait_for(page, "ready")
    expect(page.locator("#talk")).to_have_attribute("aria-pressed", "false")
    page.route("**/api/chat", lambda route: None)
    with page.expect_request("**/api/chat"):
        page.fill("#question", "Then in writing.")
        page.press("#question", "Enter")
    expect(page.locator("#notice")).to_be_hidden()
    wait_for(page, "thinking")


def test_a_server_without_live_conversation_says_so(scripted_page: Page, script: Recorded) -> None:
    script.refusals = 10
    scripted_page.click("#talk")
    expect(scripted_page.get_by_role("alert")).to_contain_text(TEXTS["live_unreachable"])
    expect_text_box_works(scripted_page)


def test_a_server_that_has_no_room_says_so(scripted_page: Page, script: Recorded) -> None:
    script.problem = {"code": "sessions_full", "detail": "As many as can are talking."}
    scripted_page.click("#talk")
    expect(scripted_page.get_by_role("alert")).to_contain_text(TEXTS["problem_sessions_full"])
    expect_text_box_works(scripted_page)


def test_what_the_server_refuses_is_shown_in_its_words(live: Page, script: Recorded) -> None:
    script.send("error", error={"code": "rate_limit_exceeded", "message": "Too much of it."})
    expect(live.get_by_role("alert")).to_contain_text("Too much of it.")
    wait_for(live, "listening")
    live.get_by_role("button", name="Close").click()
    expect(live.locator("#notice")).to_be_hidden()


def test_a_failed_reply_says_why_in_its_turn(live: Page, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer("There")
    error = {"code": "of_the_model", "message": "The language model does not answer."}
    script.finish_reply("There", status="failed", status_details={"error": error})
    expect(live.locator(".reply .text")).to_have_text("There")
    expect(live.locator(".reply .problem")).to_contain_text("The language model does not answer.")
    wait_for(live, "listening")
    expect(live.locator("#notice")).to_be_hidden()


def test_a_dropped_connection_is_taken_up_where_it_broke(live: Page, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer("It is ", tone(1.5))
    wait_for(live, "speaking")
    wait_for(live, "thinking")
    script.refusals = 1
    delta = {"item_id": "item_1", "delta": "Paris.", "event_id": "event_000099"}
    script.log.append({"type": "response.output_audio_transcript.delta", **delta})
    script.drop()
    wait_for(live, "reconnecting")
    wait_for(live, "thinking")
    expect(live.locator(".reply .text")).to_have_text("It is Paris.")
    expect(live.locator("#notice")).to_be_hidden()


def test_after_too_long_a_new_session_goes_on_with_the_conversation(
    live: Page, script: Recorded
) -> None:
    script.hear(QUESTION)
    script.answer("It is Paris", tone(20.0))
    wait_for(live, "speaking")
    script.known_tokens.clear()
    script.drop()
    script.wait_for("session.update", 2)
    wait_for(live, "listening")
    script.hear("Hello", turn_id="turn-2")  # The ids of the new session begin anew.
    script.answer("Hello.", turn=2)
    script.finish_reply("Hello.", 2)
    expect(live.locator(".turn .text")).to_have_text([QUESTION, "It is Paris", "Hello", "Hello."])
    expect(live).to_have_url(re.compile("/c/conversation-1$"))
    expect(live.locator("#notice")).to_be_hidden()


def test_a_phone_that_was_asleep_goes_on_when_it_is_touched(
    scripted_page: Page, script: Recorded
) -> None:
    page = scripted_page
    page.evaluate(KEEP_CONTEXTS)
    page.click("#talk")
    wait_for(page, "listening")
    script.hear(QUESTION)
    script.answer("A long story", tone(20.0))
    wait_for(page, "speaking")
    page.evaluate(
        """() => Promise.all(
            contexts.filter(({ state }) => state === "running").map((each) => each.suspend())
        )"""
    )
    wait_for(page, "asleep")
    expect(page.locator("#state")).to_have_text("Paused")
    expect(page.get_by_text("Touch the page to go on")).to_be_visible()
    page.click("#talk")  # As natural as any other place, and it stops nothing.
    wait_for(page, "speaking")
    assert script.sent("response.cancel") == []


def test_a_microphone_that_gives_nothing_is_noticed(scripted_page: Page) -> None:
    scripted_page.evaluate(
        """() => void (navigator.mediaDevices.getUserMedia = async () =>
            new AudioContext().createMediaStreamDestination().stream)"""
    )
    scripted_page.click("#talk")
    expect(scripted_page.get_by_role("alert")).to_contain_text(TEXTS["microphone_silent"])
    scripted_page.get_by_role("button", name="End the conversation").click()
    expect(scripted_page.locator("#notice")).to_be_hidden()


def test_an_unplugged_microphone_ends_the_conversation_where_there_is_no_other(
    scripted_page: Page,
) -> None:
    page = scripted_page
    page.evaluate(KEEP_STREAM)
    page.click("#talk")
    wait_for(page, "listening")
    page.evaluate("stream.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    wait_for(page, "listening")  # The system has another.
    page.evaluate(
        """() => {
            const refuse = async () => { throw new DOMException("", "NotFoundError"); };
            navigator.mediaDevices.getUserMedia = refuse;
            stream.getAudioTracks()[0].dispatchEvent(new Event("ended"));
        }"""
    )
    expect(page.get_by_role("alert")).to_contain_text(TEXTS["microphone_missing"])
    expect_text_box_works(page)


@pytest.mark.parametrize("way", ["heard again", "corrected"])
def test_there_is_one_voice_at_a_time(live: Page, script: Recorded, way: str) -> None:
    script.hear("Hello")
    script.answer("Good morning.", tone(1.5))
    script.finish_reply("Good morning.")
    wait_for(live, "speaking")
    wait_for(live, "listening")
    script.hear(QUESTION, "next", "turn-2")
    script.answer("There are seven.", tone(20.0), "next", 2)
    wait_for(live, "speaking")
    live.route("**/api/audio/*", lambda route: None)
    live.route("**/api/chat", lambda route: None)
    if way == "heard again":
        live.get_by_role("button", name="Play this reply").first.click()
    else:
        live.get_by_role("button", name="Correct and ask again").first.click()
        live.keyboard.type(" again")
        live.keyboard.press("Enter")
    script.wait_for("response.cancel")
    script.wait_for_stop()
