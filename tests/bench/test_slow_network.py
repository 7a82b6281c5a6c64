import http.server
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from bench.slow_network import Network, slow_network


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "50000")
        self.end_headers()
        self.wfile.write(bytes(50_000))

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_relay_takes_its_round_trips_and_lets_no_more_through_than_it_can(url: str) -> None:
    network = Network(round_trip_ms=100, down_mbit_s=2.0, up_mbit_s=1.0)
    transfer_s = 50_000 * 8 / 2e6
    with slow_network(url, network) as relay, httpx.Client(base_url=relay.url) as client:
        begin = time.monotonic()
        assert client.get("/").content == bytes(50_000)
        first_s = time.monotonic() - begin
        assert client.get("/").content == bytes(50_000)
        second_s = time.monotonic() - begin - first_s
        assert relay.requests == 2
        assert 100_000 < relay.down_bytes < 101_000
    assert first_s > 0.2 + transfer_s, "opening the connection costs a round trip, too"
    assert second_s > 0.1 + transfer_s
    assert second_s < first_s
