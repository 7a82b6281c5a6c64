"""Which microphone and loudspeaker, and whether they work, in a real browser."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.web.browser import PLAIN_HTTP_HOST, open_chromium
from tests.web.page.driving import silence, wav
from tests.web.page.settings_page import close_settings, open_settings, visit

RATE_HZ = 16_000
# Tells on the page what became of each microphone that was opened: live, or ended.
WATCH_MICROPHONES = """() => {
  const opened = [];
  const tell = () => {
    const states = opened.map((track) => track.readyState);
    document.documentElement.dataset.microphones = states.join(" ");
  };
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const stream = await open(wishes);
    opened.push(...stream.getTracks());
    tell();
    return stream;
  };
  const stop = MediaStreamTrack.prototype.stop;
  MediaStreamTrack.prototype.stop = function () {
    stop.call(this);
    tell();
  };
  tell();
}"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears a tone for two seconds, and then nothing at all."""
    times = np.arange(2 * RATE_HZ, dtype=np.float32) / RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * 440 * times)
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    path.write_bytes(wav(np.concatenate([tone, silence(20, RATE_HZ)]), RATE_HZ))
    with open_chromium(microphone=path) as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    yield from visit(browser, server)


def expect_microphones(page: Page, states: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-microphones", states)


def test_the_meter_hears_the_microphone_says_when_it_gives_nothing_and_lets_it_go(
    page: Page,
) -> None:
    page.evaluate(WATCH_MICROPHONES)
    panel = open_settings(page, "devices")
    meter = panel.get_by_role("meter", name="Level of the microphone")
    expect(panel.get_by_text("The microphone hears you.")).to_be_visible()
    assert int(meter.get_attribute("aria-valuenow") or 0) > 50
    expect(panel.get_by_text("gives nothing but silence")).to_be_visible()
    choice = panel.get_by_label("Microphone", exact=True)
    assert choice.locator("option").count() > 1
    choice.select_option(index=1)
    expect_microphones(page, "ended live")
    close_settings(page)
    expect_microphones(page, "ended ended")
    page.reload()
    panel = open_settings(page, "devices")
    expect(panel.get_by_label("Microphone", exact=True)).not_to_have_value("")


def test_nothing_is_opened_before_the_user_says_so(page: Page) -> None:
    page.evaluate(WATCH_MICROPHONES)
    page.evaluate("() => { navigator.permissions.query = async () => ({ state: 'prompt' }) }")
    panel = open_settings(page, "devices")
    expect(panel.get_by_text("Nothing is recorded here.")).to_be_visible()
    expect_microphones(page, "")
    panel.get_by_role("button", name="Test the microphone").click()
    expect(panel.get_by_role("meter")).to_be_visible()
    expect_microphones(page, "live")


def test_a_device_that_is_gone_is_said_to_be_gone(page: Page) -> None:
    page.evaluate("localStorage.preferences = JSON.stringify({ microphone: 'unplugged' })")
    page.reload()
    panel = open_settings(page, "devices")
    chosen = panel.get_by_label("Microphone", exact=True).locator("option:checked")
    expect(chosen).to_contain_text("Not connected")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [("NotAllowedError", "refused the microphone"), ("NotFoundError", "No microphone was found")],
)
def test_a_microphone_that_cannot_be_had_says_why(page: Page, error: str, sentence: str) -> None:
    page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', name) } }",
        error,
    )
    panel = open_settings(page, "devices")
    button = panel.get_by_role("button", name="Test the microphone")
    expect(panel.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    expect(button).to_be_visible()


def test_plain_http_from_another_machine_says_why_there_is_no_microphone(
    browser: Browser, server: Server
) -> None:
    url = server.url.replace("127.0.0.1", PLAIN_HTTP_HOST)
    for page in visit(browser, server, base_url=url):
        panel = open_settings(page, "devices")
        expect(panel.get_by_role("alert")).to_contain_text("https://")
        panel.get_by_role("button", name="Play a test sound").click()
