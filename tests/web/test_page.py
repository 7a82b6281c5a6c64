"""The page in a real browser, against the whole running assistant."""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, say
from tests.web.browser import PLAIN_HTTP_HOST, TIMEOUT_MS, open_chromium
from web.pages import LANGUAGES, read_texts

QUESTION = "How many days are there in a week?"
SCREENSHOT = Path(__file__).parents[2] / "docs" / "screens" / "page.png"

expect.set_options(timeout=TIMEOUT_MS)


def wav(samples: np.ndarray, sample_rate_hz: int) -> bytes:
    return wrap_wav(encode_pcm16(Audio(samples, sample_rate_hz)), sample_rate_hz)


def silence(duration_s: float, sample_rate_hz: int = 16_000) -> np.ndarray:
    return np.zeros(round(duration_s * sample_rate_hz), np.float32)


@pytest.fixture(scope="module")
def spoken(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """QUESTION in Piper's voice; a user, too, breathes before and after.

    Longer after: on a busy machine the microphone lags behind, and the last word would be cut.
    """
    before, after = silence(0.5, RATE_HZ), silence(2.0, RATE_HZ)
    path = tmp_path_factory.mktemp("microphone") / "question.wav"
    path.write_bytes(wav(np.concatenate([before, say(models, QUESTION), after]), RATE_HZ))
    return path


@pytest.fixture(scope="module")
def browser(spoken: Path) -> Iterator[Browser]:
    with open_chromium(microphone=spoken) as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page in English, ready; a script error on it fails the test."""
    yield from open_page(browser, server.url, "en-US")


def open_page(browser: Browser, url: str, locale: str) -> Iterator[Page]:
    context = browser.new_context(locale=locale)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    wait_for(page, "ready")
    yield page
    context.close()
    assert errors == []


def wait_for(page: Page, state: str) -> None:
    page.wait_for_selector(f"body[data-state={state}]")


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")


def expect_spoken_reply(page: Page) -> None:
    """The reply is written, and all of its pieces were played, each once and in order."""
    reply = page.locator(".reply")
    expect(reply).to_have_attribute("data-played", re.compile("^0"))
    wait_for(page, "ready")
    turn_id = page.locator(".user").get_attribute("data-turn-id")
    turn = page.evaluate("id => fetch(`/api/turns/${id}`).then(answer => answer.json())", turn_id)
    assert turn["answer"]
    assert reply.locator(".text").text_content() == turn["answer"]
    pieces = " ".join(str(piece["index"]) for piece in turn["audio"])
    assert reply.get_attribute("data-played") == pieces


def test_a_typed_question_is_answered_in_writing_and_aloud(page: Page) -> None:
    ask(page, "What is the capital of France? Answer in one sentence.")
    expect(page.locator("#question")).to_have_value("")
    expect_spoken_reply(page)
    assert "Paris" in page.locator(".reply .text").inner_text()


def test_a_timer_speaks_up_by_itself(page: Page) -> None:
    ask(page, "Set a timer for 5 seconds")
    expect(page.locator(".reply")).to_have_count(2)
    wait_for(page, "ready")
    reminder = page.locator(".reply").nth(1)
    expect(page.locator(".user .text").nth(1)).to_have_text("A reminder")
    expect(reminder.locator(".text")).to_have_text("Your 5-second timer is up.")
    expect(reminder).to_have_attribute("data-played", "0")


def test_a_reply_can_be_heard_again_and_stopped(page: Page) -> None:
    ask(page, "Say hello.")
    expect_spoken_reply(page)
    played = page.locator(".reply").get_attribute("data-played")
    page.get_by_role("button", name="Play this reply").click()
    wait_for(page, "speaking")
    page.get_by_role("button", name="Stop the sound").click()
    wait_for(page, "ready")
    expect(page.locator(".reply")).to_have_attribute("data-played", str(played))


def test_no_sound_is_made_where_speech_is_switched_off(page: Page) -> None:
    page.get_by_role("switch", name="Speak replies").press(" ")
    ask(page, "Say hello.")
    expect(page.locator(".reply:not(.pending) .text")).not_to_be_empty()
    wait_for(page, "ready")
    expect(page.get_by_role("button", name="Play this reply")).to_be_hidden()


def test_a_recording_can_be_discarded(page: Page) -> None:
    page.click("#microphone")
    wait_for(page, "listening")
    page.keyboard.press("Escape")
    wait_for(page, "ready")
    expect(page.locator(".message")).to_have_count(0)


@pytest.mark.parametrize("habit", ["two presses", "space bar held down"])
def test_a_question_spoken_into_the_microphone_is_answered(
    page: Page, spoken: Path, habit: str
) -> None:
    duration_ms = len(spoken.read_bytes()) / 2 / RATE_HZ * 1000
    page.locator("#microphone").focus()
    if habit == "two presses":
        page.click("#microphone")
        wait_for(page, "listening")
        page.wait_for_timeout(duration_ms)
        page.click("#microphone")
    else:
        page.keyboard.down(" ")
        wait_for(page, "listening")
        page.wait_for_timeout(duration_ms)
        page.keyboard.up(" ")
    expect(page.locator(".user .text")).to_contain_text("days are there in a week")
    expect_spoken_reply(page)
    if os.environ.get("UPDATE_SCREENSHOTS") and habit == "two presses":
        page.set_viewport_size({"width": 960, "height": 640})
        page.screenshot(path=SCREENSHOT)


def test_a_dropped_sound_file_is_answered(page: Page, spoken: Path) -> None:
    transfer = page.evaluate_handle(
        """encoded => {
            const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "question.wav", { type: "audio/wav" }));
            return transfer;
        }""",
        base64.b64encode(spoken.read_bytes()).decode(),
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop a sound file to send it")).to_be_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    expect(page.locator(".user .text")).to_contain_text("days are there in a week")
    expect(page.locator(".user .caption")).to_have_text("question.wav")
    expect_spoken_reply(page)


def choose_file(page: Page, name: str, data: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a sound file").click()
    chooser.value.set_files({"name": name, "mimeType": "audio/wav", "buffer": data})


def test_a_file_without_speech_says_so(page: Page) -> None:
    choose_file(page, "quiet.wav", wav(silence(2.0), 16_000))
    expect(page.locator(".user .text")).to_have_text("No speech was heard")
    wait_for(page, "ready")


def test_a_text_file_named_wav_shows_the_servers_sentence(page: Page, server: Server) -> None:
    data = b"This is text. " * 100
    choose_file(page, "notes.wav", data)
    answer = httpx.post(f"{server.url}/api/voice", files={"audio": ("notes.wav", data)})
    expect(page.locator(".problem:visible")).to_contain_text(answer.json()["detail"])


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
        {"type": "audio_ready", "index": 2, "audio_id": "t.2"},
        {"type": "speech_failed", "index": 1, "code": "synthesis_failed", "message": "No."},
        {"type": "audio_ready", "index": 0, "audio_id": "t.0"},
        {"type": "turn_finished", "answer": "", "source": "fallback", "has_audio": True},
    ]
    lines = [
        f"id: {place}-0\ndata: {json.dumps({'turn_id': 't', **event})}\n\n"
        for place, event in enumerate(events, 1)
    ]
    body = "".join(lines)
    page.route("**/api/chat", lambda route: route.fulfill(body=body))
    sound = wav(silence(0.3, 24_000), 24_000)
    page.route("**/api/audio/t.*", lambda route: route.fulfill(body=sound))
    ask(page, "Hi")
    expect(page.locator(".reply")).to_have_attribute("data-played", "0 2")
    expect(page.locator(".reply .text")).to_have_text("One. Two. Three.")
    expect(page.get_by_text("Stand-in answer")).to_be_visible()
    expect(page.get_by_text("could not be spoken")).to_be_visible()


def test_what_was_typed_comes_back_where_it_could_not_be_sent(page: Page) -> None:
    page.context.set_offline(True)
    ask(page, "Is anybody there?")
    expect(page.get_by_role("alert").get_by_text("You are offline")).to_be_visible()
    expect(page.locator("#question")).to_have_value("Is anybody there?")
    expect(page.locator(".message")).to_have_count(0)


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


@pytest.mark.parametrize(
    ("error", "sentence"),
    [("NotAllowedError", "refused the microphone"), ("NotFoundError", "No microphone was found")],
)
def test_a_microphone_that_cannot_be_had_says_why(page: Page, error: str, sentence: str) -> None:
    page.evaluate(
        "name => navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', name) }",
        error,
    )
    page.click("#microphone")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    wait_for(page, "ready")


def test_plain_http_from_another_machine_says_why_there_is_no_microphone(
    browser: Browser, server: Server
) -> None:
    url = server.url.replace("127.0.0.1", PLAIN_HTTP_HOST)
    for page in open_page(browser, url, "en-US"):
        page.click("#microphone")
        expect(page.get_by_role("alert")).to_contain_text("https://")


def test_a_chinese_browser_gets_chinese_and_can_switch(browser: Browser, server: Server) -> None:
    for page in open_page(browser, server.url, "zh-CN"):
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        expect(page.get_by_role("heading", level=1)).to_have_text("语音助手")
        expect(page.get_by_role("status")).to_have_text("就绪")
        page.fill("#question", "还没写完")
        page.click("#switch-language")
        expect(page.get_by_role("heading", level=1)).to_have_text("Voice assistant")
        expect(page.locator("#question")).to_have_value("还没写完")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Voice assistant")


def test_the_page_fits_a_narrow_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.route("**/api/chat", lambda route: route.abort())
    ask(page, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamte " * 3)
    expect(page.locator("#notice")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_both_languages_have_the_same_words() -> None:
    # Sentences for the server's codes: the server itself writes them in English.
    english, chinese = (
        {key for key in read_texts(language) if not key.startswith("problem_")}
        for language in LANGUAGES
    )
    assert english == chinese
