"""Questions and replies: written, heard, heard again, corrected, answered anew."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.page.driving import (
    ask,
    choose_file,
    drop_file,
    expect_spoken_reply,
    silence,
    turns,
    wait_for,
    wav,
)


def test_a_typed_question_is_answered_in_writing_and_aloud(page: Page) -> None:
    ask(page, "What is the capital of France? Answer in one sentence.")
    expect(page.locator("#question")).to_have_value("")
    wait_for(page, "speaking")
    expect_spoken_reply(page)
    expect(page.locator(".reply .text")).to_contain_text("Paris")


def test_what_is_spoken_is_marked_as_it_is_heard(page: Page) -> None:
    ask(page, "Name the four seasons in one sentence.")
    wait_for(page, "speaking")
    lengths = []
    while page.locator("body").get_attribute("data-state") == "speaking":
        lengths.append(len(page.locator(".heard").text_content() or ""))
        page.wait_for_timeout(100)
    assert lengths == sorted(lengths[:-1]) + lengths[-1:]
    assert len(set(lengths)) > 3
    wait_for(page, "ready")
    expect(page.locator(".heard")).to_have_text("")


def test_a_timer_speaks_up_by_itself(page: Page) -> None:
    ask(page, "Set a timer for 5 seconds")
    expect(page.locator(".reply")).to_have_count(2)
    wait_for(page, "ready")
    expect(page.locator(".question .text").nth(1)).to_have_text("A reminder")
    expect(page.locator(".reply .text").nth(1)).to_have_text("Your 5-second timer is up.")


def test_a_reply_can_be_heard_again_stopped_and_slowed(page: Page) -> None:
    ask(page, "Say: good morning, everybody, and welcome to this long and sunny day by the sea.")
    expect_spoken_reply(page)
    page.get_by_role("button", name="Play this reply").click()
    wait_for(page, "speaking")
    page.get_by_role("button", name="Stop the sound").click()
    wait_for(page, "ready")
    usual = page.evaluate("sounds.at(-1).duration_s")
    page.get_by_role("button", name="Listen slowly").click()
    wait_for(page, "speaking")
    slow = page.evaluate("sounds.at(-1).duration_s")
    assert slow == pytest.approx(usual / 0.75, abs=0.1)


def test_a_stopped_reply_is_written_no_further(page: Page) -> None:
    ask(page, "Count from one to one hundred in words.")
    wait_for(page, "speaking")
    page.keyboard.press("Escape")
    wait_for(page, "ready")
    words = page.locator(".reply .text").text_content()
    expect(page.locator(".mark")).to_have_text("Interrupted")
    assert [turn["status"] for turn in turns(page)] == ["cancelled"]
    page.reload()
    wait_for(page, "ready")
    assert (page.locator(".reply .text").text_content() or "").removesuffix("…") in (words or "")


def test_what_was_recognised_is_corrected_and_asked_again_in_one_step(page: Page) -> None:
    ask(page, "What is the capital of Span? One word.")
    wait_for(page, "ready")
    page.get_by_role("button", name="Correct and ask again").click()
    expect(page.get_by_label("What you said, to be corrected")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("What is the capital of Spain? One word.")
    page.keyboard.press("Enter")
    expect(page.locator("#messages > .turn")).to_have_count(1)
    expect(page.locator("#messages > .turn .reply .text").last).to_contain_text("Madrid")
    expect_spoken_reply(page)

    page.get_by_role("button", name="Show the earlier version").click()
    expect(page.locator(".earlier .question .text")).to_have_text(
        "What is the capital of Span? One word."
    )
    page.reload()
    wait_for(page, "ready")
    expect(page.locator("#messages > .turn > .question .text")).to_have_text(
        "What is the capital of Spain? One word."
    )


def test_a_reply_can_be_asked_for_again_and_rated(page: Page) -> None:
    ask(page, "Say hello.")
    wait_for(page, "ready")
    page.get_by_role("button", name="Answer again").click()
    page.get_by_role("button", name="Show the earlier version").wait_for()
    wait_for(page, "ready")
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    page.reload()
    wait_for(page, "ready")
    good = page.locator("#messages > .turn > .reply").get_by_role("button", name="Good answer")
    expect(good).to_have_attribute("aria-pressed", "true")


def test_a_reply_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "Say hello.")
    wait_for(page, "ready")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".reply .text").text_content()


def test_a_reload_in_the_middle_of_a_reply_goes_on_where_it_was(page: Page) -> None:
    ask(page, "Tell me in five sentences how bread is made.")
    wait_for(page, "speaking")
    page.wait_for_timeout(3000)
    page.reload()
    wait_for(page, "speaking")
    first = page.evaluate("sounds[0]")
    heard = page.locator(".heard").text_content() or ""
    assert first["offset_s"] > 0 or len(heard) > 10, "It did not begin anew."
    wait_for(page, "ready")
    assert page.locator(".reply .text").text_content() == turns(page)[0]["answer"]


def test_no_sound_is_made_where_speech_is_switched_off(page: Page) -> None:
    page.get_by_role("switch", name="Speak replies").press(" ")
    ask(page, "Say hello.")
    expect(page.locator(".reply .text[data-complete=true]")).not_to_be_empty()
    wait_for(page, "ready")
    assert page.evaluate("sounds") == []
    page.get_by_role("button", name="Play this reply").click()
    wait_for(page, "speaking")  # It is made now.


def test_a_dropped_sound_file_is_answered(page: Page, spoken: Path) -> None:
    drop_file(page, "question.wav", spoken.read_bytes())
    expect(page.locator(".question .text")).to_contain_text("days are there in a week")
    expect(page.get_by_text("question.wav")).to_be_visible()
    expect_spoken_reply(page)


def test_a_file_without_speech_says_so(page: Page) -> None:
    choose_file(page, "quiet.wav", wav(silence(2.0), 16_000))
    expect(page.get_by_text("No speech was heard")).to_be_visible()
    wait_for(page, "ready")


def test_a_stream_that_breaks_is_taken_up_where_it_broke(page: Page) -> None:
    resumed_after: list[str | None] = []

    def cut(route: Route) -> None:
        response = route.fetch()
        messages = response.text().split("\n\n")
        kept = "\n\n".join(messages[: len(messages) // 2])
        route.fulfill(response=response, body=kept)

    page.route("**/api/chat", cut)
    page.on(
        "request",
        lambda request: (
            request.url.endswith("/events")
            and resumed_after.append(request.header_value("Last-Event-ID"))
        ),
    )
    ask(page, "Say hello.")
    expect_spoken_reply(page)
    assert len(resumed_after) == 1
    assert resumed_after[0]


def test_pieces_play_in_order_whichever_is_ready_first(page: Page) -> None:
    started = {"type": "turn_started", "conversation_id": "c", "kind": "text", "question": "Hi"}
    events = [
        started,
        {"type": "reply_delta", "text": "One. Two. "},
        {"type": "reply_ready", "text": "One. Two. Three.", "source": "fallback"},
        {"type": "audio_ready", "index": 2, "audio_id": "t.2", "text": "Three.", "duration_s": 0.3},
        {"type": "speech_failed", "index": 1, "code": "synthesis_failed", "message": "No."},
        {"type": "audio_ready", "index": 0, "audio_id": "t.0", "text": "One.", "duration_s": 0.2},
        {"type": "turn_finished", "answer": "", "source": "fallback", "has_audio": True},
    ]
    lines = [
        f"id: {place}-0\ndata: {json.dumps({'turn_id': 't', **event})}\n\n"
        for place, event in enumerate(events, 1)
    ]
    body = "".join(lines)
    page.route("**/api/chat", lambda route: route.fulfill(body=body))
    sounds = {f"t.{i}": wav(silence(s, 24_000), 24_000) for i, s in ((0, 0.2), (2, 0.3))}
    page.route(
        "**/api/audio/t.*",
        lambda route: route.fulfill(body=sounds[route.request.url.rsplit("/", 1)[1]]),
    )
    ask(page, "Hi")
    wait_for(page, "ready")
    first, second = page.evaluate("sounds")
    assert [first["duration_s"], second["duration_s"]] == pytest.approx([0.2, 0.3], abs=0.001)
    assert second["at_s"] == pytest.approx(first["at_s"] + 0.2, abs=0.001)
    expect(page.locator(".reply .text")).to_have_text("One. Two. Three.")
    expect(page.get_by_text("Stand-in answer")).to_be_visible()
    expect(page.get_by_text("could not be spoken")).to_be_visible()


def test_what_was_typed_comes_back_where_it_could_not_be_sent(page: Page) -> None:
    page.context.set_offline(True)
    ask(page, "Is anybody there?")
    expect(page.get_by_role("alert").get_by_text("You are offline")).to_be_visible()
    expect(page.locator("#question")).to_have_value("Is anybody there?")
    expect(page.locator(".turn")).to_have_count(0)


def test_what_is_being_typed_survives_a_reload(page: Page) -> None:
    page.fill("#question", "I was just about to ask")
    page.wait_for_timeout(500)
    page.reload()
    wait_for(page, "ready")
    expect(page.locator("#question")).to_have_value("I was just about to ask")


def test_enter_sends_but_not_with_shift_nor_while_an_input_method_composes(page: Page) -> None:
    page.route("**/api/chat", lambda route: route.abort())
    page.fill("#question", "ni hao")
    page.press("#question", "Shift+Enter")
    page.dispatch_event("#question", "keydown", {"key": "Enter", "isComposing": True})
    page.dispatch_event("#question", "keydown", {"key": "Enter", "keyCode": 229})
    expect(page.locator("#question")).to_have_value("ni hao\n")
    expect(page.locator("#notice")).to_be_hidden()
    page.press("#question", "Enter")
    expect(page.locator("#notice")).to_be_visible()
