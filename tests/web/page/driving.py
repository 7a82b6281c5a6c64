"""The page as its user drives it, for tests in a real browser against the running assistant."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, expect

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.web.browser import TIMEOUT_MS
from tests.web.live.blank_page import Recorded, tone

QUESTION = "How many days are there in a week?"
STORY = "Once upon a time there was a lighthouse by the sea."

# What is scheduled to be heard: {at_s, offset_s, duration_s} of each piece, in the device's time.
_RECORD_SOUNDS = """
window.sounds = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at_s, offset_s = 0) {
  window.sounds.push({ at_s, offset_s, duration_s: this.buffer.duration });
  start.call(this, at_s, offset_s);
};
"""

expect.set_options(timeout=TIMEOUT_MS)


def open_page(browser: Browser, url: str, locale: str = "en-US", **options: Any) -> Iterator[Page]:
    """Yield the page, ready; a script error on it, or a refusal of its policy, fails the test."""
    context = browser.new_context(locale=locale, **options)
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(_RECORD_SOUNDS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    page.goto(url)
    wait_for(page, "ready")
    yield page
    context.close()
    assert errors == [], errors


def wait_for(page: Page, state: str) -> None:
    page.wait_for_selector(f"body[data-state={state}]")


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")


def turns(page: Page) -> list[dict[str, Any]]:
    """Return what the server says of the turns that are shown, oldest first."""
    ids = [
        turn.get_attribute("data-turn-id")
        for turn in page.locator("#messages > .turn[data-turn-id]").all()
    ]
    fetch = "id => fetch(`/api/turns/${id}`).then((answer) => answer.json())"
    return [page.evaluate(fetch, turn_id) for turn_id in ids]


def expect_spoken_reply(page: Page) -> None:
    """The last reply is written, and all of its pieces were heard, one after another."""
    wait_for(page, "ready")
    turn = turns(page)[-1]
    expect(page.locator("#messages > .turn").last.locator(".reply .text")).to_have_text(
        turn["answer"]
    )
    sounds = page.evaluate("sounds")[-len(turn["audio"]) :]
    assert [round(sound["duration_s"], 1) for sound in sounds] == [
        round(piece["duration_s"], 1) for piece in turn["audio"]
    ]
    ends = [sound["at_s"] + sound["duration_s"] for sound in sounds]
    assert all(end <= after["at_s"] + 1e-6 for end, after in zip(ends, sounds[1:], strict=False))


def choose_file(page: Page, name: str, data: bytes, mime_type: str = "audio/wav") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose sound files").click()
    chooser.value.set_files({"name": name, "mimeType": mime_type, "buffer": data})


def drop_file(page: Page, name: str, data: bytes) -> None:
    transfer = page.evaluate_handle(
        """([encoded, name]) => {
            const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: "audio/wav" }));
            return transfer;
        }""",
        [base64.b64encode(data).decode(), name],
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})


def wav(samples: np.ndarray, sample_rate_hz: int) -> bytes:
    return wrap_wav(encode_pcm16(Audio(samples, sample_rate_hz)), sample_rate_hz)


def silence(duration_s: float, sample_rate_hz: int = 16_000) -> np.ndarray:
    return np.zeros(round(duration_s * sample_rate_hz), np.float32)


def begin_story(page: Page, script: Recorded, duration_s: float = 20.0) -> str:
    """Have the script answer QUESTION with STORY; return the reply's id once it is heard."""
    script.hear(QUESTION)
    item_id = script.answer(STORY, tone(duration_s))
    wait_for(page, "speaking")
    return item_id
