"""Replies, as a client of OpenAI's Realtime API gets them."""

import base64
import json
import time
from typing import Any

from tests.web.realtime.conftest import Client, Web, talk
from web.realtime.items import Items
from web.realtime.outbox import Outbox
from web.realtime.replies import Replies
from web.realtime.session_config import SessionConfig
from workers.live.events import ReplyAudio, ReplyDone, ReplyStarted

SPOKEN = (
    ["ReplyText", {"turn_id": "TURN", "text": "Hello "}],
    ["ReplyText", {"turn_id": "TURN", "text": "there."}],
    ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "Hello there.", "silence_ms": 500}],
    ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": "Hello there."}],
)


def test_a_spoken_reply_comes_in_the_order_of_the_protocol(client: Client) -> None:
    client.play(*SPOKEN)
    events = client.until("response.done")
    assert [event["type"] for event in events] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    response = events[-1]["response"]
    assert response["status"] == "completed"
    assert response["usage"] is None, "nobody knows"
    assert response["output"][0]["content"] == [
        {"type": "output_audio", "transcript": "Hello there."}
    ]
    sound = b"".join(
        base64.b64decode(event["delta"])
        for event in events
        if event["type"] == "response.output_audio.delta"
    )
    assert len(sound) == 500 * 24 * 2
    numbers = [int(event["event_id"].removeprefix("event_")) for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_reply_that_ends_at_the_most_tokens_is_incomplete(client: Client) -> None:
    client.play(*SPOKEN[:3], ["ReplyDone", SPOKEN[3][1] | {"is_cut": True}])
    response = client.until("response.done")[-1]["response"]
    assert (response["status"], response["output"][0]["status"]) == ("incomplete", "incomplete")
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}


def test_the_first_sound_does_not_wait_for_the_reply_to_end(client: Client) -> None:
    client.play(*SPOKEN[:3], ["sleep", 2.0], SPOKEN[3])
    began = time.monotonic()
    client.until("response.output_audio.delta")
    assert time.monotonic() - began < 1.0


def test_a_written_reply_has_no_sound(client: Client) -> None:
    client.play(*SPOKEN, output_modalities=["text"])
    kinds = [event["type"] for event in client.until("response.done")]
    assert kinds.count("response.output_text.delta") == 2
    assert "response.output_text.done" in kinds
    assert not [kind for kind in kinds if "audio" in kind]


def test_settings_of_one_response_hold_for_it_alone(web: Web, client: Client) -> None:
    client.play(*SPOKEN, instructions="Be brief.", metadata={"topic": "greeting"})
    assert client.until("response.done")[-1]["response"]["metadata"] == {"topic": "greeting"}
    session = web.sessions()[-1]
    assert session["replied_with"][-1]["instructions"] == "Be brief."
    assert session["settings"]["instructions"] is None


def test_a_response_to_nothing_is_what_the_assistant_says_by_itself(
    web: Web, client: Client
) -> None:
    client.send("response.create", response={"instructions": "Greet the user."})
    response = client.until("response.done")[-1]["response"]
    assert response["output"][0]["content"][0]["transcript"] == "Hello!"
    assert web.sessions()[-1]["replied_with"][-1]["instructions"] == "Greet the user."


def test_a_reply_that_comes_by_itself_takes_nothing_from_one_that_is_being_asked_for() -> None:
    replies = Replies(Outbox(is_kept=False), Items(), SessionConfig, "c", frozenset())
    replies.expect(SessionConfig(output_modalities=("text",)), {"topic": "mine"})
    replies.tell(ReplyStarted(turn_id="its_own", item_id=None))
    response = replies.in_progress()
    assert response is not None
    assert (response.config.is_spoken, response.metadata) == (True, None)
    for _ in ("asked for", "what is left of it after a false alarm"):
        replies.tell(ReplyStarted(turn_id="asked", item_id=None, is_asked=True))
        response = replies.in_progress()
        assert response is not None
        assert (response.config.is_spoken, response.metadata) == (False, {"topic": "mine"})


def test_the_tokens_of_a_reply_are_told_where_they_are_known(client: Client) -> None:
    counted = {"prompt_tokens": 70, "completion_tokens": 5}
    client.play(*SPOKEN[:3], [SPOKEN[3][0], SPOKEN[3][1] | counted])
    usage = client.until("response.done")[-1]["response"]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (70, 5, 75)
    assert usage["input_token_details"]["text_tokens"] == 70
    assert "cached_tokens" not in usage["input_token_details"], "nobody knows"


def test_sound_comes_at_the_rate_that_was_asked_for(client: Client) -> None:
    pcm = {"type": "audio/pcm", "rate": 16_000}
    client.send(
        "session.update", session={"type": "realtime", "audio": {"output": {"format": pcm}}}
    )
    client.play(*SPOKEN)
    events = client.until("response.done")
    sound = [
        len(base64.b64decode(event["delta"]))
        for event in events
        if event["type"] == "response.output_audio.delta"
    ]
    assert abs(sum(sound) - 500 * 16 * 2) < 64
    assert events[-1]["response"]["audio"]["output"]["format"] == pcm


