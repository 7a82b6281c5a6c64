"""MCP servers that a client names: listed, offered, called on our side, and asked leave for."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.web.realtime.conftest import Client, Web, is_alive, talk

SERVER = {"type": "mcp", "server_label": "post", "server_url": "http://allowed.invalid/mcp"}
FREE = SERVER | {"require_approval": "never"}
DONE = {"turn_id": "TURN", "status": "completed", "text": ""}


def done(*names: str, arguments: str = '{"number": 7}') -> list[Any]:
    calls = [{"id": f"call_{name}", "name": name, "arguments": arguments} for name in names]
    return ["ReplyDone", DONE | {"calls": calls}]


def use(client: Client, *tools: dict[str, Any], until: str = "completed") -> list[dict[str, Any]]:
    client.send("session.update", session={"type": "realtime", "tools": list(tools)})
    return client.until(f"mcp_list_tools.{until}")


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_a_servers_tools_are_listed_and_offered(web: Web, client: Client) -> None:
    secret = {"authorization": "token", "headers": {"X-Key": "key"}}
    events = use(client, SERVER | secret | {"allowed_tools": ["find"]})
    assert kinds(events) == [
        "session.updated",
        "conversation.item.added",
        "mcp_list_tools.in_progress",
        "conversation.item.done",
        "mcp_list_tools.completed",
    ]
    (told,) = events[0]["session"]["tools"]
    assert told["server_label"] == "post" and not {"authorization", "headers"} & told.keys()
    item = events[3]["item"]
    assert [tool["name"] for tool in item["tools"]] == ["find", "send"]
    assert {event.get("item_id", item["id"]) for event in events[2:]} == {item["id"]}
    session = web.sessions()[-1]
    assert [f["name"] for f in session["settings"]["functions"]] == ["post_find"]
    headers = {"X-Key": "key", "Authorization": "Bearer token"}
    assert session["calls"] == [["mcp_server", "post", SERVER["server_url"], headers]]
    # It is listed once.
    client.send("session.update", session={"type": "realtime", "instructions": "Be brief."})
    client.until("session.updated")
    client.send("session.update", session={"type": "realtime", "tools": []})
    assert kinds(client.until("session.updated")) == ["session.updated"]
    assert web.sessions()[-1]["settings"]["functions"] == []


def test_a_server_that_does_not_answer_fails_and_the_session_lives_on(client: Client) -> None:
    broken = SERVER | {"server_url": "http://allowed.invalid/broken"}
    events = use(client, broken, until="failed")
    assert events[-1]["item_id"] == events[1]["item"]["id"]
    error = client.error()
    assert (error["type"], error["code"]) == ("server_error", "mcp_server_failed")
    client.play(["ReplyDone", DONE])
    assert client.until("response.done")[-1]["response"]["status"] == "completed"


def test_a_server_that_failed_is_asked_again_by_who_names_it_again(client: Client) -> None:
    broken = SERVER | {"server_url": "http://allowed.invalid/broken"}
    use(client, broken, until="failed")
    client.send("session.update", session={"type": "realtime", "instructions": "Be brief."})
    client.until("session.updated")
    assert is_alive(client), "and nothing is asked meanwhile"
    assert kinds(use(client, broken, until="failed"))[-2:] == [
        "mcp_list_tools.in_progress",
        "mcp_list_tools.failed",
    ]


HEADERS = "session.tools.0.headers"


@pytest.mark.parametrize(
    ("tool", "code", "param"),
    [
        (SERVER | {"server_url": "http://other.invalid"}, "mcp_server_not_allowed", None),
        (SERVER | {"server_url": "file:///etc"}, "invalid_value", "session.tools.0.server_url"),
        (SERVER | {"connector_id": "gmail"}, "unsupported_parameter", "session.tools.0"),
        (SERVER | {"require_approval": "maybe"}, "invalid_value", "session.tools.0.require"),
        (SERVER | {"headers": {"Host": "inner"}}, "unsupported_parameter", f"{HEADERS}.Host"),
        (
            SERVER | {"headers": {"X-Key": "k", "x_original-URL": "/"}},
            "unsupported_parameter",
            f"{HEADERS}.x_original-URL",
        ),
        (
            SERVER | {"headers": {"Content-Length": "0"}},
            "unsupported_parameter",
            f"{HEADERS}.Content-Length",
        ),
        (SERVER | {"headers": {"a b": "k"}}, "unsupported_parameter", f"{HEADERS}.a b"),
        ({"type": "mcp"}, "missing_required_parameter", "session.tools.0.server_label"),
    ],
)
def test_a_server_that_cannot_be_named_is_refused(
    client: Client, tool: dict[str, Any], code: str, param: str | None
) -> None:
    client.send("session.update", session={"type": "realtime", "tools": [tool]})
    error = client.error()
    assert error["code"] == code
    assert error["param"] == param or error["param"].startswith(param)
    client.send("session.update", session={"type": "realtime"})
    assert client.until("session.updated")[-1]["session"]["tools"] == []


def test_a_call_runs_on_our_side_and_the_reply_goes_on(web: Web, client: Client) -> None:
    use(client, FREE)
    client.play(done("post_find"))
    events = client.until("response.done")
    (item,) = events[-1]["response"]["output"]
    assert (item["type"], item["name"], item["output"]) == ("mcp_call", "find", None)
    assert kinds(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress",
        "response.done",
    ]
    events = client.until("response.output_item.done")
    assert kinds(events) == [
        "response.mcp_call.completed",
        "conversation.item.done",
        "response.output_item.done",
    ]
    assert events[-1]["item"] == item | {"output": "In Hamburg."}
    # What the scripted session says by itself.
    reply = client.until("response.done")[-1]["response"]
    assert reply["output"][0]["content"][0]["transcript"] == "Hello!"
    session = web.sessions()[-1]
    assert session["calls"][1:] == [
        ["call_mcp_tool", "find", {"number": 7}],
        ["give_result", "call_post_find", "In Hamburg."],
    ]
    assert len(session["replied_with"]) == 2


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ('{"number": -1}', "tool_execution_error"),
        ('{"number": 0}', "protocol_error"),
        ("[]", "protocol_error"),
        ("{", "protocol_error"),
    ],
)
def test_a_call_that_fails_is_told_to_the_model_and_the_client(
    web: Web, client: Client, arguments: str, kind: str
) -> None:
    use(client, FREE)
    client.play(done("post_find", arguments=arguments))
    client.until("response.mcp_call.failed")
    item = client.until("response.output_item.done")[-1]["item"]
    assert (item["error"]["type"], item["output"]) == (kind, None)
    client.until("response.done")
    given = [call for call in web.sessions()[-1]["calls"] if call[0] == "give_result"]
    assert given[0][2].startswith("Error: ")


@pytest.mark.parametrize(
    "approval", [{}, {"require_approval": {"never": {"tool_names": ["find"]}}}]
)
def test_a_call_waits_for_leave_where_that_is_needed(
    web: Web, client: Client, approval: dict[str, Any]
) -> None:
    use(client, SERVER | approval)
    client.play(done("post_send"))
    events = client.until("response.done")
    (request,) = events[-1]["response"]["output"]
    assert (request["type"], request["name"]) == ("mcp_approval_request", "send")
    answer = {"type": "mcp_approval_response", "approval_request_id": request["id"]}
    client.send("conversation.item.create", item=answer | {"approve": True})
    events = client.until("response.mcp_call.completed")
    assert kinds(events) == [
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.added",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
    ]
    item = client.until("conversation.item.done")[-1]["item"]
    assert (item["approval_request_id"], item["output"]) == (request["id"], "In Hamburg.")
    client.until("response.done")
    client.send("conversation.item.create", item=answer | {"approve": True})
    assert client.error()["param"] == "item.approval_request_id"
    client.send("conversation.item.create", item=answer)
    assert client.error()["param"] == "item.approve"


def test_a_call_that_is_not_approved_is_not_made(web: Web, client: Client) -> None:
    use(client, SERVER)
    client.play(done("post_send"))
    (request,) = client.until("response.done")[-1]["response"]["output"]
    answer = {"type": "mcp_approval_response", "approval_request_id": request["id"]}
    client.send("conversation.item.create", item=answer | {"approve": False, "reason": "Too dear."})
    client.until("response.done")
    result = "The user did not allow this call. Too dear."
    assert web.sessions()[-1]["calls"][1:] == [["give_result", "call_post_send", result]]


def test_a_client_that_runs_some_of_the_calls_asks_for_the_reply_itself(
    web: Web, client: Client
) -> None:
    use(client, FREE, {"type": "function", "name": "light"})
    client.play(done("light", "post_find"))
    client.until("response.mcp_call.completed")
    client.until("response.output_item.done")
    time.sleep(0.2)
    assert len(web.sessions()[-1]["replied_with"]) == 1


def test_the_model_may_call_only_so_often_by_itself(web: Web, client: Client) -> None:
    use(client, FREE)
    # Each reply that comes by itself takes the next script.
    for _ in range(9):
        client.send(
            "conversation.item.create",
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": f"[{json.dumps(done('post_find'))}]"}],
            },
        )
    client.send("response.create")
    for _ in range(10):
        client.until("response.done")
    choices = [settings["tool_choice"] for settings in web.sessions()[-1]["replied_with"]]
    assert choices == [*8 * ["auto"], "none", "none"]


def test_a_response_apart_is_not_offered_them(web: Web, client: Client) -> None:
    use(client, FREE)
    client.send("response.create", response={"conversation": "none", "input": []})
    client.until("response.done")
    assert web.sessions()[-1]["replied_with"][-1]["functions"] == []


def test_what_is_chosen_and_not_there_is_none_of_the_functions(web: Web, client: Client) -> None:
    broken = SERVER | {"server_url": "http://allowed.invalid/broken"}
    light = {"type": "function", "name": "light"}
    choice = {"type": "mcp", "server_label": "post", "name": "find"}
    session = {"type": "realtime", "tools": [light, broken], "tool_choice": choice}
    made = httpx.post(f"{web.url}/v1/realtime/client_secrets", json={"session": session}).json()
    with talk(web, additional_headers={"Authorization": f"Bearer {made['value']}"}) as other:
        assert is_alive(other)
        assert web.sessions()[-1]["settings"]["tool_choice"] == "required"
        other.send("response.create", response={"conversation": "none", "input": []})
        other.until("response.done")
        assert web.sessions()[-1]["replied_with"][-1]["tool_choice"] == "required"


def test_only_so_many_servers_are_asked_at_once(web: Web, client: Client) -> None:
    many = [SERVER | {"server_label": f"post{number}"} for number in range(17)]
    client.send("session.update", session={"type": "realtime", "tools": many})
    error = client.error()
    assert (error["code"], error["param"]) == ("rate_limit_exceeded", "session.tools")
    assert kinds(use(client, *many[:16]))[0] == "session.updated"
    settings = {"session": {"type": "realtime", "tools": many}}
    secret = httpx.post(f"{web.url}/v1/realtime/client_secrets", json=settings).json()["value"]
    with talk(web, additional_headers={"Authorization": f"Bearer {secret}"}) as other:
        assert other.error()["code"] == "rate_limit_exceeded"
        assert is_alive(other)
