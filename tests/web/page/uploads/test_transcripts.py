"""Transcripts of recordings, read along with their sound."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.page.uploads.mounted import UploadsPage, open_stored, quiet


def test_a_long_recording_is_read_along_with_its_sound(
    uploads: UploadsPage, page: Page, lecture: bytes
) -> None:
    uploads.choose(("lecture.wav", lecture))
    transcript = page.get_by_role("region", name="Transcript")
    expect(transcript.locator(".segment").first).to_contain_text("rinting")
    expect(page.locator(".upload")).to_have_attribute("data-stage", "recognising")
    expect(page.get_by_role("progressbar")).to_have_attribute(
        "aria-valuetext", re.compile(r"Recognising \d+%")
    )
    expect(transcript.get_by_role("status")).to_have_text("The transcript is complete")
    times = transcript.get_by_role("button", name=re.compile(r"Play from \d:\d\d"))
    assert times.count() >= 2

    times.nth(1).click()
    current = transcript.locator("[data-current]")
    start_s = page.evaluate("conversation.turns[0].segments.map((each) => each.start_s)")
    index = int(times.nth(1).get_attribute("data-index") or "")
    expect(current).to_have_attribute("data-index", str(index))
    assert page.evaluate("document.querySelector('audio').currentTime") >= start_s[index] - 0.1
    transcript.locator(".segment").nth(2).click()
    expect(current).to_have_attribute("data-index", "2")
    expect(current).to_have_attribute("data-index", "3")  # the sound has gone on
    transcript.get_by_role("combobox", name="Speed").select_option("2")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 2
    transcript.get_by_role("button", name="Copy").click()
    assert "cut the first books" in page.evaluate("navigator.clipboard.readText()")

    turn_id = page.evaluate("conversation.turns[0].id")
    check_downloads(page, len(start_s))
    conversation_id = page.evaluate("conversation.id")
    uploads.open()
    page.evaluate("id => window.openConversation(id)", conversation_id)
    show_all = page.get_by_role("button", name="Show all")
    expect(show_all).to_have_attribute("aria-expanded", "false")
    show_all.click()
    expect(transcript.locator(".segment")).to_have_count(len(start_s))
    expect(transcript.get_by_text("lecture.wav")).to_be_visible()
    transcript.locator(".segment").nth(4).click()
    expect(current).to_have_attribute("data-index", "4")

    page.evaluate("id => recorded.forgetRecorded(id)", turn_id)
    page.evaluate("id => window.openConversation(id)", conversation_id)
    show_all.click()
    expect(transcript.get_by_text("not kept in this browser")).to_be_visible()
    expect(transcript.locator("audio")).to_have_count(0)


def check_downloads(page: Page, n_segments: int) -> None:
    files = {}
    for name in ("txt", "srt", "vtt"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download as {name}").click()
        assert download.value.suggested_filename.endswith(f".{name}")
        files[name] = download.value.path().read_text("utf-8")
    assert "cut the first books" in " ".join(files["txt"].split())
    cue = r"\d\d:\d\d:\d\d[,.]\d{3} --> \d\d:\d\d:\d\d[,.]\d{3}"
    assert len(re.findall(rf"^{cue}$", files["srt"], re.MULTILINE)) == n_segments
    assert files["vtt"].startswith("WEBVTT")
    assert len(re.findall(rf"^{cue}", files["vtt"], re.MULTILINE)) == n_segments


def test_a_reader_who_scrolls_away_is_left_alone(page: Page) -> None:
    open_stored(page, 200, quiet(400))
    frame = page.locator(".transcript-text")
    top = "document.querySelector('.transcript-text').scrollTop"
    page.locator(".segment").nth(1).click()
    expect(page.locator("[data-current]")).to_have_attribute("data-index", "1")
    page.evaluate("document.querySelector('audio').currentTime = 200.5")
    expect(page.locator("[data-current]")).to_be_in_viewport()
    frame.hover()
    page.mouse.wheel(0, -4000)
    follow = page.get_by_role("button", name="Follow the sound")
    expect(follow).to_be_visible()
    assert page.evaluate(top) == 0
    page.evaluate("document.querySelector('audio').currentTime = 300.5")
    expect(page.locator("[data-current]")).to_have_attribute("data-index", "150")
    page.wait_for_timeout(500)
    assert page.evaluate(top) == 0
    follow.click()
    expect(follow).to_be_hidden()
    page.wait_for_function(f"() => {top} > 500")


def test_the_times_are_one_stop_of_the_tab_key(page: Page) -> None:
    open_stored(page, 100, quiet(20))
    times = page.locator("button.time")
    times.first.focus()
    page.keyboard.press("ArrowDown")
    expect(times.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(times.last).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show less")).to_be_focused()


def test_a_transcript_of_an_hour_is_quick(page: Page) -> None:
    open_stored(page, 1800, quiet(10))
    expect(page.locator(".segment")).to_have_count(1800)
    expect(page.locator("button.time").first).to_be_visible()
    reopened_ms = page.evaluate(
        """async () => {
            const toggle = document.querySelector(".transcript-foot button");
            const painted = () =>
                new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
            toggle.click();
            await painted();
            const start_ms = performance.now();
            toggle.click();
            await painted();
            return performance.now() - start_ms;
        }"""
    )
    moved_ms = page.evaluate(
        """async () => {
            const audio = document.querySelector("audio");
            const start_ms = performance.now();
            for (const second of [2.5, 4.5, 6.5, 8.5]) {
                audio.currentTime = second;
                const once = { once: true };
                await new Promise((resolve) => audio.addEventListener("seeking", resolve, once));
                await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
            }
            return (performance.now() - start_ms) / 4;
        }"""
    )
    print(f"opened in {reopened_ms:.0f} ms, moved on in {moved_ms:.0f} ms")
    assert reopened_ms < 1000
    assert moved_ms < 100


@pytest.mark.parametrize(
    ("name", "can_be_heard"), [("mediarecorder_chrome_opus.webm", True), ("windows.wma", False)]
)
def test_a_recording_is_heard_where_the_browser_can_play_it(
    page: Page, shared_audio: Path, name: str, can_be_heard: bool
) -> None:
    open_stored(page, 10, (shared_audio / "formats" / name).read_bytes())
    if can_be_heard:
        page.locator(".segment").nth(2).click()
        expect(page.locator("[data-current]")).to_have_attribute("data-index", "2")
        assert 4 <= page.evaluate("document.querySelector('audio').currentTime") < 6
    else:
        expect(page.get_by_text("cannot play this kind of file")).to_be_visible()
        expect(page.locator("button.time")).to_have_count(0)
    expect(page.locator(".segment")).to_have_count(10)