def test_sound_is_not_sent_long_before_it_is_played(client: Client) -> None:
    minute = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 60_000}]
    client.play(SPOKEN[0], minute, SPOKEN[3])
    client.until("response.output_audio.delta")
    began_s, sent_s = time.monotonic(), 0.2
    while sent_s <= 19:
        sent_s += len(base64.b64decode(client.receive()["delta"])) / 48_000
    try:
        while True:
            sent_s += len(base64.b64decode(client.receive(timeout=0.15)["delta"])) / 48_000
    except TimeoutError:
        assert sent_s - (time.monotonic() - began_s) < 23
    client.send("response.cancel")
    done = client.until("response.done")
    # What was not sent never is, and it is told how the reply ended.
    assert len(done) < 10
    assert done[-1]["response"]["status"] == "cancelled"
    assert done[-1]["response"]["status_details"] == {
        "type": "cancelled",
        "reason": "client_cancelled",
    }


def test_cancelling_stops_the_reply_in_progress(client: Client) -> None:
    client.play(*SPOKEN[:3], ["sleep", 30], SPOKEN[3])
    response_id = client.until("response.created")[-1]["response"]["id"]
    client.until("response.output_audio.delta")
    client.send("response.cancel", response_id=response_id)
    response = client.until("response.done")[-1]["response"]
    assert response["status"] == "cancelled"
    assert response["status_details"]["reason"] == "client_cancelled"
    assert response["output"][0]["status"] == "incomplete"
    client.send("response.cancel")
    assert client.error()["code"] == "response_cancel_not_active"
    client.play(*SPOKEN)
    assert client.until("response.done")[-1]["response"]["status"] == "completed"


def test_a_failed_reply_says_why(client: Client) -> None:
    client.play(
        [
            "ReplyDone",
            {"turn_id": "TURN", "status": "failed", "text": ""}
            | {"code": "language_model_unavailable", "message": "The model does not answer."},
        ],
    )
    response = client.until("response.done")[-1]["response"]
    assert response["status"] == "failed"
    assert response["output"] == []
    assert response["status_details"]["error"]["code"] == "language_model_unavailable"


def test_a_second_response_waits_for_the_first(client: Client) -> None:
    client.play(*SPOKEN[:3], ["sleep", 1.0], SPOKEN[3])
    client.until("response.created")
    client.send("response.create", event_id="mine")
    error = client.error()
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "mine"
    assert client.until("response.done")[-1]["response"]["status"] == "completed"


def test_an_interrupted_reply_is_cut_off_and_truncated(web: Web, client: Client) -> None:
    speech = {"item_id": "item_u", "start_ms": 1200, "interrupted": "TURN"}
    cancelled = {"turn_id": "TURN", "status": "cancelled", "text": "Hel", "reason": "turn_detected"}
    client.play(
        *SPOKEN[:3], ["sleep", 0.3], ["UserSpeechStarted", speech], ["ReplyDone", cancelled]
    )
    events = client.until("response.done")
    kinds = [event["type"] for event in events]
    assert kinds.index("input_audio_buffer.speech_started") > kinds.index(
        "response.output_audio.delta"
    )
    response = events[-1]["response"]
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    item_id = response["output"][0]["id"]
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=320)
    truncated = client.until("conversation.item.truncated")[-1]
    assert (truncated["item_id"], truncated["audio_end_ms"]) == (item_id, 320)
    assert web.sessions()[-1]["calls"][-1][0] == "truncate"
    client.send("conversation.item.retrieve", item_id=item_id)
    item = client.until("conversation.item.retrieved")[-1]["item"]
    assert item["content"][0]["transcript"] == "he"


def test_a_finished_reply_that_is_interrupted_before_its_sound_was_sent_ends_as_cancelled(
    client: Client,
) -> None:
    minute = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 60_000}]
    speech = {"item_id": "item_u", "start_ms": 9, "interrupted": "TURN"}
    client.play(SPOKEN[0], minute, SPOKEN[3], ["sleep", 0.5], ["UserSpeechStarted", speech])
    events = client.until("response.done")
    assert sum(event["type"] == "response.output_audio.delta" for event in events) < 120
    assert events[-1]["response"]["status_details"]["reason"] == "turn_detected"


def test_the_next_reply_comes_after_the_sound_of_the_one_before(client: Client) -> None:
    long = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 21_000}]
    client.play(SPOKEN[0], long, SPOKEN[3])
    client.until("response.output_audio.delta")
    client.play(*SPOKEN)
    kinds = [
        event["type"]
        for event in client.until("response.done", 10) + client.until("response.done", 10)
        if event["type"] in ("response.created", "response.done")
    ]
    assert kinds == ["response.done", "response.created", "response.done"]


