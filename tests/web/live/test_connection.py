"""What becomes of a live conversation whose server or connection fails it."""

import pytest

from tests.web.live.blank_page import LivePage, Recorded, tone
from tests.web.scripted_realtime import wait_until

QUESTION = "How many days are there in a week?"


def test_a_dropped_connection_is_taken_up_where_it_broke(live: LivePage, script: Recorded) -> None:
    script.known_tokens.add("token-1")
    script.hear(QUESTION)
    script.answer("It is ", tone(1.5))
    live.wait("speaking")
    live.wait("thinking")
    delta = {"type": "response.output_audio_transcript.delta", "item_id": "item_1"}
    seen = script.send(**delta, delta="Paris")
    live.expect_said((QUESTION, "It is Paris"))
    script.refusals = 1
    script.log.append({**delta, "event_id": "event_000099", "delta": ", on the Seine."})
    script.drop()
    live.wait("reconnecting")
    live.wait("thinking")
    live.expect_said((QUESTION, "It is Paris, on the Seine."))
    assert script.queries[-1]["resume"] == "token-1"
    assert script.queries[-1]["last_event_id"] == seen
    assert len(script.sent("session.update")) == 1


def test_after_too_long_a_new_session_goes_on_with_the_conversation(
    live: LivePage, script: Recorded
) -> None:
    script.hear(QUESTION)
    script.answer("It is Paris", tone(20.0))
    live.wait("speaking")
    script.drop()
    script.wait_for("session.update", 2)
    live.wait("listening")
    assert script.queries[-1]["conversation_id"] == "conversation-1"
    (turn,) = live.turns
    assert (turn["stage"], turn["reply"]["isComplete"], turn["reply"]["isPlaying"]) == (
        None,
        True,
        False,
    )
    script.hear("Hello", turn_id="turn-2")  # The ids of the new session begin anew.
    script.answer("Hello.", turn=2)
    script.finish_reply("Hello.", 2)
    live.expect_said((QUESTION, "It is Paris"), ("Hello", "Hello."))
    assert live.told("problem") == []


def test_a_question_typed_while_the_session_was_lost_is_asked_in_the_next(
    live: LivePage, script: Recorded
) -> None:
    script.refusals = 1
    script.drop()
    live.wait("reconnecting")
    live.do("live.ask('Two plus two?')")
    (created,) = script.wait_for("conversation.item.create")
    script.wait_for("response.create")
    script.send("conversation.item.added", item=created["item"])
    live.wait("thinking")
    script.answer("Four.", item_id=created["item"]["id"])
    script.finish_reply("Four.")
    live.wait("listening")
    live.expect_said(("Two plus two?", "Four."))


def test_speech_is_not_lost_while_the_connection_is_down(live: LivePage, script: Recorded) -> None:
    script.known_tokens.add("token-1")
    wait_until(lambda: len(script.frame_sizes) > 25, "a second of sound")
    script.refusals = 1
    script.drop()
    live.wait("reconnecting")
    live.wait("listening")
    live.page.wait_for_timeout(300)
    begun_ms = live.do("performance.now()")
    count = len(script.frame_sizes)
    live.page.wait_for_timeout(5000)
    rate = (len(script.frame_sizes) - count) * 40 / (live.do("performance.now()") - begun_ms)
    assert rate == pytest.approx(1.0, abs=0.2)
    assert set(script.frame_sizes) == {1920}  # 40 ms


def test_a_socket_that_fell_silent_is_replaced_when_the_page_comes_back(
    live: LivePage, script: Recorded
) -> None:
    script.known_tokens.add("token-1")
    script.is_dead = True
    live.do("void window.dispatchEvent(new Event('online'))")
    wait_until(lambda: len(script.queries) == 2, "another connection", timeout_s=10)
    script.is_dead = False
    assert script.queries[1]["resume"] == "token-1"
    live.wait("listening")


def test_a_server_without_live_conversation_says_so(page: LivePage, script: Recorded) -> None:
    script.refusals = 10
    page.do("live.start()")
    page.until("told.some(([kind]) => kind === 'problem')")
    assert page.told("problem") == [["live_unreachable", None]]
    page.wait(None)


def test_a_server_that_has_no_room_says_so(page: LivePage, script: Recorded) -> None:
    script.problem = {"code": "sessions_full", "detail": "As many as can are talking."}
    page.do("live.start()")
    page.until("told.some(([kind]) => kind === 'problem')")
    assert page.told("problem") == [["sessions_full", "As many as can are talking."]]
    page.wait(None)


def test_what_the_server_refuses_is_told_in_its_words(live: LivePage, script: Recorded) -> None:
    script.send("error", error={"code": "rate_limit_exceeded", "message": "Too much of it."})
    live.until("told.some(([kind]) => kind === 'problem')")
    script.hear(QUESTION)
    script.answer("There are seven.", tone(20.0))
    live.wait("speaking")
    live.do("live.stopReply()")
    (late,) = script.wait_for("response.cancel")
    error = {"code": "response_cancel_not_active", "message": "No.", "event_id": late["event_id"]}
    script.send("error", error=error)
    script.finish_reply("It")
    live.wait("listening")
    assert live.told("problem") == [["rate_limit_exceeded", "Too much of it."]]


def test_the_conversation_is_gone_on_with(page: LivePage, script: Recorded) -> None:
    page.do("live.start('c')")
    page.wait("listening")
    assert script.queries[0]["conversation_id"] == "c"
    page.do("live.end()")
    page.wait(None)
    wait_until(lambda: script.close_codes == [1000], "its end")
