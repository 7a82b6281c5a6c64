"""Replies whose sound still waits when the client, or the user, wants no more of them."""

import json
import time
from typing import Any

from assistant.messages import FunctionCall
from tests.web.realtime.conftest import Client
from tests.web.realtime.test_responses import SPOKEN
from web.realtime.items import Items
from web.realtime.outbox import Outbox
from web.realtime.replies import Replies
from web.realtime.session_config import SessionConfig
from workers.live.events import ReplyAudio, ReplyDone, ReplyStarted

MINUTE = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 60_000}]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def play_a_minute(client: Client) -> str:
    """Return the item, once all of it is made and 20 s of it were sent."""
    client.play(SPOKEN[0], MINUTE, SPOKEN[3])
    event = client.until("response.output_audio.delta")[-1]
    time.sleep(0.3)
    item_id: str = event["item_id"]
    return item_id


def test_a_reply_that_is_truncated_while_its_sound_waits_ends(client: Client) -> None:
    item_id = play_a_minute(client)
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500)
    done = client.until("response.done")
    assert len(done) < 130, "no more of its sound"
    details = done[-1]["response"]["status_details"]
    assert details == {"type": "cancelled", "reason": "client_cancelled"}
    assert client.until("conversation.item.truncated")[-1]["audio_end_ms"] == 500
    client.play(*SPOKEN)
    assert client.until("response.done")[-1]["response"]["status"] == "completed"


def test_a_reply_that_is_deleted_while_its_sound_waits_is_heard_no_more(client: Client) -> None:
    item_id = play_a_minute(client)
    client.send("conversation.item.delete", item_id=item_id)
    events = client.until("conversation.item.deleted")
    (done,) = [event for event in events if event["type"] == "response.done"]
    assert done["response"]["status_details"]["reason"] == "client_cancelled"
    client.play(*SPOKEN)
    assert "response.output_audio.delta" not in kinds(client.until("response.created"))


def test_who_speaks_ends_all_sound_that_waits(client: Client) -> None:
    play_a_minute(client)
    speech = {"item_id": "item_u", "start_ms": 9, "interrupted": "TURN"}
    client.play(*SPOKEN, ["UserSpeechStarted", speech])
    events = client.until("response.done") + client.until("response.done")
    reasons = [e["response"]["status_details"] for e in events if e["type"] == "response.done"]
    assert reasons == 2 * [{"type": "cancelled", "reason": "turn_detected"}]


class Taker(list[dict[str, Any]]):
    def is_ready(self) -> bool:
        return True

    def send(self, text: str) -> None:
        self.append(json.loads(text))


def test_calls_that_waited_behind_sound_which_is_cut_off_come_with_the_rest() -> None:
    outbox, sent = Outbox(is_kept=False), Taker()
    outbox.attach(sent)
    replies = Replies(outbox, Items(), SessionConfig, "c", frozenset())
    call = FunctionCall(id="call_1", name="light", arguments="{}")
    for seconds, calls in ((60, (call,)), (1, ())):
        replies.tell(ReplyStarted(turn_id="t", item_id="u"))
        replies.tell(ReplyAudio(turn_id="t", index=0, text="…", pcm16=bytes(48_000 * seconds)))
        replies.tell(ReplyDone(turn_id="t", status="completed", text="…", calls=calls))
        if calls:
            replies.cut_off_sound()
    outputs = [e["response"]["output"] for e in sent if e["type"] == "response.done"]
    called = [[each["call_id"] for each in output[1:]] for output in outputs]
    assert called == [[], ["call_1"]]
