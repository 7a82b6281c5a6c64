"""What is seen of a hands-free conversation, against a server that the test scripts."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.web.live.blank_page import Recorded, tone
from tests.web.page.driving import QUESTION, STORY, begin_story, open_page, wait_for
from web.pages import read_texts


def test_captions_are_shown_as_guesses_and_can_be_withdrawn(live: Page, script: Recorded) -> None:
    guess = live.locator(".question[data-provisional] .text")
    script.send("input_audio_buffer.speech_started", item_id="said")
    script.send("x.caption", item_id="said", text="What is the")
    expect(guess).to_have_text("What is the")
    script.send("x.caption", item_id="said", text="")
    expect(live.locator(".turn")).to_have_count(0)
    script.send("x.caption", item_id="said", text="What is the capital")
    expect(guess).to_have_text("What is the capital")
    script.hear(QUESTION)
    expect(live.locator(".question .text")).to_have_text(QUESTION)
    expect(guess).to_have_count(0)
    expect(live.locator(".turn")).to_have_attribute("data-turn-id", "turn-1")


def test_a_noise_without_words_leaves_nothing_behind(live: Page, script: Recorded) -> None:
    script.commit()
    expect(live.locator(".question[data-pending] .text")).to_have_text("Recognising what you said")
    script.hear("")
    wait_for(live, "listening")
    expect(live.locator(".turn")).to_have_count(0)


def test_a_reply_is_written_and_marked_as_it_is_heard(live: Page, script: Recorded) -> None:
    script.hear(QUESTION)
    script.send("response.created", response={"id": "response_1"})
    script.name_turn("turn-1", item_id="said", response_id="response_1")
    wait_for(live, "thinking")
    script.answer(STORY[:16], tone(1.0))
    expect(live.locator(".reply[data-writing=true] .text")).to_have_text(STORY[:16])
    script.send("response.output_audio_transcript.delta", item_id="item_1", delta=STORY[16:])
    script.speak("item_1", STORY[16:], tone(2.0), index=1, audio_start_ms=1000)
    script.finish_reply(STORY)
    script.send("x.turn.timings", response_id="response_1", stages={"first_sound": 700.0})
    heard = []
    while live.locator("body").get_attribute("data-state") != "listening":
        heard.append(live.locator(".heard").text_content() or "")
        live.wait_for_timeout(50)
    *while_spoken, _ = heard
    assert all(STORY.startswith(words) for words in heard)
    assert [len(words) for words in while_spoken] == sorted(len(words) for words in while_spoken)
    assert len(set(while_spoken)) >= 6
    reply = live.locator(".reply[data-writing=false]")
    expect(reply.locator(".heard")).to_have_text("")
    expect(reply.locator(".text")).to_have_text(STORY)
    expect(reply).to_have_attribute("data-timings", '{"first_sound":700}')
    expect(reply).to_have_attribute("data-played-ms", "3000")


def test_each_state_has_a_word_a_shape_and_a_colour(live: Page, script: Recorded) -> None:
    seen = {}

    def note(state: str, word: str) -> None:
        wait_for(live, state)
        expect(live.locator("#state[role=status]")).to_have_text(word)
        live.wait_for_timeout(400)  # Colours glide.
        orb = live.locator("#talk")
        shape = orb.locator("path").get_attribute("d")
        seen[state] = (shape, orb.evaluate("orb => getComputedStyle(orb).backgroundColor"))

    note("listening", "Listening")
    script.send("input_audio_buffer.speech_started", item_id="said")
    note("hearing", "Hearing you")
    script.hear(QUESTION)
    note("thinking", "Thinking")
    item_id = script.answer(STORY, tone(20.0))
    note("speaking", "Speaking")
    script.send("x.playback.hold", item_id=item_id)
    note("held", "Waiting for you")
    script.send("x.playback.resume", item_id=item_id)
    wait_for(live, "speaking")
    script.finish_reply("Once", status="cancelled", status_details={})
    script.send("conversation.item.truncated", item_id=item_id)
    live.get_by_role("button", name="Mute the microphone").first.click()
    note("muted", "Muted")
    live.keyboard.press("m")
    wait_for(live, "listening")
    script.refusals = 4
    script.drop()
    note("reconnecting", "Reconnecting")
    wait_for(live, "listening")
    assert len(set(seen.values())) == len(seen), seen
    assert len({colour for _, colour in seen.values()}) >= 4


def test_an_interruption_by_voice_leaves_what_was_heard(live: Page, script: Recorded) -> None:
    item_id = begin_story(live, script)
    script.send("x.playback.hold", item_id=item_id)
    wait_for(live, "held")
    script.send("input_audio_buffer.speech_started", item_id="next")
    wait_for(live, "hearing")
    reason = {"reason": "turn_detected"}
    script.finish_reply("Once upon", status="cancelled", status_details=reason)
    script.wait_for("conversation.item.truncate")
    script.send("conversation.item.truncated", item_id=item_id)
    script.wait_for("conversation.item.retrieve")
    item = {"id": item_id, "content": [{"type": "output_audio", "transcript": "Once up"}]}
    script.send("conversation.item.retrieved", item=item)
    expect(live.locator(".reply[data-interrupted=true] .text")).to_have_text("Once up")
    expect(live.locator(".reply .mark")).to_have_text("Interrupted")


def test_the_assistant_may_begin_by_itself(live: Page, script: Recorded) -> None:
    script.answer("Hello!", tone(0.2), item_id=None)
    script.finish_reply("Hello!")
    expect(live.locator(".turn .text")).to_have_text(["Hello!"])
    expect(live.locator(".question")).to_have_count(0)


def test_the_waveform_follows_what_the_microphone_hears(live: Page) -> None:
    drawn = []
    for _ in range(30):
        live.wait_for_timeout(60)
        drawn.append(live.evaluate(_DRAWN))
    assert max(drawn) > 3 * max(1, min(drawn))
    live.keyboard.press("Escape")
    wait_for(live, "ready")
    expect(live.locator(".waveform")).to_have_count(0)


# Of the newest bar, in the middle: how many of its pixels are drawn.
_DRAWN = """
() => {
  const canvas = document.querySelector(".waveform");
  const { data } = canvas.getContext("2d").getImageData(canvas.width >> 1, 0, 1, canvas.height);
  return data.filter((value, place) => place % 4 === 3 && value > 0).length;
}
"""


def test_it_is_spoken_of_in_chinese(
    noisy_browser: Browser, scripted_url: str, script: Recorded
) -> None:
    texts = read_texts("zh")
    for page in open_page(noisy_browser, scripted_url, "zh-CN"):
        state = page.locator("#state")
        page.get_by_role("button", name=texts["talk"]).click()
        expect(state).to_have_text(texts["state_listening"])
        script.send("input_audio_buffer.speech_started", item_id="said")
        expect(state).to_have_text(texts["state_hearing"])
        script.hear("一周有几天？")
        expect(state).to_have_text(texts["state_thinking"])
        item_id = script.answer("一周有七天，从星期一到星期日。", tone(20.0))
        expect(state).to_have_text(texts["state_speaking"])
        expect(page.locator(".heard")).to_have_text(re.compile("^一周"))
        page.get_by_role("button", name=texts["interrupt"]).click()
        script.finish_reply("一周", status="cancelled", status_details={})
        script.send("conversation.item.truncated", item_id=item_id)
        expect(page.locator(".mark")).to_have_text(texts["interrupted_mark"])
        page.get_by_role("button", name=texts["mute"]).first.click()
        expect(state).to_have_text(texts["state_muted"])
        page.get_by_role("button", name=texts["live_end"]).click()
        wait_for(page, "ready")


def test_it_fits_a_narrow_phone(live: Page, script: Recorded) -> None:
    live.set_viewport_size({"width": 320, "height": 568})
    begin_story(live, script, 5.0)
    assert live.evaluate("document.documentElement.scrollWidth") == 320
    end = 0.0
    for control in live.locator(".talk button").all():
        box = control.bounding_box()
        assert box
        assert box["x"] >= end, "It lies over the one before."
        assert min(box["width"], box["height"]) >= 24  # WCAG 2.5.8
        end = box["x"] + box["width"]
    assert end <= 320
