"""A page that is loaded again in the middle of a live conversation goes on where it was."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.conftest import Server
from tests.web.live.blank_page import LivePage, Recorded, number, open_live, tone
from tests.web.realtime.conftest import Web, run_web
from tests.web.scripted_realtime import wait_until

QUESTION = "How many days are there in a week?"


@pytest.fixture
def script(script: Recorded) -> Recorded:
    script.known_tokens.add("token-1")
    return script


def scripts_of(server: Server | Web) -> str:
    assets = re.search(r"/assets/\w+/", httpx.get(server.url).text)
    assert assets
    return f"{assets[0]}js/"


def reload(live: LivePage) -> None:
    live.page.reload()
    live.open()


def resume(live: LivePage) -> object:
    """Return whether the session goes on."""
    return live.do("live.resume()")


def test_a_reply_goes_on_in_text_and_sound_where_it_was(live: LivePage, script: Recorded) -> None:
    script.hear("What is the capital of France?")
    script.answer("Paris.", tone(0.3))
    script.finish_reply("Paris.")
    live.until("turns[0]?.reply?.played_ms >= 300 && live.state === 'listening'")
    before = len(script.log)
    script.hear(QUESTION, "next", "turn-2")
    item_id = script.answer("There are seven.", tone(4.0), "next", 2)
    live.until("turns[1]?.reply?.played_ms > 1300")
    reload(live)
    played_ms = script.wait_for_stop()
    assert 1300 < played_ms < 3500
    wait_until(lambda: script.close_codes == [1001], "that the page went, and may come back")
    assert live.do("live.resumable()") == {
        "conversationId": "conversation-1",
        "turnIds": ["turn-2"],  # The other is over, and read over HTTP.
    }
    assert resume(live) is True
    assert script.queries[-1]["resume"] == "token-1"
    # The second turn is told again from where its words were complete, at the latest.
    assert before <= number(script.queries[-1]["last_event_id"]) <= before + 2
    live.wait("speaking")
    live.expect_said((QUESTION, "There are seven."))
    assert live.told("named") == [["turn-2"]]
    assert live.told("conversation") == [["conversation-1"]]
    script.finish_reply("There are seven.", 2)
    live.wait("listening")
    script.wait_for_stop(4000)
    # Each millisecond was heard once.
    started, *_, ended = script.positions[script.positions.index((played_ms, False)) + 1 :]
    assert started == (played_ms, True)
    assert ended == (4000, False)
    reply = live.turns[0]["reply"]
    assert reply["played_ms"] == 4000
    assert [piece["audioId"] for piece in reply["pieces"]] == [f"{item_id}.0"]
    assert live.do("live.resumable()") is None


def test_a_reply_that_was_stopped_stays_silent(live: LivePage, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer("A long story", tone(20.0))
    live.wait("speaking")
    live.do("live.stopReply()")
    script.wait_for("conversation.item.truncate")
    reload(live)  # The server has not told of the end yet.
    assert resume(live) is True
    script.finish_reply("A long", status="cancelled", status_details={})
    live.wait("listening")
    live.expect_said((QUESTION, "A long"))
    assert live.turns[0]["reply"]["isInterrupted"]
    assert not script.positions[-1][1]


def test_what_the_user_is_saying_is_told_again_and_what_was_answered_is_not(
    live: LivePage, script: Recorded
) -> None:
    script.hear(QUESTION)
    script.answer("A long story", tone(20.0))
    live.wait("speaking")
    after = len(script.log)
    script.send("input_audio_buffer.speech_started", item_id="next")
    script.send("x.caption", item_id="next", text="And what")
    script.finish_reply("A long", status="cancelled", status_details={})
    script.wait_for("conversation.item.truncate")
    live.until("turns[1]?.question === 'And what'")
    reload(live)
    assert live.do("live.resumable().turnIds") == []
    assert resume(live) is True
    assert number(script.queries[-1]["last_event_id"]) == after
    live.wait("hearing")
    live.expect_said(("And what", None))
    assert live.turns[0]["isProvisional"]


def test_a_typed_question_is_told_again_with_its_reply(live: LivePage, script: Recorded) -> None:
    live.do("live.ask('Two plus two?')")
    (created,) = script.wait_for("conversation.item.create")
    script.send("conversation.item.added", item={**created["item"], "status": "completed"})
    live.wait("thinking")
    reload(live)
    assert resume(live) is True
    live.wait("thinking")
    live.expect_said(("Two plus two?", None))
    reload(live)
    assert resume(live) is True
    script.answer("Four.", item_id=created["item"]["id"])
    script.finish_reply("Four.")
    live.wait("listening")
    live.expect_said(("Two plus two?", "Four."))
    assert live.turns[0]["id"] == "turn-1"


def test_a_muted_microphone_stays_muted(live: LivePage, script: Recorded) -> None:
    live.do("live.isMuted = true")
    live.wait("muted")
    reload(live)
    count = len(script.pcm16)
    assert resume(live) is True
    live.wait("muted")
    wait_until(lambda: len(script.pcm16) > count + 48_000, "a second of sound")
    assert not any(script.pcm16[count:])


def test_a_session_that_the_server_no_longer_keeps_begins_anew(
    live: LivePage, script: Recorded
) -> None:
    script.hear(QUESTION)
    script.answer("There are", tone(5.0))
    live.wait("speaking")
    reload(live)
    script.known_tokens.clear()
    assert live.do("live.resumable().turnIds") == ["turn-1"]
    assert resume(live) is False
    live.wait("listening")
    assert live.said == []
    assert script.queries[-1]["conversation_id"] == "conversation-1"
    script.hear("Hello", "said", "turn-2")  # It is a session like any other.
    script.answer("Hello.", tone(1.5), turn=2)
    script.finish_reply("Hello.", 2)
    live.wait("speaking")
    live.wait("listening")
    script.wait_for_stop(1500)
    live.expect_said(("Hello", "Hello."))


def test_after_too_long_there_is_nothing_to_take_up(live: LivePage, script: Recorded) -> None:
    reload(live)
    assert live.do("live.resumable()") is not None
    live.do("Date.now = () => performance.timeOrigin + performance.now() + 61_000")
    assert live.do("live.resumable()") is None
    assert resume(live) is False
    assert live.do("live.state") is None
    assert len(script.queries) == 1


def test_a_conversation_that_was_ended_is_not_taken_up(live: LivePage, script: Recorded) -> None:
    live.do("live.end()")
    wait_until(lambda: script.close_codes == [1000], "that the session is over")
    reload(live)
    assert live.do("live.resumable()") is None


def test_the_server_tells_again_what_the_page_has_lost(browser: Browser, tmp_path: Path) -> None:
    def piece(index: int, text: str) -> list[object]:
        fields = {"index": index, "text": text, "silence_ms": 3000, "audio_id": f"a.{index}"}
        return ["ReplyAudio", {"turn_id": "TURN", **fields}]

    words = ("There are ", "seven.")
    reply = [["ReplyText", {"turn_id": "TURN", "text": text}] for text in words]
    reply += [piece(index, text) for index, text in enumerate(words)]
    done = {"turn_id": "TURN", "status": "completed", "text": "".join(words)}
    script = json.dumps([*reply, ["ReplyDone", done]])
    with (
        run_web(tmp_path) as web,
        open_live(browser, f"{web.url}/healthz", scripts_of(web)) as live,
    ):
        live.start()
        live.page.evaluate("script => void live.ask(script)", script)
        live.until("turns[0]?.reply?.played_ms > 1000")
        reload(live)
        kept = live.do("live.resumable()")
        assert resume(live) is True
        live.wait("speaking")
        live.wait("listening")
        live.expect_said((script, "There are seven."))
        (turn,) = live.turns
        assert kept["turnIds"] == [turn["id"]]
        assert turn["reply"]["played_ms"] == 6000
        assert [piece["index"] for piece in turn["reply"]["pieces"]] == [0, 1]
        (session,) = web.sessions()
        played = [call[2:] for call in session["calls"] if call[0] == "played"]
        stopped = next(audio_ms for audio_ms, is_playing in played if not is_playing)
        assert stopped > 1000
        assert played[played.index([stopped, False]) + 1] == [stopped, True]
        assert played[-1] == [6000, False]
        assert live.told("problem") == []


def test_the_assistant_goes_on_with_what_it_was_saying(browser: Browser, server: Server) -> None:
    with open_live(browser, f"{server.url}/healthz", scripts_of(server)) as live:
        live.start()
        live.do("live.isMuted = true")
        live.do("live.ask('Say the numbers from one to twelve in words.')")
        live.until("turns[0]?.reply?.played_ms > 1000")
        reload(live)
        (turn_id,) = live.do("live.resumable().turnIds")
        assert resume(live) is True
        live.wait("speaking")
        begun_ms = live.turns[0]["reply"]["played_ms"]
        assert begun_ms > 1000
        live.wait("muted")
        (conversation_id,) = live.told("conversation")[0]
        (turn,) = live.turns
        (stored,) = httpx.get(f"{server.url}/api/conversations/{conversation_id}").json()["turns"]
        assert (turn["id"], turn["question"]) == (turn_id, stored["question"])
        reply = turn["reply"]
        assert (stored["turn_id"], stored["answer"]) == (turn_id, reply["text"])
        # All of it was played, and can be heard again.
        duration_s = sum(piece["duration_s"] for piece in reply["pieces"])
        assert reply["played_ms"] == pytest.approx(1000 * duration_s, abs=20)
        for piece in reply["pieces"]:
            assert httpx.get(f"{server.url}/api/audio/{piece['audioId']}").status_code == 200
        assert live.told("problem") == []


def test_a_microphone_that_is_refused_now_is_told_of(live: LivePage, script: Recorded) -> None:
    reload(live)
    live.do(
        "() => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', 'NotAllowedError') } }"
    )
    assert resume(live) is False
    assert live.told("problem") == [["microphone_refused", None]]
    assert live.do("live.state") is None
