"""What the server has not taken outlives the page."""

import re

from playwright.sync_api import Page, expect

from tests.web.page.uploads.mounted import UploadsPage, ask_by_voice


def test_a_recording_that_was_not_sent_outlives_the_page(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    page.route("**/api/voice", lambda route: route.abort())
    ask_by_voice(page, question)
    offer = page.get_by_role("region", name="Not sent yet")
    expect(offer.locator("li")).to_contain_text(re.compile("A recording from .+ was not sent"))
    expect(page.locator(".turn")).to_have_count(0)
    uploads.open()
    offer.get_by_role("button", name="Listen").click()
    page.wait_for_function("() => document.querySelector('audio')?.currentTime > 0")
    page.unroute("**/api/voice")
    offer.get_by_role("button", name="Send").click()
    expect(offer).to_be_hidden()
    expect(page.locator(".question")).to_contain_text("days are there in a week")
    uploads.open()
    expect(page.locator(".unsent-item")).to_have_count(0)


def test_a_file_whose_sending_a_reload_cut_off_is_offered_again(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    uploads.throttle(10_000)
    uploads.choose(("question.wav", question))
    expect(page.locator(".upload")).to_have_attribute("data-stage", "uploading")
    page.wait_for_function("() => conversation.turns[0].progress > 0")
    uploads.open()
    expect(page.locator(".unsent-item")).to_contain_text("“question.wav”")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".unsent-item")).to_have_count(0)
    uploads.open()
    expect(page.locator(".unsent-item")).to_have_count(0)


def test_what_one_tab_is_sending_is_not_offered_by_another(
    uploads: UploadsPage, page: Page, question: bytes
) -> None:
    uploads.throttle(10_000)
    uploads.choose(("question.wav", question))
    page.wait_for_function("() => conversation.turns[0].progress > 0")
    other = UploadsPage(page.context.new_page(), uploads.url)
    other.open()
    other.page.wait_for_timeout(500)
    assert other.page.evaluate("unsent.unsent.length") == 0


def test_only_the_newest_five_sounds_are_kept(uploads: UploadsPage, page: Page) -> None:
    page.evaluate(
        """async () => {
            for (let number = 0; number < 7; number += 1) {
                const sound = new Blob([new Uint8Array(8)]);
                const id = await unsent.keep({ sound, filename: `${number}.wav`, kind: "upload" });
                await unsent.offer(id);
                await new Promise((resolve) => setTimeout(resolve, 5));
            }
        }"""
    )
    uploads.open()
    page.wait_for_function("() => unsent.unsent.length === 5")
    names = page.evaluate("unsent.unsent.map(({ filename }) => filename)")
    assert names == ["6.wav", "5.wav", "4.wav", "3.wav", "2.wav"]


def test_a_text_being_typed_outlives_the_page(uploads: UploadsPage, page: Page) -> None:
    page.evaluate("unsent.setDraft(null, 'half a sent'), unsent.setDraft('c', '还没写完')")
    uploads.open()
    assert page.evaluate("[unsent.draft(null), unsent.draft('c')]") == ["half a sent", "还没写完"]
    page.evaluate("unsent.nameDraft('d')")
    assert page.evaluate("[unsent.draft(null), unsent.draft('d')]") == ["", "half a sent"]
