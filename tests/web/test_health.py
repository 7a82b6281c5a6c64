import httpx

from tests.conftest import Server


def test_the_server_is_alive_and_ready(server: Server) -> None:
    assert httpx.get(f"{server.url}/healthz").json() == {"alive": True}
    assert httpx.get(f"{server.url}/readyz").json() == {"ready": True, "waiting_for": []}


def test_the_voices_are_listed_with_the_default_of_each_language(server: Server) -> None:
    listed = httpx.get(f"{server.url}/api/voices").json()
    ids = [voice["id"] for voice in listed["voices"]]
    assert len(ids) == len(set(ids))
    assert {"en", "zh"} <= listed["defaults"].keys()
    assert set(listed["defaults"].values()) <= set(ids)
