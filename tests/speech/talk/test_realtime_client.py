"""The protocol's client alone, as the benchmark uses it."""

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from speech.talk.errors import (
    ConnectionLostError,
    DeviceError,
    ServerRefusedError,
    ServerUnavailableError,
)
from speech.talk.realtime_client import RealtimeClient
from tests.speech.talk.scripted_server import ScriptedServer
from tests.web.scripted_realtime import wait_until


class _NothingHere(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_error(404)


@pytest.fixture
def another_server() -> Iterator[str]:
    """A web server that knows nothing of live sessions."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _NothingHere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_events_carry_the_time_of_their_arrival(script: ScriptedServer) -> None:
    client = RealtimeClient(script.url)
    client.connect()
    created, resumable = client.receive(5), client.receive(5)
    assert created is not None
    assert resumable is not None
    assert (created.type, resumable.type) == ("session.created", "x.session.resumable")
    assert 0 <= time.monotonic() - created.arrived_s < 5
    assert client.receive(0.01) is None
    client.append(bytes(960))
    assert script.wait_for("input_audio_buffer.append").audio == bytes(960)
    client.close()


def test_without_extensions_the_address_asks_for_none(script: ScriptedServer) -> None:
    client = RealtimeClient(script.url, extensions=(), model="some-model")
    client.connect()
    assert client.receive(5) is not None
    client.close()
    assert script.queries == [{"model": "some-model"}]


def test_events_end_when_the_client_is_closed(script: ScriptedServer) -> None:
    client = RealtimeClient(script.url)
    client.connect()
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.extend(event.type for event in client.events()))
    reader.start()
    wait_until(lambda: len(seen) == 2, "that the session has begun")
    script.send("x.caption", item_id="words", text="hello")
    wait_until(lambda: len(seen) == 3, "the caption")
    client.close()
    reader.join(5)
    assert not reader.is_alive()
    assert seen == ["session.created", "x.session.resumable", "x.caption"]


def test_a_dropped_session_is_resumed_after_the_last_event_that_came(
    script: ScriptedServer,
) -> None:
    client = RealtimeClient(script.url)
    client.connect()
    while (event := client.receive(0.5)) is not None:
        last = event.data["event_id"]
    script.drop()
    with pytest.raises(ConnectionLostError):
        client.receive(5)
    script.send("x.caption", item_id="words", text="meanwhile")
    client.connect()
    events = [client.receive(5), client.receive(5)]
    assert [event and event.type for event in events] == ["x.session.resumed", "x.caption"]
    assert script.queries[1]["last_event_id"] == last
    client.close()


@pytest.mark.parametrize("address", ["ftp://host", "http://", "file:///etc"])
def test_what_is_no_address_is_refused_before_anything_is_tried(address: str) -> None:
    with pytest.raises(ServerRefusedError, match="It should look like"):
        RealtimeClient(address)


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with pytest.raises(ServerUnavailableError) as caught:
        RealtimeClient("http://127.0.0.1:9").connect()
    assert caught.value.is_retryable


def test_another_program_at_the_address_is_told_from_the_assistant(another_server: str) -> None:
    with pytest.raises(ServerRefusedError, match=r"has no live sessions \(HTTP 404\)"):
        RealtimeClient(another_server).connect()


def test_a_missing_sound_library_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib

    from speech.talk import devices

    def fail(name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(DeviceError, match="sudo apt install libportaudio2"):
        devices.list_devices()
