"""How a hands-free conversation is handled: by touch, by keys, in writing, with files."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.live.blank_page import Recorded, tone
from tests.web.page.driving import QUESTION, begin_story, choose_file, silence, wait_for, wav
from tests.web.scripted_realtime import wait_until


@pytest.mark.parametrize("by", ["touch", "Enter", "Escape"])
def test_a_touch_or_a_key_ends_the_reply_but_not_the_conversation(
    live: Page, script: Recorded, by: str
) -> None:
    begin_story(live, script)
    control = live.get_by_role("button", name="Interrupt")
    expect(control).to_have_id("talk")
    control.focus()
    if by == "touch":
        control.click()
    else:
        live.keyboard.press(by)
    script.wait_for("response.cancel")
    script.wait_for("conversation.item.truncate")
    script.finish_reply("Once", status="cancelled", status_details={})
    wait_for(live, "listening")
    expect(live.locator(".reply .text")).to_have_text("Once")
    expect(live.locator(".reply .mark")).to_have_text("Interrupted")
    expect(live.locator("#talk")).to_be_focused()
    live.keyboard.press("Escape")  # There is nothing else to be ended.
    wait_for(live, "ready")


def test_what_is_typed_goes_into_the_same_conversation(live: Page, script: Recorded) -> None:
    begin_story(live, script)
    live.fill("#question", "Stop. What is two plus two?")
    live.press("#question", "Enter")
    expect(live.locator("#question")).to_have_value("")
    (created,) = script.wait_for("conversation.item.create")
    assert created["item"]["content"][0]["text"] == "Stop. What is two plus two?"
    script.wait_for("response.cancel")
    script.finish_reply("Once", status="cancelled", status_details={})
    script.wait_for("response.create")
    wait_for(live, "thinking")
    script.answer("Four.", tone(0.3), created["item"]["id"], turn=2)
    script.finish_reply("Four.", 2)
    wait_for(live, "listening")
    expect(live.locator(".turn .text")).to_have_text(
        [QUESTION, "Once", "Stop. What is two plus two?", "Four."]
    )


def test_replies_are_only_written_where_speech_is_switched_off(
    live: Page, script: Recorded
) -> None:
    live.get_by_role("switch", name="Speak replies").press(" ")
    update = script.wait_for("session.update", 2)[-1]["session"]
    assert update["output_modalities"] == ["text"]
    script.hear(QUESTION)
    script.answer("There are seven.")
    script.finish_reply("There are seven.")
    expect(live.locator(".reply[data-writing=false] .text")).to_have_text("There are seven.")
    expect(live.locator("#announcer")).to_have_text("There are seven.")  # By a screen reader.
    wait_for(live, "listening")
    assert script.positions == []


@pytest.mark.parametrize("by", ["button", "key", "control"])
def test_the_microphone_is_muted_and_heard_again(live: Page, script: Recorded, by: str) -> None:
    for name, state, is_pressed in (("Mute", "muted", "true"), ("Unmute", "listening", "false")):
        button = live.get_by_role("button", name=f"{name} the microphone")
        if by == "button":
            button.and_(live.locator(".round")).click()
        elif by == "control":
            button.and_(live.locator("#talk")).click()
        else:
            live.locator("#scroller").focus()
            live.keyboard.press("m")
        wait_for(live, state)
        expect(live.locator(".round[aria-pressed]")).to_have_attribute("aria-pressed", is_pressed)
        if state == "muted":
            wait_until(lambda: not any(script.pcm16[-9600:]), "silence")
            expect(live.locator(".hint")).to_contain_text("tap to be heard again")
    wait_until(lambda: any(script.pcm16[-9600:]), "sound")


def test_a_tap_is_at_no_time_a_recording(scripted_page: Page) -> None:
    page = scripted_page
    page.evaluate(
        """() => {
            window.states = [];
            const note = () => states.push(document.body.dataset.state);
            new MutationObserver(note).observe(document.body, { attributeFilter: ["data-state"] });
        }"""
    )
    page.click("#talk")
    wait_for(page, "listening")
    page.wait_for_timeout(300)
    states = page.evaluate("states")
    assert states[-1] == "listening"
    assert set(states) <= {"opening", "connecting", "listening"}


def test_it_is_begun_muted_and_ended_by_keyboard_and_nothing_moves(scripted_page: Page) -> None:
    page = scripted_page

    def boxes() -> list[object]:
        return [page.locator(each).bounding_box() for each in (".composer", "#send", "#talk")]

    before = boxes()
    page.locator("#talk").focus()
    page.keyboard.press("Enter")
    wait_for(page, "listening")
    assert boxes() == before
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Mute the microphone").first).to_be_focused()
    page.keyboard.press(" ")
    wait_for(page, "muted")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="End the conversation")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for(page, "ready")
    assert boxes() == before


def test_the_space_bar_is_for_talking_and_not_for_recording(live: Page, script: Recorded) -> None:
    """Held, as one who holds it to talk would: they are heard anyway."""
    begin_story(live, script)
    live.locator("#scroller").focus()
    live.keyboard.down(" ")
    script.wait_for("response.cancel")
    script.finish_reply("Once", status="cancelled", status_details={})
    wait_for(live, "listening")
    live.wait_for_timeout(600)
    live.keyboard.up(" ")
    wait_for(live, "listening")


def test_a_file_is_sent_while_the_conversation_goes_on(live: Page, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer("A long story", tone(12.0))
    wait_for(live, "speaking")
    live.route("**/api/voice", lambda route: None)
    with live.expect_request("**/api/voice") as sent:
        choose_file(live, "a.wav", wav(silence(1.0), 16_000))
    expect(live.locator(".turn[data-kind=upload]")).to_contain_text("a.wav")
    assert b"conversation-1" in (sent.value.post_data_buffer or b"")
    wait_for(live, "speaking")
    script.finish_reply("A long story")
    wait_for(live, "listening")


def test_a_new_conversation_ends_the_one_before(live: Page, script: Recorded) -> None:
    script.hear(QUESTION)
    expect(live).to_have_url(re.compile("/c/conversation-1$"))
    live.locator("#scroller").focus()
    live.keyboard.press("n")
    wait_for(live, "ready")
    expect(live.locator(".turn")).to_have_count(0)
    wait_until(lambda: script.close_codes == [1000], "that the session is over")


def test_the_conversation_is_the_same_before_during_and_after(
    scripted_page: Page, script: Recorded
) -> None:
    page = scripted_page
    page.click("#talk")
    wait_for(page, "listening")
    expect(page).to_have_url(re.compile("/c/conversation-1$"))
    page.get_by_role("button", name="End the conversation").click()
    wait_for(page, "ready")
    page.route("**/api/chat", lambda route: route.abort())
    with page.expect_request("**/api/chat") as asked:
        page.fill("#question", "Hi")
        page.press("#question", "Enter")
    assert json.loads(asked.value.post_data or "")["conversation_id"] == "conversation-1"
    page.click("#talk")
    wait_until(lambda: len(script.queries) == 2, "another session")
    assert script.queries[1]["conversation_id"] == "conversation-1"
