import httpx

from tests.conftest import Server
from tests.web.client import problem


def test_an_unknown_turn_is_said_to_be_unknown(server: Server) -> None:
    problem(httpx.get(f"{server.url}/api/turns/nothing"), 404, "turn_unknown")
    problem(httpx.get(f"{server.url}/api/turns/nothing/events"), 404, "turn_unknown")