def test_extensions_are_sent_to_clients_that_ask_for_them_only(web: Web) -> None:
    script = (
        *SPOKEN[:3],
        ["Caption", {"item_id": "item_u", "text": "what is"}],
        ["ReplyHeld", {"turn_id": "TURN"}],
        ["ReplyReleased", {"turn_id": "TURN"}],
        ["TurnTimings", {"turn_id": "TURN", "stages": {"first_sound": 412.0}}],
        ["TurnNamed", {"turn_id": "TURN", "item_id": "item_u"}],
        SPOKEN[3],
    )
    with talk(web, "?extensions=captions,hold,timings") as client:
        client.play(*script)
        ours = [event for event in client.until("response.done") if event["type"][:2] == "x."]
        assert [event["type"] for event in ours] == [
            "x.caption",
            "x.playback.hold",
            "x.playback.resume",
            "x.turn.timings",
        ]
        assert ours[3]["stages"] == {"first_sound": 412.0}
        assert web.sessions()[-1]["settings"]["can_hold"] is True
        client.send(
            "x.playback.position", item_id=ours[1]["item_id"], audio_ms=250, is_playing=True
        )
        client.send("input_audio_buffer.clear")
        client.until("input_audio_buffer.cleared")
        turn_id = ours[1]["item_id"].removeprefix("item_")
        assert ["played", turn_id, 250, True] in web.sessions()[-1]["calls"]
    with talk(web) as client:
        client.play(*script)
        assert not [e for e in client.until("response.done") if e["type"].startswith("x.")]


def test_a_client_can_be_told_the_turns_that_questions_and_replies_belong_to(web: Web) -> None:
    with talk(web, "?extensions=turns") as client:
        script = json.dumps([["TurnNamed", {"turn_id": "TURN", "item_id": "item_u"}], *SPOKEN])
        content = [{"type": "input_text", "text": script}]
        item = {"id": "item_mine", "type": "message", "role": "user", "content": content}
        client.send("conversation.item.create", item=item)
        client.until("conversation.item.done")
        client.send("response.create")
        created, named, *events = client.until("response.done")
        assert named["type"] == "x.turn"
        assert named["response_id"] == created["response"]["id"]
        assert named["item_id"] == "item_mine"
        (told,) = [event for event in events if event["type"] == "x.turn"]
        assert (told["turn_id"], told["item_id"]) == (named["turn_id"], "item_u")
        assert "response_id" not in told
        client.send("response.create")
        _, named, *_ = client.until("response.done")
        assert (named["type"], named["item_id"]) == ("x.turn", None), "nobody asked"


def test_a_client_can_be_told_which_words_the_sound_that_comes_next_speaks(web: Web) -> None:
    def piece(index: int, text: str, silence_ms: int) -> list[Any]:
        fields = {"index": index, "text": text, "silence_ms": silence_ms, "audio_id": f"a.{index}"}
        return ["ReplyAudio", {"turn_id": "TURN", **fields}]

    # Piece 1 could not be spoken.
    script = SPOKEN[0], piece(0, "Hello", 300), piece(2, "there.", 450), SPOKEN[3]
    with talk(web, "?extensions=pieces") as client:
        client.play(*script)
        events = client.until("response.done")
        kinds = [event["type"] for event in events]
        pieces = [event for event in events if event["type"] == "x.speech.piece"]
        assert kinds.index("x.speech.piece") < kinds.index("response.output_audio.delta")
        assert [(p["index"], p["text"], p["audio_id"]) for p in pieces] == [
            (0, "Hello", "a.0"),
            (2, "there.", "a.2"),
        ]
        assert [(p["audio_start_ms"], p["duration_ms"]) for p in pieces] == [(0, 300), (300, 450)]
        assert {p["item_id"] for p in pieces} == {events[-1]["response"]["output"][0]["id"]}
        client.play(*script, output_modalities=["text"])
        assert "x.speech.piece" not in [e["type"] for e in client.until("response.done")]


def test_a_reply_that_is_taken_up_again_counts_its_sound_from_the_start() -> None:
    class Taker(list[dict[str, Any]]):
        def is_ready(self) -> bool:
            return True

        def send(self, text: str) -> None:
            self.append(json.loads(text))

    outbox, sent = Outbox(is_kept=False), Taker()
    outbox.attach(sent)
    replies = Replies(outbox, Items(), SessionConfig, "c", frozenset({"pieces", "turns"}))
    for _ in ("as it was", "what is left of it after a false alarm"):
        replies.tell(ReplyStarted(turn_id="t", item_id="u"))
        for index in (0, 1):
            replies.tell(ReplyAudio(turn_id="t", index=index, text="…", pcm16=bytes(48 * 250)))
        replies.tell(ReplyDone(turn_id="t", status="cancelled", text="", reason="turn_detected"))
    pieces = [event for event in sent if event["type"] == "x.speech.piece"]
    assert [(p["item_id"], p["index"], p["audio_start_ms"]) for p in pieces] == [
        ("item_t", 0, 0),
        ("item_t", 1, 250),
        ("item_t_2", 0, 0),
        ("item_t_2", 1, 250),
    ]
    turns = [(e["response_id"], e["turn_id"], e["item_id"]) for e in sent if e["type"] == "x.turn"]
    assert turns == [("resp_t", "t", "u"), ("resp_t_2", "t", "u")]
