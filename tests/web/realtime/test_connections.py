"""Who may connect, what ends a connection, and what a dropped one finds again."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.web.client import openai_error
from tests.web.realtime.conftest import Client, Web, is_alive, run_web, talk
from tests.web.realtime.test_responses import SPOKEN
from tests.web.scripted_realtime import wait_until


def refusal(web: Web, query: str = "", **options: object) -> httpx.Response:
    """Return the HTTP answer that refuses the connection."""
    with pytest.raises(InvalidStatus) as refused, connect(web.socket_url + query, **options):
        pass
    answer = refused.value.response
    return httpx.Response(
        answer.status_code, headers=list(answer.headers.raw_items()), content=bytes(answer.body)
    )


def test_a_page_of_another_server_is_refused(web: Web) -> None:
    openai_error(refusal(web, origin="https://elsewhere.example"), 403, "origin_refused")
    openai_error(refusal(web, origin="null"), 403, "origin_refused")
    openai_error(refusal(web, origin="http://["), 403, "origin_refused")
    with talk(web, origin=web.url) as client:
        assert is_alive(client)


def test_what_openais_browser_clients_send_beside_is_taken(web: Web) -> None:
    with talk(
        web,
        "?model=gpt-realtime",
        subprotocols=["realtime", "openai-insecure-api-key.sk-secret"],
        additional_headers={"Authorization": "Bearer sk-secret"},
    ) as client:
        assert client.connection.subprotocol == "realtime"
        client.send("session.update", session={"type": "realtime"})
        assert client.until("session.updated")[-1]["session"]["model"] == "gpt-realtime"


@pytest.mark.parametrize(
    ("query", "param"),
    [("?conversation_id=no+good", "conversation_id"), ("?manner=rude", "manner")],
)
def test_a_wrong_address_is_refused_before_the_handshake(web: Web, query: str, param: str) -> None:
    openai_error(refusal(web, query), 400, "request_invalid", param)


def test_a_plain_request_is_told_that_it_is_none_of_a_websocket(web: Web) -> None:
    openai_error(httpx.get(f"{web.url}/v1/realtime"), 400, "request_invalid")
    halfway = {"Connection": "Upgrade", "Upgrade": "websocket"}
    openai_error(httpx.get(f"{web.url}/v1/realtime", headers=halfway), 400, "request_invalid")
    wrong = halfway | {
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "realtime, é".encode(),
    }
    openai_error(httpx.get(f"{web.url}/v1/realtime", headers=wrong), 400, "request_invalid")


def test_somebody_elses_conversation_is_refused(web: Web) -> None:
    with httpx.Client(base_url=web.url) as browser:
        browser.get("/")
        cookie = f"guest={browser.cookies['guest']}"
    with talk(
        web, "?extensions=captions&conversation_id=mine", additional_headers={"Cookie": cookie}
    ):
        openai_error(refusal(web, "?conversation_id=mine"), 404, "conversation_unknown")


def test_the_conversation_is_named_for_clients_with_extensions_only(web: Web) -> None:
    for query, has_it in (("", False), ("?extensions=captions", True)):
        with connect(web.socket_url + query) as connection:
            assert ("conversation_id" in json.loads(connection.recv())["session"]) is has_it


def test_a_message_beyond_the_largest_size_ends_the_connection(client: Client) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        client.append(bytes(4 * 1024 * 1024))
        client.receive()
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009


def test_a_flood_of_messages_ends_the_connection(client: Client) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        for _ in range(8_000):
            client.connection.send("{}")
        while True:
            client.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert "messages" in closed.value.rcvd.reason


class DeafClient:
    """Speaks just enough of RFC 6455 to connect, write text, and read nothing."""

    def __init__(self, web: Web) -> None:
        address = urlsplit(web.url)
        self.socket = socket.socket()
        # Small, so that the server notices soon that nobody reads.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.socket.connect((address.hostname, address.port))
        self.socket.sendall(
            b"GET /v1/realtime HTTP/1.1\r\nHost: " + address.netloc.encode() + b"\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert self.socket.recv(12) == b"HTTP/1.1 101"

    def send(self, **event: object) -> None:
        data = json.dumps(event).encode()
        length = bytes([0xFE]) + len(data).to_bytes(2, "big") if len(data) > 125 else None
        self.socket.sendall(
            b"\x81" + (length or bytes([0x80 | len(data)])) + bytes(4) + data  # A mask of zeros.
        )


def test_a_client_that_does_not_read_is_left_and_told_why(web: Web) -> None:
    deaf = DeafClient(web)
    minute = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 60_000}]
    text = {"type": "message", "role": "user"}
    script = json.dumps([SPOKEN[0], minute, ["sleep", 60]])
    deaf.send(
        type="conversation.item.create",
        item=text | {"content": [{"type": "input_text", "text": script}]},
    )
    deaf.send(type="response.create")
    before = time.monotonic()
    while ["close"] not in web.sessions()[-1]["calls"]:
        assert time.monotonic() - before < 25, "it was not left"
        time.sleep(0.2)
    print(f"left after {time.monotonic() - before:.1f} s")
    received = bytearray()
    # TCP asks a closed window ever more seldom whether it is open again.
    deaf.socket.settimeout(30)
    with contextlib.suppress(ConnectionError):
        while data := deaf.socket.recv(65536):
            received += data
    assert received.endswith(b"You do not read what is sent to you.")
    close_frame = received[-len(b"You do not read what is sent to you.") - 4 :]
    assert (close_frame[0], int.from_bytes(close_frame[2:4], "big")) == (0x88, 1013)
    deaf.socket.close()


RESUME = "?extensions=resume"


@contextlib.contextmanager
def begin(web: Web) -> Iterator[tuple[Client, str]]:
    with connect(web.socket_url + RESUME) as connection:
        client = Client(connection)
        yield client, client.until("x.session.resumable")[-1]["token"]


def vanish(client: Client) -> None:
    """End the connection without a word, as a phone that leaves its network."""
    client.connection.socket.shutdown(socket.SHUT_RDWR)


def test_a_dropped_session_goes_on_and_repeats_nothing(web: Web) -> None:
    first = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "One.", "silence_ms": 600}]
    second = ["ReplyAudio", {"turn_id": "TURN", "index": 1, "text": "Two.", "silence_ms": 400}]
    with begin(web) as (client, token):
        client.play(SPOKEN[0], first, ["sleep", 1.0], second, SPOKEN[3])
        last = client.until("response.output_audio.delta")[-1]["event_id"]
        vanish(client)
    time.sleep(1.5)
    with connect(f"{web.socket_url}{RESUME}&resume={token}&last_event_id={last}") as connection:
        again = Client(connection)
        resumed = again.receive()
        assert resumed["type"] == "x.session.resumed"
        events = again.until("response.done")
        numbers = [int(event["event_id"].removeprefix("event_")) for event in events]
        after = int(last.removeprefix("event_"))
        assert numbers == list(range(after + 1, after + 1 + len(numbers)))
        assert resumed["replayed"] <= len(numbers)
        # 1 s in all, of which the first 200 ms had come before.
        assert sum(event["type"] == "response.output_audio.delta" for event in events) == 4
        assert is_alive(again)
        assert ["close"] not in web.sessions()[-1]["calls"]


def test_a_resumed_session_leaves_a_connection_that_is_only_half_dead(web: Web) -> None:
    with (
        begin(web) as (client, token),
        connect(f"{web.socket_url}{RESUME}&resume={token}&last_event_id=event_000001") as newer,
    ):
        again = Client(newer)
        assert again.receive()["replayed"] == 1
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert is_alive(again)


@pytest.mark.parametrize("wait_s", [0.0, 4.0])
def test_a_session_that_is_no_longer_kept_begins_anew(web: Web, wait_s: float) -> None:
    token = "unknown"
    if wait_s:
        with begin(web) as (client, token):
            vanish(client)
        time.sleep(wait_s)  # LIVE_RESUME_S is 3.
        assert ["close"] in web.sessions()[-1]["calls"]
    with connect(f"{web.socket_url}{RESUME}&resume={token}&last_event_id=event_000001") as newer:
        again = Client(newer)
        assert again.receive()["error"]["code"] == "session_expired"
        assert again.receive()["type"] == "session.created"
        assert again.receive()["token"] != token


def test_a_session_is_not_resumed_by_another_user(web: Web) -> None:
    with begin(web) as (client, token):
        with httpx.Client(base_url=web.url) as browser:
            browser.get("/")
            cookie = f"guest={browser.cookies['guest']}"
        address = f"{web.socket_url}{RESUME}&resume={token}&last_event_id=event_000001"
        with connect(address, additional_headers={"Cookie": cookie}) as newer:
            assert Client(newer).receive()["error"]["code"] == "session_expired"
        assert is_alive(client)


def test_a_client_that_says_goodbye_is_not_waited_for(web: Web) -> None:
    with begin(web):
        pass
    wait_until(lambda: ["close"] in web.sessions()[-1]["calls"], "the session's end", 5.0)


def test_without_the_extension_a_drop_ends_the_session(web: Web) -> None:
    with talk(web) as client:
        vanish(client)
    wait_until(lambda: ["close"] in web.sessions()[-1]["calls"], "the session's end", 5.0)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Web]:
    with run_web(tmp_path, LIVE_SESSIONS="2", LIVE_RESUME_S="30") as web:
        yield web


def test_no_more_sessions_are_taken_than_may_be(small: Web) -> None:
    with talk(small), talk(small):
        openai_error(refusal(small), 503, "sessions_full")
    # One that may be resumed makes way for one that is there.
    for _ in range(4):
        with begin(small) as (client, _):
            vanish(client)
        time.sleep(0.3)
    with talk(small), talk(small) as client:
        assert is_alive(client)


def test_two_hundred_idle_conversations_leave_room_for_one_that_is_not(tmp_path: Path) -> None:
    with run_web(tmp_path) as web, contextlib.ExitStack() as open_sockets:
        idle = []
        with talk(web) as client:
            assert is_alive(client)
        before = memory_mb(web)
        for _ in range(200):
            idle.append(open_sockets.enter_context(DeafClient(web).socket))
        deadline = time.monotonic() + 10
        while len(web.sessions()) < 201:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with talk(web) as client:
            began = time.monotonic()
            client.play(*SPOKEN)
            client.until("response.output_audio.delta")
            first_sound_s = time.monotonic() - began
            client.until("response.done")
        threads = httpx.get(f"{web.url}/test/threads").json()
        grown = memory_mb(web) - before
        print(
            f"200 idle sessions: {threads} threads, {grown:.0f} MB more than {before:.0f} MB; "
            f"the next one's first sound after {first_sound_s * 1000:.0f} ms"
        )
        assert threads < 40
        assert grown < 100
        assert first_sound_s < 1.0
        began = time.monotonic()
        web.process.terminate()
        for connection in idle:
            connection.settimeout(5)
            assert read_to_end(connection).count((1001).to_bytes(2, "big") + b"The server is") == 1
        web.process.wait(10)
        print(f"200 connections were told, and the server had ended, {seconds_since(began)}")
        assert time.monotonic() - began < 5


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def seconds_since(began: float) -> str:
    return f"after {time.monotonic() - began:.1f} s"


def memory_mb(web: Web) -> float:
    """Return the resident memory of the gunicorn worker."""
    children = Path(f"/proc/{web.process.pid}/task/{web.process.pid}/children")
    worker = children.read_text().split()[0]
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_every_client_is_told_when_the_server_ends(small: Web) -> None:
    with talk(small) as quiet, talk(small) as speaking:
        speaking.play(*SPOKEN[:3], ["sleep", 30], SPOKEN[3])
        speaking.until("response.output_audio.delta")
        began = time.monotonic()
        small.process.terminate()
        for client in (quiet, speaking):
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    client.receive()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
        small.process.wait(10)
        print(f"ended after {time.monotonic() - began:.1f} s")
        assert time.monotonic() - began < 5
