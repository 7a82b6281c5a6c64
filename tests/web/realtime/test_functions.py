"""Functions that the client runs: offered, called, and what they returned."""

import functools
from typing import Any

import pytest

from tests.web.realtime.conftest import Client, Web, is_alive

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CLOCK = {"type": "function", "name": "get_time"}
DEEP: dict[str, Any] = functools.reduce(lambda inner, _: {"items": inner}, range(150), {})
CALLS = [
    {"id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}'},
    {"id": "call_2", "name": "get_time", "arguments": "{}"},
]
DONE = {"turn_id": "TURN", "status": "completed", "text": ""}


def update(client: Client, **session: Any) -> dict[str, Any]:
    client.send("session.update", session={"type": "realtime", **session})
    told: dict[str, Any] = client.until("session.updated")[-1]["session"]
    return told


def test_functions_of_the_session_are_told_back_and_reach_it(web: Web, client: Client) -> None:
    told = update(client, tools=[WEATHER, CLOCK], tool_choice="required")
    assert [tool["name"] for tool in told["tools"]] == ["get_weather", "get_time"]
    assert told["tools"][0] == WEATHER
    assert told["tool_choice"] == "required"
    settings = web.sessions()[-1]["settings"]
    assert settings["functions"][0]["parameters"] == WEATHER["parameters"]
    assert settings["tool_choice"] == "required"
    choice = {"type": "function", "name": "get_time"}
    assert update(client, tool_choice=choice)["tool_choice"] == choice
    assert web.sessions()[-1]["settings"]["tool_choice"] == "get_time"
    # The one that was chosen goes with the others.
    assert update(client, tools=[WEATHER])["tool_choice"] == "auto"


def test_functions_of_one_response_hold_for_it_alone(web: Web, client: Client) -> None:
    update(client, tools=[WEATHER])
    client.play(["ReplyDone", DONE], tools=[CLOCK], tool_choice="required")
    client.until("response.done")
    session = web.sessions()[-1]
    (replied,) = session["replied_with"]
    assert [tool["name"] for tool in replied["functions"]] == ["get_time"]
    assert replied["tool_choice"] == "required"
    assert [tool["name"] for tool in session["settings"]["functions"]] == ["get_weather"]


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools.0.name"),
        ({"tools": [CLOCK | {"name": "a b"}]}, "invalid_value", "session.tools.0.name"),
        ({"tools": [CLOCK | {"name": "none"}]}, "invalid_value", "session.tools.0.name"),
        ({"tools": [CLOCK, CLOCK]}, "invalid_value", "session.tools"),
        ({"tools": [{"type": "web_search"}]}, "unsupported_tool", "session.tools.0"),
        ({"tools": [CLOCK | {"parameters": 7}]}, "invalid_value", "session.tools.0.parameters"),
        ({"tools": [CLOCK | {"parameters": DEEP}]}, "invalid_value", "session.tools.0.parameters"),
        ({"tool_choice": "sometimes"}, "invalid_value", "session.tool_choice"),
        (
            {"tool_choice": {"type": "function", "name": "fly"}},
            "invalid_value",
            "session.tool_choice",
        ),
    ],
)
def test_a_tool_that_cannot_be_is_refused(
    client: Client, session: dict[str, Any], code: str, param: str
) -> None:
    client.send("session.update", session={"type": "realtime", **session})
    error = client.error()
    assert (error["code"], error["param"][: len(param)]) == (code, param)
    assert update(client)["tools"] == []


def test_calls_come_after_what_was_said_each_as_an_item(client: Client) -> None:
    client.play(
        ["ReplyText", {"turn_id": "TURN", "text": "One moment."}],
        ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 300}],
        ["ReplyDone", DONE | {"text": "One moment.", "calls": CALLS}],
    )
    events = client.until("response.done")
    kinds = [event["type"] for event in events]
    call = [
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
    ]
    assert kinds[kinds.index("response.output_item.done") + 1 :] == [*call, *call, "response.done"]
    done = [e for e in events if e["type"] == "response.function_call_arguments.done"]
    assert [(e["call_id"], e["name"], e["output_index"]) for e in done] == [
        ("call_1", "get_weather", 1),
        ("call_2", "get_time", 2),
    ]
    said, first, second = events[-1]["response"]["output"]
    assert said["content"][0]["transcript"] == "One moment."
    assert (first["type"], first["arguments"]) == ("function_call", '{"city": "Oslo"}')
    assert first["id"] == done[0]["item_id"]
    client.send("conversation.item.retrieve", item_id=second["id"])
    assert client.until("conversation.item.retrieved")[-1]["item"] == second
    added = [e for e in events if e["type"] == "conversation.item.added"]
    assert added[2]["previous_item_id"] == first["id"]


def test_a_reply_of_calls_alone_has_no_message(client: Client) -> None:
    client.play(["ReplyDone", DONE | {"calls": CALLS[:1]}])
    events = client.until("response.done")
    (item,) = events[-1]["response"]["output"]
    assert (item["type"], item["status"]) == ("function_call", "completed")
    assert not [event for event in events if "content_part" in event["type"]]


def test_results_are_given_to_the_session_and_kept_as_items(web: Web, client: Client) -> None:
    output = {"type": "function_call_output", "call_id": "call_1", "output": "4 degrees"}
    client.send("conversation.item.create", item=output | {"id": "item_out"})
    told = client.until("conversation.item.done")[-1]["item"]
    assert (told["id"], told["output"], told["status"]) == ("item_out", "4 degrees", "completed")
    client.send("conversation.item.create", item=output | {"call_id": "unknown"})
    error = client.error()
    assert (error["code"], error["type"]) == ("invalid_tool_call_id", "invalid_request_error")
    client.send("conversation.item.delete", item_id="item_out")
    client.until("conversation.item.deleted")
    client.send("conversation.item.create", item={"type": "function_call_output"})
    assert client.error()["param"] == "item.call_id"
    calls = web.sessions()[-1]["calls"]
    assert calls == [["give_result", "call_1", "4 degrees"], ["forget_result", "call_1"]]


def test_calls_can_be_brought_as_history_and_deleted(web: Web, client: Client) -> None:
    call = {"type": "function_call", "name": "get_time", "arguments": "{}"}
    client.send("conversation.item.create", item=call | {"call_id": "call_7"})
    item = client.until("conversation.item.done")[-1]["item"]
    assert (item["call_id"], item["arguments"]) == ("call_7", "{}")
    client.send("conversation.item.create", item=call)
    assert client.until("conversation.item.done")[-1]["item"]["call_id"].startswith("call_")
    client.send("conversation.item.delete", item_id=item["id"])
    client.until("conversation.item.deleted")
    calls = web.sessions()[-1]["calls"]
    assert [call[0] for call in calls] == ["bring_call", "bring_call", "forget_call"]
    client.send("conversation.item.truncate", item_id="item_x", content_index=0, audio_end_ms=0)
    assert client.error()["code"] == "item_truncate_invalid_item_id"
    assert is_alive(client)
