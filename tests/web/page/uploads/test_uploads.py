"""Files on their way to the server."""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from tests.conftest import Server
from tests.web.page.driving import wav
from tests.web.page.uploads.mounted import (
    UploadsPage,
    ask_by_voice,
    open_stored,
    open_uploads,
    quiet,
)

SLOW = 60_000  # bytes a second, on the way up


def sent_files(page: Page) -> list[Request]:
    """Return a list that grows with every file that is sent."""
    sent: list[Request] = []
    page.on("request", lambda each: sent.append(each) if each.url.endswith("/api/voice") else None)
    return sent


def note_stages(page: Page) -> None:
    page.evaluate(
        """() => {
            window.stages = [];
            setInterval(() => {
                const now = conversation.turns.map(({ stage, progress }) => [stage, progress]);
                if (JSON.stringify(now) !== JSON.stringify(stages.at(-1))) stages.push(now);
            }, 10);
        }"""
    )


def test_files_are_sent_two_at_a_time_and_each_tells_how_far_it_is(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    note_stages(page)
    uploads.throttle(SLOW)
    uploads.choose(*[(f"question {number}.wav", question) for number in range(4)])
    expect(page.get_by_role("progressbar").first).to_have_attribute(
        "aria-valuetext", re.compile(r"Sending \d+%")
    )
    page.wait_for_function(
        "() => stages.some((each) => each.filter(([stage]) => stage === 'uploading').length === 2)"
    )
    uploads.throttle(-1)
    expect(page.locator(".question", has_text="days are there in a week")).to_have_count(4)
    page.wait_for_function("() => conversation.turns.every(({ stage }) => stage === null)")
    history: list[list[list[Any]]] = page.evaluate("stages")
    assert max(sum(stage == "uploading" for stage, _ in turns) for turns in history) == 2
    shares = [turns[0][1] for turns in history if turns and turns[0][0] == "uploading"]
    assert any(0 < share < 1 for share in shares)
    assert all(before <= after for before, after in pairwise(shares))
    assert {turns[0][0] for turns in history if turns} >= {"uploading", "recognising", "thinking"}
    begun = [
        next(i for i, turns in enumerate(history) if len(turns) > n and turns[n][0] == "uploading")
        for n in range(4)
    ]
    assert begun == sorted(begun)
    stored = page.evaluate(
        "id => fetch(`/api/conversations/${id}`).then((r) => r.json())",
        page.evaluate("conversation.id"),
    )
    assert len(stored["turns"]) == 4


def test_a_file_that_is_cancelled_on_its_way_can_be_sent_again(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    uploads.throttle(20_000)
    uploads.choose(("question.wav", question))
    cancel = page.get_by_role("button", name="Cancel “question.wav”")
    expect(page.locator(".upload")).to_have_attribute("data-stage", "uploading")
    cancel.click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    again = page.get_by_role("button", name="Send again")
    expect(again).to_be_focused()
    assert page.evaluate("unsent.unsent.length") == 0
    uploads.throttle(-1)
    again.click()
    expect(page.locator(".question")).to_contain_text("days are there in a week")


def test_a_recording_can_be_cancelled_while_it_is_recognised(
    uploads: UploadsPage, page: Page, lecture: bytes
) -> None:
    uploads.choose(("lecture.wav", lecture))
    expect(page.locator(".upload")).to_have_attribute("data-stage", "recognising")
    page.get_by_role("button", name="Cancel “lecture.wav”").click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    turn_id = page.evaluate("conversation.turns[0].id")
    turn = page.evaluate("id => fetch(`/api/turns/${id}`).then((r) => r.json())", turn_id)
    assert turn["status"] == "cancelled"


def test_what_cannot_be_sent_says_why_while_the_rest_goes_on(
    browser: Browser, server: Server, question: bytes
) -> None:
    files = (
        ("notes.txt", b"Buy milk."),
        ("empty.wav", b""),
        ("long.wav", wav(np.zeros(121 * 8000, np.float32), 8000)),
        ("large.wav", bytes(3 * 2**20 + 1)),
        ("question.wav", question),
    )
    limits = {"audio_s": 120, "upload_bytes": 3 * 2**20}
    with open_uploads(browser, server.url, limits=limits) as uploads:
        page = uploads.page
        sent = sent_files(page)
        uploads.choose(*files)
        alerts = page.get_by_role("alert")
        expect(alerts).to_have_count(4)
        page.wait_for_function("() => conversation.current?.filename === 'question.wav'")
        for sentence in ("not a sound file", "empty", "2 minutes", "3 MB"):
            expect(alerts.filter(has_text=sentence)).to_be_visible()
        expect(page.locator(".question", has_text="days are there in a week")).to_be_visible()
        assert len(sent) == 1
        page.get_by_role("button", name="Remove “notes.txt”").click()
        expect(alerts).to_have_count(3)
        expect(page.get_by_role("button", name="Remove “empty.wav”")).to_be_focused()


def test_a_file_that_did_not_arrive_is_tried_again(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    page.route("**/api/voice", lambda route: route.abort())
    uploads.choose(("question.wav", question))
    expect(page.get_by_role("alert")).to_contain_text("kept here")
    page.unroute("**/api/voice")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".question")).to_contain_text("days are there in a week")
    assert page.get_by_role("alert").count() == 0


def test_files_are_dropped_anywhere_and_pasted(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    page.route("**/api/voice", lambda route: route.abort())
    uploads.drag("dragenter", ("question.wav", question))
    expect(page.get_by_text("Drop sound files")).to_be_visible()
    uploads.drag("dragleave", ("question.wav", question))
    expect(page.get_by_text("Drop sound files")).to_be_hidden()
    uploads.drag("dragenter", ("question.wav", question))
    uploads.drag("drop", ("one.wav", question), ("two.wav", question))
    expect(page.get_by_text("Drop sound files")).to_be_hidden()
    uploads.drag("paste", ("three.wav", question))
    expect(page.locator(".upload-name")).to_have_text(["one.wav", "two.wav", "three.wav"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, server: Server, question: bytes, scheme: str) -> None:
    with open_uploads(browser, server.url, scheme=scheme) as uploads:
        page = uploads.page
        open_stored(page, 60, quiet(120))
        page.locator(".segment").nth(2).click()
        expect(page.locator("[data-current]")).to_have_attribute("data-index", "2")
        page.route("**/api/voice", lambda route: route.abort())
        ask_by_voice(page, question)
        uploads.choose(("question.wav", question))
        expect(page.get_by_role("alert")).to_have_count(1)
        expect(page.locator(".unsent-item")).to_have_count(1)
        page.unroute("**/api/voice")
        uploads.throttle(5_000)
        uploads.choose(("slow.wav", question))
        expect(page.get_by_role("progressbar")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("locale", "width"), [("en-US", 320), ("zh-CN", 360)])
def test_everything_fits_a_narrow_phone(
    browser: Browser, server: Server, question: bytes, locale: str, width: int
) -> None:
    with open_uploads(browser, server.url, locale, width=width) as uploads:
        page = uploads.page
        page.route("**/api/voice", lambda route: route.abort())
        ask_by_voice(page, question)
        name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamte.wav"
        uploads.choose((name, question))
        expect(page.get_by_role("alert")).to_have_count(1)
        expect(page.locator(".unsent-item")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
