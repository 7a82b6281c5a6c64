"""The page's hands-free conversation in a real browser, against a server that a test scripts."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from speech.asr.base import RecognitionOptions
from speech.audio import Audio, decode_pcm16, encode_pcm16, wrap_wav
from speech.decoding import resample
from speech.recognition import transcribe
from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, load_engine, say, silence
from tests.web.browser import PLAIN_HTTP_HOST, TIMEOUT_MS, open_chromium
from tests.web.scripted_realtime import ScriptedRealtime, serve_page, wait_until

QUESTION = "How many days are there in a week?"
SOUND_HZ = 24_000

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    microphone = tmp_path_factory.mktemp("microphone") / "question.wav"
    heard = np.concatenate([silence(2.0), say(models, QUESTION), silence(0.5)])
    microphone.write_bytes(wrap_wav(encode_pcm16(Audio(heard, RATE_HZ)), RATE_HZ))
    with open_chromium(microphone) as chromium:
        yield chromium


@pytest.fixture
def served() -> Iterator[tuple[str, ScriptedRealtime]]:
    with serve_page() as page_and_script:
        yield page_and_script


@pytest.fixture
def script(served: tuple[str, ScriptedRealtime]) -> ScriptedRealtime:
    return served[1]


@contextlib.contextmanager
def open_page(browser: Browser, url: str, locale: str = "en-US") -> Iterator[Page]:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    wait_for(page, "ready")
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser, served: tuple[str, ScriptedRealtime]) -> Iterator[Page]:
    with open_page(browser, served[0]) as opened:
        yield opened


@pytest.fixture
def live(page: Page) -> Page:
    """The page, in a hands-free conversation."""
    page.get_by_role("button", name="Talk hands-free").click()
    wait_for(page, "listening")
    return page


def wait_for(page: Page, state: str) -> None:
    page.wait_for_selector(f"body[data-state={state}]", timeout=TIMEOUT_MS)


def tone(duration_s: float) -> np.ndarray:
    time_s = np.arange(round(duration_s * SOUND_HZ)) / SOUND_HZ
    return (8000 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2")


def hear_user(script: ScriptedRealtime, words: str, item_id: str = "said") -> None:
    script.send("input_audio_buffer.speech_started", item_id=item_id)
    script.send("input_audio_buffer.speech_stopped", item_id=item_id)
    script.send("input_audio_buffer.committed", item_id=item_id)
    kind = "conversation.item.input_audio_transcription.completed"
    script.send(kind, item_id=item_id, transcript=words)


def positions(script: ScriptedRealtime) -> list[tuple[int, bool]]:
    return [(e["audio_ms"], e["is_playing"]) for e in script.sent("x.playback.position")]


def test_what_is_spoken_arrives_as_24_khz_pcm16(
    live: Page, script: ScriptedRealtime, models: Path
) -> None:
    wait_until(lambda: len(script.pcm16) >= 2 * 5 * SOUND_HZ, "five seconds of sound")
    assert set(script.frame_sizes) == {1920}  # 40 ms
    engine = load_engine(models, "faster-whisper")
    heard = resample(decode_pcm16(bytes(script.pcm16), SOUND_HZ), RATE_HZ)
    text = transcribe(heard, engine, RecognitionOptions(beam_size=5)).text
    # Chromium's noise suppression takes the question out of its tune, and nothing of its words.
    assert text.rstrip(".?") == QUESTION.rstrip("?")


def test_a_session_is_asked_for_as_the_user_has_set_it(
    page: Page, script: ScriptedRealtime
) -> None:
    page.select_option("#voice", "piper:zh")
    page.click("#live")
    update = script.wait_for("session.update")[0]["session"]
    assert script.queries[0]["timezone"] == page.evaluate(
        "Intl.DateTimeFormat().resolvedOptions().timeZone"
    )
    assert script.queries[0]["extensions"] == "captions,hold,timings,resume"
    assert update["output_modalities"] == ["audio"]
    assert update["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"
    assert update["audio"]["input"]["transcription"]
    assert update["audio"]["output"]["voice"] == "piper:zh"
    page.get_by_role("switch", name="Speak replies").press(" ")
    assert script.wait_for("session.update", 2)[1]["session"]["output_modalities"] == ["text"]


def test_captions_are_shown_as_guesses_and_can_be_withdrawn(
    live: Page, script: ScriptedRealtime
) -> None:
    script.send("input_audio_buffer.speech_started", item_id="said")
    wait_for(live, "hearing")
    expect(live.get_by_role("status")).to_have_text("Hearing you")
    script.send("x.caption", item_id="said", text="What is the")
    expect(live.locator(".user.provisional .text")).to_have_text("What is the")
    script.send("x.caption", item_id="said", text="")
    expect(live.locator(".user")).to_have_count(0)
    script.send("x.caption", item_id="said", text="What is the capital")
    expect(live.locator(".user.provisional .text")).to_have_text("What is the capital")
    hear_user(script, QUESTION)
    expect(live.locator(".user:not(.provisional) .text")).to_have_text(QUESTION)
    expect(live.locator(".user")).to_have_count(1)
    wait_for(live, "thinking")


def test_a_noise_without_words_leaves_nothing_behind(live: Page, script: ScriptedRealtime) -> None:
    script.send("input_audio_buffer.speech_started", item_id="said")
    script.send("input_audio_buffer.committed", item_id="said")
    expect(live.locator(".user .text")).to_have_text("Recognising")
    hear_user(script, "")
    wait_for(live, "listening")
    expect(live.locator(".user")).to_have_count(0)


def test_words_that_never_came_are_not_awaited_after_the_next_reply(
    live: Page, script: ScriptedRealtime
) -> None:
    script.send("input_audio_buffer.committed", item_id="lost")
    expect(live.locator(".user .text")).to_have_text("Recognising")
    hear_user(script, QUESTION)
    script.start_reply("There are seven.")
    script.send("x.caption", item_id="next", text="And what")
    script.finish_reply("There are seven.")
    expect(live.locator(".message .text")).to_have_text([QUESTION, "There are seven.", "And what"])


def test_a_reply_is_written_and_spoken_and_its_playing_is_told(
    live: Page, script: ScriptedRealtime
) -> None:
    hear_user(script, QUESTION)
    wait_for(live, "thinking")
    script.start_reply("There are ", tone(2.5))
    wait_for(live, "speaking")
    expect(live.get_by_role("status")).to_have_text("Speaking")
    script.finish_reply("There are seven.")
    script.send("x.turn.timings", response_id="response_1", stages={"first_sound": 700.0})
    wait_for(live, "listening")
    expect(live.locator(".reply .text")).to_have_text("There are seven.")
    expect(live.locator(".reply")).to_have_attribute("data-timings", '{"first_sound":700}')
    (start, *between, ended) = positions(script)
    assert start == (0, True)
    assert [ms // 100 for ms, is_playing in between if is_playing] == [10, 20]
    assert ended == (2500, False)


def test_speaking_is_shown_only_while_sound_plays(live: Page, script: ScriptedRealtime) -> None:
    script.start_reply("One. Two.", tone(0.3))
    wait_for(live, "speaking")
    wait_for(live, "thinking")  # The rest of the sound is late.
    assert positions(script)[-1] == (300, False)
    script.finish_reply("One. Two.")
    wait_for(live, "listening")


def test_held_sound_goes_on_after_a_false_alarm(live: Page, script: ScriptedRealtime) -> None:
    item_id = script.start_reply("A long story", tone(3.0))
    script.finish_reply("A long story")
    wait_for(live, "speaking")
    script.send("x.playback.hold", item_id=item_id)
    wait_for(live, "held")
    held_ms, is_playing = positions(script)[-1]
    assert not is_playing
    live.wait_for_timeout(300)
    script.send("x.playback.resume", item_id=item_id)
    wait_for(live, "speaking")
    wait_for(live, "listening")
    assert (held_ms, True) in positions(script)
    assert positions(script)[-1] == (3000, False)
    expect(live.get_by_text("Interrupted")).to_have_count(0)


def test_an_interruption_leaves_what_was_heard(live: Page, script: ScriptedRealtime) -> None:
    item_id = script.start_reply("It is Paris, which lies on the Seine.", tone(20.0))
    wait_for(live, "speaking")
    script.send("x.playback.hold", item_id=item_id)
    wait_for(live, "held")
    script.send("input_audio_buffer.speech_started", item_id="said")
    wait_for(live, "hearing")
    script.finish_reply(
        "It is Paris", status="cancelled", status_details={"reason": "turn_detected"}
    )
    (truncation,) = script.wait_for("conversation.item.truncate")
    assert truncation["item_id"] == item_id
    assert truncation["audio_end_ms"] == positions(script)[-1][0] < 5000
    script.send("conversation.item.truncated", item_id=item_id)
    script.wait_for("conversation.item.retrieve")
    item = {"id": item_id, "content": [{"type": "output_audio", "transcript": "It is Par"}]}
    script.send("conversation.item.retrieved", item=item)
    expect(live.locator(".reply .text")).to_have_text("It is Par")
    expect(live.locator(".reply .mark")).to_have_text("Interrupted")
    # Sound that was on its way is not played any more.
    sound = {"type": "response.output_audio.delta", "item_id": item_id, "delta": "AAAA"}
    script.send(**sound)
    live.wait_for_timeout(200)
    assert not positions(script)[-1][1]


def test_the_stop_button_ends_a_reply_but_not_the_conversation(
    live: Page, script: ScriptedRealtime
) -> None:
    script.start_reply("It is Paris, which lies on the Seine.", tone(20.0))
    wait_for(live, "speaking")
    live.get_by_role("button", name="Stop the sound").click()
    script.wait_for("response.cancel")
    script.wait_for("conversation.item.truncate")
    script.finish_reply("It is", status="cancelled", status_details={})
    wait_for(live, "listening")
    expect(live.locator(".reply .text")).to_have_text("It is")


def test_what_is_typed_goes_into_the_same_conversation(
    live: Page, script: ScriptedRealtime
) -> None:
    script.start_reply("Once upon a time", tone(20.0))
    wait_for(live, "speaking")
    live.fill("#question", "Stop. What is two plus two?")
    live.press("#question", "Enter")
    (created,) = script.wait_for("conversation.item.create")
    assert created["item"]["content"][0]["text"] == "Stop. What is two plus two?"
    script.wait_for("response.cancel")
    assert script.sent("response.create") == []  # One reply at a time.
    script.finish_reply("Once", status="cancelled", status_details={})
    script.wait_for("response.create")
    wait_for(live, "thinking")
    script.start_reply("Four.", tone(0.3), number=2)
    script.finish_reply("Four.", number=2)
    wait_for(live, "listening")
    expect(live.locator(".message .text")).to_have_text(
        ["Once", "Stop. What is two plus two?", "Four."]
    )


def test_written_replies_make_no_sound(live: Page, script: ScriptedRealtime) -> None:
    script.start_reply("There are seven.")
    script.finish_reply("There are seven.")
    expect(live.locator(".reply:not(.pending) .text")).to_have_text("There are seven.")
    wait_for(live, "listening")
    assert positions(script) == []


def test_a_dropped_connection_is_taken_up_where_it_broke(
    live: Page, script: ScriptedRealtime
) -> None:
    script.known_tokens.add("token-1")
    script.start_reply("It is ", tone(0.5))
    wait_for(live, "speaking")
    wait_for(live, "thinking")
    delta = {"type": "response.output_audio_transcript.delta", "item_id": "item_1"}
    seen = script.send(**delta, delta="Paris")
    expect(live.locator(".reply .text")).to_have_text("It is Paris")
    number = int(seen.removeprefix("event_"))
    script.replayed = [  # What came already comes once more, and what was missed.
        {**delta, "event_id": seen, "delta": "Paris"},
        {**delta, "event_id": f"event_{number + 1:06d}", "delta": ", on the Seine."},
    ]
    script.refusals = 1
    script.drop()
    wait_for(live, "reconnecting")
    expect(live.get_by_role("status")).to_have_text("Reconnecting")
    wait_for(live, "thinking")
    expect(live.locator(".reply .text")).to_have_text("It is Paris, on the Seine.")
    assert script.queries[-1]["resume"] == "token-1"
    assert script.queries[-1]["last_event_id"] == seen
    assert len(script.sent("session.update")) == 1


def test_speech_is_not_lost_while_the_connection_is_down(
    live: Page, script: ScriptedRealtime
) -> None:
    script.known_tokens.add("token-1")
    wait_until(lambda: len(script.frame_sizes) > 25, "a second of sound")
    script.refusals = 1
    script.drop()
    wait_for(live, "reconnecting")
    wait_for(live, "listening")
    ready_ms = live.evaluate("performance.now()")
    count = len(script.frame_sizes)
    live.wait_for_timeout(1000)
    now_ms = live.evaluate("performance.now()")
    rate = (len(script.frame_sizes) - count) * 40 / (now_ms - ready_ms)
    assert rate == pytest.approx(1.0, abs=0.2)
    gap_ms = 40 * len(script.frame_sizes) - live.evaluate("performance.now()")
    assert gap_ms > -5000


def test_after_too_long_a_new_session_goes_on_with_the_conversation(
    live: Page, script: ScriptedRealtime
) -> None:
    script.start_reply("It is Paris")
    expect(live.locator(".reply .text")).to_have_text("It is Paris")
    script.drop()
    script.wait_for("session.update", 2)
    wait_for(live, "listening")
    assert script.queries[-1]["conversation_id"] == "conversation-1"
    expect(live.locator(".reply.pending")).to_have_count(0)
    script.start_reply("Hello.")  # The ids of the new session begin anew.
    expect(live.locator(".reply .text")).to_have_text(["It is Paris", "Hello."])
    expect(live.locator("#notice")).to_be_hidden()


def test_a_socket_that_fell_silent_is_replaced_when_the_page_comes_back(
    live: Page, script: ScriptedRealtime
) -> None:
    script.known_tokens.add("token-1")
    script.is_dead = True
    live.evaluate("window.dispatchEvent(new Event('online'))")
    wait_until(lambda: len(script.queries) == 2, "another connection", timeout_s=10)
    script.is_dead = False
    assert script.queries[1]["resume"] == "token-1"
    wait_for(live, "listening")


def test_a_phone_that_was_asleep_goes_on_when_it_is_looked_at(
    page: Page, script: ScriptedRealtime
) -> None:
    page.evaluate(
        """() => {
            window.contexts = [];
            window.AudioContext = class extends AudioContext {
                constructor(options) {
                    super(options);
                    contexts.push(this);
                }
            };
        }"""
    )
    page.click("#live")
    wait_for(page, "listening")
    script.start_reply("A long story", tone(20.0))
    wait_for(page, "speaking")
    script.finish_reply("A long story")
    page.evaluate("Promise.all(contexts.map((context) => context.suspend()))")
    wait_for(page, "asleep")
    expect(page.get_by_text("Touch the page to go on")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(page, "speaking")
    page.get_by_role("button", name="Stop the sound").click()
    wait_for(page, "listening")


def test_a_server_without_live_conversation_says_so(page: Page, script: ScriptedRealtime) -> None:
    script.refusals = 10
    page.click("#live")
    expect(page.get_by_role("alert")).to_contain_text("could not be opened")
    wait_for(page, "ready")
    expect(page.get_by_role("button", name="Talk hands-free")).to_be_visible()


def test_a_server_that_has_no_room_says_so(page: Page, script: ScriptedRealtime) -> None:
    script.problem = {"code": "sessions_full", "detail": "As many as can are talking."}
    page.click("#live")
    expect(page.get_by_role("alert")).to_contain_text("As many as can are talking.")
    wait_for(page, "ready")


def test_what_the_server_refuses_is_shown_in_its_words(
    live: Page, script: ScriptedRealtime
) -> None:
    script.send("error", error={"code": "rate_limit_exceeded", "message": "Too much of it."})
    expect(live.get_by_role("alert")).to_contain_text("Too much of it.")
    live.get_by_role("button", name="Close").click()
    script.start_reply("There are seven.", tone(20.0))
    wait_for(live, "speaking")
    live.get_by_role("button", name="Stop the sound").click()
    (late,) = script.wait_for("response.cancel")
    error = {"code": "response_cancel_not_active", "message": "No.", "event_id": late["event_id"]}
    script.send("error", error=error)
    script.finish_reply("It")
    wait_for(live, "listening")
    expect(live.locator("#notice")).to_be_hidden()


def test_a_muted_microphone_gives_silence_but_time_goes_on(
    live: Page, script: ScriptedRealtime
) -> None:
    live.get_by_role("button", name="Mute the microphone", exact=True).click()
    wait_for(live, "muted")
    wait_until(lambda: not any(script.pcm16[-9600:]), "silence")
    count = len(script.pcm16)
    wait_until(lambda: len(script.pcm16) > count + 48_000, "another second")
    assert not any(script.pcm16[count:])
    live.get_by_role("button", name="Unmute the microphone").click()
    wait_for(live, "listening")


def test_a_microphone_that_gives_nothing_is_noticed(page: Page, script: ScriptedRealtime) -> None:
    page.evaluate(
        """navigator.mediaDevices.getUserMedia = async () =>
            new AudioContext().createMediaStreamDestination().stream"""
    )
    page.click("#live")
    expect(page.get_by_role("alert")).to_contain_text("nothing but silence")
    page.get_by_role("button", name="End the conversation").click()
    expect(page.locator("#notice")).to_be_hidden()


def test_the_ring_around_the_microphone_grows_with_its_sound(live: Page) -> None:
    level = "Number(document.getElementById('mute').style.getPropertyValue('--level'))"
    wait_until(lambda: live.evaluate(level) > 0.1, "a level")


def test_an_unplugged_microphone_ends_the_conversation(page: Page) -> None:
    page.evaluate(
        """() => {
            const devices = navigator.mediaDevices;
            const open = devices.getUserMedia.bind(devices);
            devices.getUserMedia = async (wish) => (window.stream = await open(wish));
        }"""
    )
    page.click("#live")
    wait_for(page, "listening")
    page.evaluate("stream.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    wait_for(page, "ready")
    expect(page.get_by_role("alert")).to_contain_text("No microphone was found")


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
    page.click("#live")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    wait_for(page, "ready")
    expect(page.locator("#live")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(
    ("locale", "way_out"), [("en-US", "over a tunnel: “ssh -L"), ("zh-CN", "先建立隧道“ssh -L")]
)
def test_plain_http_from_another_machine_says_why_and_what_to_do(
    browser: Browser, served: tuple[str, ScriptedRealtime], locale: str, way_out: str
) -> None:
    url = served[0].replace("127.0.0.1", PLAIN_HTTP_HOST)
    port = url.rsplit(":", 1)[1]
    with open_page(browser, url, locale) as page:
        page.click("#live")
        notice = page.get_by_role("alert")
        for words in ("https://", way_out, f"http://localhost:{port}"):
            expect(notice).to_contain_text(words)


def test_it_is_spoken_of_in_chinese(browser: Browser, served: tuple[str, ScriptedRealtime]) -> None:
    url, script = served
    with open_page(browser, url, "zh-CN") as page:
        page.get_by_role("button", name="免提对话").click()
        expect(page.get_by_role("status")).to_have_text("正在聆听")
        script.send("input_audio_buffer.speech_started", item_id="said")
        expect(page.get_by_role("status")).to_have_text("正在听你说")
        page.get_by_role("button", name="麦克风静音").click()
        hear_user(script, "")
        expect(page.get_by_role("status")).to_have_text("已静音")
        page.click("#switch-language")
        expect(page.get_by_role("status")).to_have_text("Muted")
        page.get_by_role("button", name="End the conversation").click()
        wait_for(page, "ready")


def test_it_is_begun_muted_and_ended_by_keyboard_and_nothing_moves(page: Page) -> None:
    def boxes() -> list[object]:
        return [page.locator(selector).bounding_box() for selector in ("#live", "#stop", "#send")]

    before = boxes()
    page.locator("#live").focus()
    page.keyboard.press("Enter")
    wait_for(page, "listening")
    assert boxes() == before
    page.locator("#mute").focus()
    page.keyboard.press(" ")
    wait_for(page, "muted")
    page.locator("#live").focus()
    page.keyboard.press(" ")
    wait_for(page, "ready")
    assert boxes() == before


def test_a_sound_file_ends_the_conversation_and_is_sent_as_ever(
    live: Page, script: ScriptedRealtime
) -> None:
    sent: list[str] = []
    live.route("**/api/voice", lambda route: (sent.append(route.request.method), route.abort()))
    sound = {"name": "question.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
    live.locator("#file").set_input_files([sound])
    wait_until(lambda: live.evaluate("!document.body.classList.contains('live')"), "its end")
    expect(live.locator("#notice")).to_be_visible()
    assert sent == ["POST"]


def test_the_conversation_is_the_same_before_during_and_after(
    page: Page, script: ScriptedRealtime
) -> None:
    page.click("#live")
    wait_for(page, "listening")
    page.click("#live")
    wait_for(page, "ready")
    with page.expect_request("**/api/chat") as asked:
        page.fill("#question", "Hi")
        page.press("#question", "Enter")
    assert json.loads(asked.value.post_data or "")["conversation_id"] == "conversation-1"
    page.click("#live")
    wait_until(lambda: len(script.queries) == 2, "another session")
    assert script.queries[1]["conversation_id"] == "conversation-1"


def test_it_fits_a_narrow_phone(live: Page) -> None:
    live.set_viewport_size({"width": 320, "height": 568})
    assert live.evaluate("document.documentElement.scrollWidth") == 320


def test_the_assistant_answers_what_is_said_to_it(browser: Browser, server: Server) -> None:
    with open_page(browser, server.url) as page:
        page.click("#live")
        wait_for(page, "listening")
        expect(page.locator(".user:not(.provisional) .text")).to_contain_text(
            "days are there in a week", timeout=TIMEOUT_MS
        )
        wait_for(page, "speaking")
        wait_for(page, "listening")
        expect(page.locator(".reply .text")).to_contain_text(re.compile("seven|7"))
        expect(page.locator(".reply")).to_have_attribute("data-played-ms", re.compile(r"^\d{3,}$"))
        page.click("#live")
        wait_for(page, "ready")
