"""What is said in a live conversation becomes turns of the page, written and heard."""

from tests.web.live.blank_page import LivePage, Recorded, encoded, tone

QUESTION = "How many days are there in a week?"
STORY = "It is Paris, which lies on the Seine."


def test_a_session_is_asked_for_as_the_user_has_set_it(page: LivePage, script: Recorded) -> None:
    page.do(
        "Object.assign(preferences, {voice: 'piper:zh', speed: 1.5, spokenLanguage: 'zh',"
        " manner: 'formal'})"
    )
    page.start()
    address = script.queries[0]
    zone = page.do("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert address["timezone"] == zone
    assert address["extensions"] == "captions,hold,pieces,resume,timings,turns"
    assert "conversation_id" not in address
    (update,) = [event["session"] for event in script.wait_for("session.update")]
    assert (update["output_modalities"], update["manner"]) == (["audio"], "formal")
    assert update["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"
    assert update["audio"]["input"]["transcription"]["language"] == "zh"
    assert update["audio"]["output"]["voice"] == "piper:zh"
    assert update["audio"]["output"]["speed"] == 1.5
    assert page.told("conversation") == [["conversation-1"]]


def test_what_the_user_sets_meanwhile_is_followed(live: LivePage, script: Recorded) -> None:
    live.do(
        "Object.assign(preferences, {speed: 0.8, spokenLanguage: 'en', manner: 'concise',"
        " isSpeaking: false})"
    )
    update = script.wait_for("session.update", 2)[1]["session"]
    assert (update["output_modalities"], update["manner"]) == (["text"], "concise")
    assert update["audio"]["input"]["transcription"]["language"] == "en"
    assert update["audio"]["output"]["speed"] == 0.8
    live.do("Object.assign(preferences, {speed: 1, spokenLanguage: '', manner: ''})")
    update = script.wait_for("session.update", 3)[2]["session"]
    assert update["manner"] is None
    assert "language" not in update["audio"]["input"]["transcription"]
    assert update["audio"]["output"]["speed"] == 1
    live.do("preferences.theme = 'dark'")
    live.page.wait_for_timeout(200)
    assert len(script.sent("session.update")) == 3
    assert len(script.queries) == 1


def test_captions_are_guesses_and_can_be_withdrawn(live: LivePage, script: Recorded) -> None:
    script.send("input_audio_buffer.speech_started", item_id="said")
    live.wait("hearing")
    script.send("x.caption", item_id="said", text="What is the")
    live.expect_said(("What is the", None))
    (turn,) = live.turns
    assert (turn["kind"], turn["isProvisional"], turn["id"]) == ("live", True, None)
    script.send("x.caption", item_id="said", text="")
    live.expect_said()
    script.send("x.caption", item_id="said", text="What is the capital")
    live.expect_said(("What is the capital", None))
    script.hear(QUESTION)
    live.expect_said((QUESTION, None))
    (turn,) = live.turns
    assert (turn["isProvisional"], turn["id"]) == (False, "turn-1")
    assert live.told("named") == [["turn-1"]]
    live.wait("thinking")


def test_a_noise_without_words_leaves_nothing_behind(live: LivePage, script: Recorded) -> None:
    script.commit()
    live.until("turns[0]?.note === 'recognising' && turns[0].stage === 'recognising'")
    script.hear("")
    live.wait("listening")
    live.expect_said()


def test_words_that_nobody_understood_are_told_so(live: LivePage, script: Recorded) -> None:
    script.commit()
    kind = "conversation.item.input_audio_transcription.failed"
    script.send(kind, item_id="said", error={"code": "no", "message": "No."})
    live.until("turns[0]?.note === 'not_understood'")
    live.wait("listening")
    (turn,) = live.turns
    assert (turn["note"], turn["stage"], turn["question"]) == ("not_understood", None, "")


def test_words_that_never_came_are_not_awaited_after_the_next_reply(
    live: LivePage, script: Recorded
) -> None:
    script.commit("lost")
    script.hear(QUESTION, turn_id="turn-2")
    script.answer("There are seven.", turn=2)
    script.send("x.caption", item_id="next", text="And what")
    script.finish_reply("There are seven.", 2)
    live.expect_said((QUESTION, "There are seven."), ("And what", None))


def test_a_reply_is_written_and_spoken_and_its_playing_is_told(
    live: LivePage, script: Recorded
) -> None:
    script.hear(QUESTION)
    live.wait("thinking")
    script.answer("There are ", tone(3.5))
    live.wait("speaking")
    live.until("turns[0].reply.isPlaying")
    script.send("response.output_audio_transcript.delta", item_id="item_1", delta="seven days.")
    script.speak("item_1", "seven days.", tone(1.0), index=2, audio_start_ms=3500)
    script.finish_reply("There are seven days.")
    script.send("x.turn.timings", response_id="response_1", stages={"first_sound": 700.0})
    live.wait("listening")
    live.expect_said((QUESTION, "There are seven days."))
    (turn,) = live.turns
    reply = turn["reply"]
    assert (turn["id"], turn["stage"], turn["error"]) == ("turn-1", None, None)
    assert reply["timings"] == {"first_sound": 700}
    assert (reply["isComplete"], reply["isSpoken"], reply["isPlaying"]) == (True, True, False)
    assert (reply["played_ms"], reply["heardChars"]) == (4500, None)
    pieces = [(p["index"], p["audioId"], p["duration_s"]) for p in reply["pieces"]]
    assert pieces == [(0, "item_1.0", 3.5), (1, None, 0), (2, "item_1.2", 1)]
    script.wait_for_stop(4500)
    (start, *between, ended) = script.positions
    assert start == (0, True)
    assert [ms // 100 for ms, is_playing in between if is_playing] == [10, 20, 30, 40]
    assert ended == (4500, False)
    assert live.told("replied") == [[]]


def test_what_is_heard_is_known_to_the_word(live: LivePage, script: Recorded) -> None:
    live.do(
        """() => {
            window.heard = [];
            setInterval(() => {
                const reply = window.turns[0]?.reply;
                if (reply?.heardChars) heard.push([reply.played_ms, reply.heardChars]);
            }, 20);
        }"""
    )
    words = ("One two three four. ", "Five six seven eight.")
    script.hear(QUESTION)
    script.answer(words[0], tone(1.0))
    script.send("response.output_audio_transcript.delta", item_id="item_1", delta=words[1])
    script.speak("item_1", words[1], tone(1.0), index=1, audio_start_ms=1000)
    script.finish_reply("".join(words))
    live.wait("speaking")
    live.wait("listening")
    heard = live.do("heard")
    ends = {3, 7, 13, 18, 24, 28, 34, 40, 41}
    assert {chars for _, chars in heard} <= ends | {19, 20}
    assert len({chars for _, chars in heard}) >= 6
    for played_ms, chars in heard:
        assert abs(chars - played_ms / 2000 * 41) < 8


def test_speaking_is_told_only_while_sound_plays(live: LivePage, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer("One. Two.", tone(1.5))
    live.wait("speaking")
    live.wait("thinking")  # The rest of the sound is late.
    script.wait_for_stop(1500)
    script.finish_reply("One. Two.")
    live.wait("listening")


def test_held_sound_goes_on_after_a_false_alarm(live: LivePage, script: Recorded) -> None:
    script.hear(QUESTION)
    item_id = script.answer("A long story", tone(3.0))
    script.finish_reply("A long story")
    live.wait("speaking")
    script.send("x.playback.hold", item_id=item_id)
    live.wait("held")
    held_ms = script.wait_for_stop()
    live.page.wait_for_timeout(300)
    assert live.turns[0]["reply"]["played_ms"] == held_ms
    script.send("x.playback.resume", item_id=item_id)
    live.wait("speaking")
    live.wait("listening")
    assert (held_ms, True) in script.positions
    script.wait_for_stop(3000)
    assert not live.turns[0]["reply"]["isInterrupted"]


def test_an_interruption_leaves_what_was_heard(live: LivePage, script: Recorded) -> None:
    script.hear(QUESTION)
    item_id = script.answer(STORY, tone(20.0))
    live.wait("speaking")
    script.send("x.playback.hold", item_id=item_id)
    live.wait("held")
    script.send("input_audio_buffer.speech_started", item_id="next")
    live.wait("hearing")
    reason = {"reason": "turn_detected"}
    script.finish_reply("It is Paris", status="cancelled", status_details=reason)
    (truncation,) = script.wait_for("conversation.item.truncate")
    assert truncation["item_id"] == item_id
    assert truncation["audio_end_ms"] == script.positions[-1][0] < 5000
    script.send("conversation.item.truncated", item_id=item_id)
    script.wait_for("conversation.item.retrieve")
    item = {"id": item_id, "content": [{"type": "output_audio", "transcript": "It is Par"}]}
    script.send("conversation.item.retrieved", item=item)
    live.expect_said((QUESTION, "It is Par"))
    (turn,) = live.turns
    assert (turn["reply"]["isInterrupted"], turn["stage"]) == (True, None)
    # Sound that was on its way is not played any more.
    script.send("response.output_audio.delta", item_id=item_id, delta=encoded(tone(0.2)))
    live.page.wait_for_timeout(200)
    assert not script.positions[-1][1]


def test_a_touch_ends_a_reply_but_not_the_conversation(live: LivePage, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer(STORY, tone(20.0))
    live.wait("speaking")
    assert live.do("live.isReplying && live.isBusy")
    live.do("live.stopReply()")
    script.wait_for("response.cancel")
    script.wait_for("conversation.item.truncate")
    script.finish_reply("It is", status="cancelled", status_details={})
    live.wait("listening")
    live.expect_said((QUESTION, "It is"))
    assert not live.do("live.isReplying || live.isBusy")


def test_a_reply_that_is_cancelled_before_its_first_word_leaves_nothing_awaited(
    live: LivePage, script: Recorded
) -> None:
    script.hear(QUESTION)
    script.send("response.created", response={"id": "response_1"})
    script.name_turn("turn-1", item_id="said", response_id="response_1")
    live.until("turns[0]?.stage === 'thinking'")
    done = {"id": "response_1", "status": "cancelled", "status_details": {}, "output": []}
    script.send("response.done", response=done)
    live.until("turns[0].stage === null")
    live.expect_said((QUESTION, None))


def test_what_is_typed_goes_into_the_same_conversation(live: LivePage, script: Recorded) -> None:
    script.hear("Tell me a story")
    script.answer("Once upon a time", tone(20.0))
    live.wait("speaking")
    assert live.do("live.ask('Stop. What is two plus two?')")
    (created,) = script.wait_for("conversation.item.create")
    assert created["item"]["content"][0]["text"] == "Stop. What is two plus two?"
    script.wait_for("response.cancel")
    assert script.sent("response.create") == []  # One reply at a time.
    script.send("conversation.item.added", item=created["item"])
    script.finish_reply("Once", status="cancelled", status_details={})
    script.wait_for("response.create")
    live.wait("thinking")
    script.answer("Four.", tone(0.3), created["item"]["id"], turn=2)
    script.finish_reply("Four.", 2)
    live.wait("listening")
    live.expect_said(("Tell me a story", "Once"), ("Stop. What is two plus two?", "Four."))
    assert [turn["id"] for turn in live.turns] == ["turn-1", "turn-2"]


def test_there_is_nobody_to_ask_before_the_conversation(page: LivePage) -> None:
    assert not page.do("live.ask('Hello?')")


def test_the_assistant_may_begin_by_itself(live: LivePage, script: Recorded) -> None:
    script.answer("Hello!", item_id=None)
    script.finish_reply("Hello!")
    live.expect_said(("", "Hello!"))
    assert live.turns[0]["id"] == "turn-1"


def test_written_replies_make_no_sound(live: LivePage, script: Recorded) -> None:
    script.hear(QUESTION)
    script.answer("There are seven.")
    script.finish_reply("There are seven.")
    live.until("turns[0]?.reply?.isComplete")
    live.wait("listening")
    live.expect_said((QUESTION, "There are seven."))
    assert script.positions == []


def test_a_failed_reply_says_why_in_its_turn(live: LivePage, script: Recorded) -> None:
    error = {"code": "language_model_unavailable", "message": "It does not answer."}
    script.hear(QUESTION)
    script.send("response.created", response={"id": "response_1"})
    script.name_turn("turn-1", item_id="said", response_id="response_1")
    done = {"id": "response_1", "status": "failed", "output": []}
    script.send("response.done", response=done | {"status_details": {"error": error}})
    live.until("turns[0]?.error")
    shown = {"code": error["code"], "detail": error["message"]}
    assert live.turns[0]["error"] == shown
    script.hear(QUESTION, "next", "turn-2")
    script.answer("There", item_id="next", turn=2)
    script.finish_reply("There", 2, status="failed", status_details={"error": error})
    live.until("turns[1]?.error")
    assert live.turns[1]["reply"]["text"] == "There"
    assert live.turns[1]["reply"]["isComplete"]
    assert live.told("problem") == []
