"""The microphone and the loudspeaker of a live conversation."""

import pytest
from playwright.sync_api import Browser

from tests.web.browser import PLAIN_HTTP_HOST
from tests.web.live.blank_page import LivePage, Recorded, open_live, tone
from tests.web.scripted_realtime import wait_until

QUESTION = "How many days are there in a week?"


KEEP_CONTEXTS = """() => {
    window.contexts = [];
    window.AudioContext = class extends AudioContext {
        constructor(options) {
            super(options);
            contexts.push(this);
        }
        async setSinkId(id) {
            this.sink = id;
        }
    };
}"""


def test_a_phone_that_was_asleep_goes_on_when_it_is_touched(
    page: LivePage, script: Recorded
) -> None:
    page.do(KEEP_CONTEXTS)
    page.start()
    script.hear(QUESTION)
    script.answer("A long story", tone(20.0))
    live = page
    live.wait("speaking")
    script.finish_reply("A long story")
    live.do("Promise.all(contexts.map((context) => context.suspend()))")
    live.wait("asleep")
    live.page.mouse.click(5, 5)
    live.wait("speaking")
    live.do("live.stopReply()")
    live.wait("listening")


def test_a_muted_microphone_gives_silence_but_time_goes_on(
    live: LivePage, script: Recorded
) -> None:
    live.until("window.loudness > 0.001 && live.level === loudness")
    live.do("live.isMuted = true")
    live.wait("muted")
    assert live.do("live.isMuted")
    wait_until(lambda: not any(script.pcm16[-9600:]), "silence")
    count = len(script.pcm16)
    wait_until(lambda: len(script.pcm16) > count + 48_000, "another second")
    assert not any(script.pcm16[count:])
    live.do("live.isMuted = false")
    live.wait("listening")
    wait_until(lambda: any(script.pcm16[-9600:]), "sound")


def test_the_page_s_own_sound_is_not_heard(live: LivePage, script: Recorded) -> None:
    live.do("live.isDeaf = true")
    wait_until(lambda: not any(script.pcm16[-9600:]), "silence")
    assert live.do("live.state") == "listening"
    live.do("live.isDeaf = false")
    wait_until(lambda: any(script.pcm16[-9600:]), "sound")


def test_a_microphone_that_gives_nothing_is_noticed(page: LivePage) -> None:
    page.do(
        """() => void (navigator.mediaDevices.getUserMedia = async () =>
            new AudioContext().createMediaStreamDestination().stream)"""
    )
    page.start()
    page.until("told.some(([kind]) => kind === 'problem')")
    assert page.told("problem") == [["microphone_silent", None]]
    page.do("live.end()")
    assert page.told("solved") == [[]]


COUNT_MICROPHONES = """() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    window.opened = [];
    devices.getUserMedia = async ({ audio }) => {
        if (window.isRefused) throw new DOMException("", "NotFoundError");
        const stream = await open({ audio: true });
        opened.push({ deviceId: audio.deviceId?.ideal, stream });
        return stream;
    };
    window.unplug = () => {
        opened.at(-1).stream.getAudioTracks()[0].dispatchEvent(new Event("ended"));
    };
}"""


def test_another_microphone_is_listened_to_in_the_same_session(
    page: LivePage, script: Recorded
) -> None:
    page.do(COUNT_MICROPHONES)
    page.start()
    page.do("live.isMuted = true")
    page.do("void (preferences.microphone = 'headset')")
    page.until("opened.length === 2 && opened[0].stream.getTracks()[0].readyState === 'ended'")
    assert page.do("opened[1].deviceId") == "headset"
    assert not page.do("opened[1].stream.getTracks()[0].enabled")
    page.do("live.isMuted = false")
    wait_until(lambda: any(script.pcm16[-9600:]), "sound")
    page.do("window.isRefused = true; preferences.microphone = 'gone'")
    page.until("told.some(([kind]) => kind === 'problem')")
    assert page.told("problem") == [["microphone_missing", None]]
    count = len(script.pcm16)
    wait_until(lambda: len(script.pcm16) > count + 48_000, "sound of the one before")
    assert page.do("live.state") == "listening"
    assert len(script.queries) == 1


def test_an_unplugged_microphone_makes_way_for_another(page: LivePage, script: Recorded) -> None:
    page.do(COUNT_MICROPHONES)
    page.start()
    page.do("unplug()")
    page.until("opened.length === 2")
    assert page.do("live.state") == "listening"
    page.do("window.isRefused = true; unplug()")
    page.wait(None)
    assert page.told("problem") == [["microphone_missing", None]]


def test_the_loudspeaker_can_be_chosen_and_changed(page: LivePage) -> None:
    page.do(KEEP_CONTEXTS)
    page.do("void (preferences.loudspeaker = 'speaker')")
    page.start()
    page.until("contexts[0].sink === 'speaker'")
    page.do("void (preferences.loudspeaker = 'headset')")
    page.until("contexts[0].sink === 'headset'")


@pytest.mark.parametrize(
    ("error", "code"),
    [("NotAllowedError", "microphone_refused"), ("NotFoundError", "microphone_missing")],
)
def test_a_microphone_that_cannot_be_had_says_why(page: LivePage, error: str, code: str) -> None:
    page.page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', name) } }",
        error,
    )
    page.do("live.start()")
    assert page.told("problem") == [[code, None]]
    assert page.do("live.state") is None


def test_plain_http_from_another_machine_has_no_microphone(
    browser: Browser, served: tuple[str, Recorded]
) -> None:
    with open_live(browser, served[0].replace("127.0.0.1", PLAIN_HTTP_HOST)) as page:
        page.do("live.start()")
        assert page.told("problem") == [["microphone_insecure", None]]


def test_it_is_ended_while_the_browser_still_asks(page: LivePage, script: Recorded) -> None:
    page.do(
        """() => {
            const devices = navigator.mediaDevices;
            const open = devices.getUserMedia.bind(devices);
            devices.getUserMedia = async (wish) => {
                await new Promise((resolve) => (window.allow = resolve));
                return open(wish);
            };
            live.start();
        }"""
    )
    page.wait("connecting")
    page.do("live.end()")
    page.wait(None)
    page.until("typeof window.allow === 'function'")
    page.do("allow()")
    page.page.wait_for_timeout(300)
    assert page.do("live.state") is None
    wait_until(lambda: script.close_codes in ([], [1000]), "no session")
