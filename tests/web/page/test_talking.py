"""The large control: held, tapped, and what it says where there is no microphone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.speech.spoken import RATE_HZ
from tests.web.browser import PLAIN_HTTP_HOST
from tests.web.page.driving import expect_spoken_reply, open_page, wait_for
from web.pages import read_texts


@pytest.mark.parametrize("by", ["mouse", "finger", "space bar", "space bar elsewhere"])
def test_a_question_is_asked_while_the_control_is_held(
    browser: Browser, server: Server, spoken: Path, by: str
) -> None:
    duration_ms = len(spoken.read_bytes()) / 2 / RATE_HZ * 1000
    for page in open_page(browser, server.url, has_touch=by == "finger"):
        let_go = hold(page, by)
        wait_for(page, "recording")
        page.wait_for_timeout(duration_ms)
        let_go()
        expect(page.locator(".question .text")).to_contain_text("days are there in a week")
        expect_spoken_reply(page)


def hold(page: Page, by: str) -> Callable[[], object]:
    """Return what lets go."""
    if by == "mouse":
        page.hover("#talk")
        page.mouse.down()
        return page.mouse.up
    if by == "finger":
        box = page.locator("#talk").bounding_box()
        assert box
        finger = page.context.new_cdp_session(page)
        points = [{"x": box["x"] + 30, "y": box["y"] + 30}]
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
        end = {"type": "touchEnd", "touchPoints": []}
        return lambda: finger.send("Input.dispatchTouchEvent", end)
    page.locator("#talk" if by == "space bar" else "#scroller").focus()
    page.keyboard.down(" ")
    return lambda: page.keyboard.up(" ")


def test_a_recording_can_be_discarded(page: Page) -> None:
    page.hover("#talk")
    page.mouse.down()
    wait_for(page, "recording")
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    wait_for(page, "ready")
    page.mouse.up()
    expect(page.locator(".turn")).to_have_count(0)


def test_the_waveform_is_the_real_input_and_nothing_moves(page: Page) -> None:
    before = page.locator(".composer").bounding_box()
    page.hover("#talk")
    page.mouse.down()
    wait_for(page, "recording")
    during = page.locator(".composer").bounding_box()
    heights = set()
    for _ in range(20):
        page.wait_for_timeout(100)
        heights.add(page.evaluate(_BAR_HEIGHT))
    page.keyboard.press("Escape")
    page.mouse.up()
    assert before == during
    assert max(heights) > 3 * max(1, min(heights))


# Of the newest bar, in the middle: how many of its pixels are drawn.
_BAR_HEIGHT = """
() => {
  const canvas = document.querySelector(".waveform");
  const middle = Math.floor(canvas.width / 2);
  const { data } = canvas.getContext("2d").getImageData(middle, 0, 1, canvas.height);
  let drawn = 0;
  for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0;
  return drawn;
}
"""


def test_a_tap_begins_a_hands_free_conversation_which_a_touch_interrupts(page: Page) -> None:
    page.click("#talk")
    wait_for(page, "hearing")
    wait_for(page, "speaking")
    expect(page.locator(".question .text")).to_contain_text("days are there in a week")
    page.click("#talk")
    wait_for(page, "listening")
    expect(page.locator(".mark")).to_have_text("Interrupted")
    page.click("#talk")
    wait_for(page, "muted")
    page.keyboard.press("m")
    wait_for(page, "listening")
    page.get_by_role("button", name="End the conversation").click()
    wait_for(page, "ready")


def test_a_live_reply_can_be_heard_again_and_its_question_corrected(page: Page) -> None:
    page.click("#talk")
    wait_for(page, "speaking")
    wait_for(page, "listening")
    page.get_by_role("button", name="Play this reply").click()
    wait_for(page, "speaking")
    wait_for(page, "listening")
    page.get_by_role("button", name="Correct and ask again").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("How many months are there in a year?")
    page.keyboard.press("Enter")
    expect(page.locator("#messages > .turn > .reply .text")).to_contain_text("12")
    expect(page.locator("#messages > .turn")).to_have_count(1)


def test_a_chinese_page_talks_chinese(browser: Browser, server: Server) -> None:
    for page in open_page(browser, server.url, "zh-CN"):
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        expect(page.get_by_role("heading", level=1)).to_have_text("语音助手")
        expect(page.locator("#state")).to_have_text("就绪")
        page.fill("#question", "一周有几天？请用一句话回答。")
        page.press("#question", "Enter")
        wait_for(page, "speaking")
        expect(page.locator("#state")).to_have_text("正在说话")
        expect_spoken_reply(page)
        expect(page.locator(".reply .text")).to_contain_text("天")


@pytest.fixture
def page_without_microphone(page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    page.evaluate(
        "name => navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', name) }",
        request.param,
    )
    yield page


@pytest.mark.parametrize(
    ("page_without_microphone", "key"),
    [("NotAllowedError", "microphone_refused"), ("NotFoundError", "microphone_missing")],
    indirect=["page_without_microphone"],
)
@pytest.mark.parametrize("way", ["held", "tapped"])
def test_a_microphone_that_cannot_be_had_says_why(
    page_without_microphone: Page, key: str, way: str
) -> None:
    page = page_without_microphone
    page.hover("#talk")
    page.mouse.down()
    if way == "held":
        page.wait_for_timeout(500)
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text(read_texts("en")[key])
    wait_for(page, "ready")
    page.fill("#question", "The text box works.")


def test_plain_http_from_another_machine_says_why_there_is_no_microphone(
    browser: Browser, server: Server
) -> None:
    url = server.url.replace("127.0.0.1", PLAIN_HTTP_HOST)
    for page in open_page(browser, url):
        page.click("#talk")
        expect(page.get_by_role("alert")).to_contain_text("https://")
        port = server.url.rsplit(":", 1)[1]
        expect(page.get_by_role("alert")).to_contain_text(port)
