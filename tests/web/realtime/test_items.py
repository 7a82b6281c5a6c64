"""Items that a client brings: of every role, of text and sound, and their order."""

import base64
import json
from typing import Any

import pytest

from tests.web.realtime.conftest import Client, Web, talk

SOUND = base64.b64encode(bytes(24_000)).decode()
"""Half a second."""


def create(client: Client, item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    client.send("conversation.item.create", item=item, **fields)
    added, done = client.until("conversation.item.done")
    assert (added["item"], added["previous_item_id"]) == (done["item"], done["previous_item_id"])
    return done


def message(role: str, *content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(content), **fields}


def typed(text: str, kind: str = "input_text") -> dict[str, Any]:
    return {"type": kind, "text": text}


def test_a_system_message_is_told_to_the_model(web: Web, client: Client) -> None:
    item = create(client, message("system", typed("The user is in Oslo.")))["item"]
    assert item["role"] == "system"
    assert web.sessions()[-1]["calls"] == [["note", "The user is in Oslo."]]
    client.send("conversation.item.create", item=message("system", typed("x" * 2_000)))
    assert client.error()["param"] == "item.content"
    client.send("conversation.item.delete", item_id=item["id"])
    client.until("conversation.item.deleted")
    assert web.sessions()[-1]["calls"][-1] == ["forget", item["id"]]


@pytest.mark.parametrize("kind", ["output_text", "text"])
def test_what_the_assistant_is_said_to_have_said_is_history(
    web: Web, client: Client, kind: str
) -> None:
    item = create(client, message("assistant", typed("Good morning.", kind)))["item"]
    assert item["content"] == [{"type": "output_text", "text": "Good morning."}]
    assert web.sessions()[-1]["calls"] == [["bring_answer", "Good morning."]]
    client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=0)
    assert client.error()["code"] == "invalid_value"
    client.send("conversation.item.delete", item_id=item["id"])
    client.until("conversation.item.deleted")
    assert web.sessions()[-1]["calls"][-1] == ["forget_reply", "brought"]


def test_a_message_has_any_number_of_parts(web: Web, client: Client) -> None:
    item = create(client, message("user", typed("One."), typed("Two.")))["item"]
    assert [part["text"] for part in item["content"]] == ["One.", "Two."]
    assert web.sessions()[-1]["said"] == [["One.\nTwo.", None]]


def test_sound_in_an_item_is_heard_as_what_was_said(web: Web) -> None:
    script = [
        ["UserTranscribed", {"item_id": "item_mine", "text": "Good morning.", "language": "en"}],
        ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": ""}],
    ]
    with talk(web) as client:
        transcription = {"input": {"transcription": {"model": "whisper-1"}}}
        client.send("session.update", session={"type": "realtime", "audio": transcription})
        client.until("session.updated")
        content = [typed(json.dumps(script)), {"type": "input_audio", "audio": SOUND}]
        item = create(client, message("user", *content, id="item_mine"))["item"]
        assert item["content"][1] == {"type": "input_audio", "transcript": None}
        (said,) = web.sessions()[-1]["said"]
        # What the resampler still holds is silence.
        assert said[1] == pytest.approx(16_000, abs=700)
        client.send("response.create")
        told = {e["type"].rpartition(".")[2]: e for e in client.until("response.done")}
        assert (told["completed"]["item_id"], told["completed"]["content_index"]) == (
            "item_mine",
            1,
        )
        assert told["completed"]["usage"]["seconds"] == pytest.approx(0.5, abs=0.03)
        client.send("conversation.item.retrieve", item_id="item_mine")
        item = client.until("conversation.item.retrieved")[-1]["item"]
        assert item["content"][1]["transcript"] == "Good morning."


@pytest.mark.parametrize(
    ("item", "code", "param"),
    [
        (message("user", {"type": "input_image", "image_url": "data:"}), "unsupported_item", None),
        (message("user", typed("Hi", "output_text")), "unsupported_item", None),
        (message("system", {"type": "input_audio", "audio": SOUND}), "unsupported_item", None),
        (message("user", {"type": "input_audio", "audio": "?"}), "invalid_audio", None),
        (message("user", {"type": "input_audio", "audio": "é"}), "invalid_audio", None),
        (message("user", {"type": "input_audio", "audio": "AAAA"}), "invalid_audio", None),
        (message("user", typed("")), "invalid_value", None),
        (message("assistant"), "invalid_value", None),
        (message("robot", typed("Hi")), "invalid_value", "item.role"),
        ({"type": "message"}, "invalid_value", "item.role"),
        ({"type": "function_call"}, "missing_required_parameter", "item.name"),
        ({"type": "computer_call"}, "unsupported_item", "item.type"),
        ({"type": "item_reference", "id": "item_x"}, "unsupported_item", "item.type"),
    ],
)
def test_an_item_that_cannot_be_is_refused(
    client: Client, item: dict[str, Any], code: str, param: str | None
) -> None:
    client.send("conversation.item.create", item=item)
    error = client.error()
    assert (error["code"], param or error["param"]) == (code, error["param"])


def test_an_item_stands_where_its_client_puts_it(web: Web, client: Client) -> None:
    for name in ("a", "b"):
        create(client, message("user", typed(name), id=name))
    for name, after, before in (("c", "a", "a"), ("d", "root", None), ("e", None, "b")):
        done = create(client, message("user", typed(name), id=name), previous_item_id=after)
        assert done["previous_item_id"] == before
    assert [said[-1] for said in web.sessions()[-1]["said"]] == [None, None, "a", "root", None]
    create(client, message("system", typed("Be brief."), id="note"), previous_item_id="b")
    create(client, message("user", typed("f"), id="after_note"), previous_item_id="note")
    assert web.sessions()[-1]["said"][-1][-1] == "b", "the item of the user before it"
    client.send("conversation.item.delete", item_id="a")
    client.until("conversation.item.deleted")
    done = create(client, message("user", typed("f"), id="f"), previous_item_id="c")
    assert done["previous_item_id"] == "c"
    client.send("conversation.item.create", item=message("user", typed("g")), previous_item_id="a")
    assert client.error()["code"] == "item_not_found"
