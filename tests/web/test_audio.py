import io
import wave

import httpx
import pytest

from tests.conftest import Server
from tests.web.client import TIMEOUT, problem


@pytest.fixture(scope="module")
def turn(server: Server) -> dict[str, object]:
    url = f"{server.url}/api/chat"
    question = "Count from one to five. Then say goodbye."
    answer: dict[str, object] = httpx.post(url, json={"question": question}, timeout=TIMEOUT).json()
    return answer


def duration_s(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, 24_000)
        return wav.getnframes() / wav.getframerate()


def test_the_whole_reply_is_its_pieces_in_order(server: Server, turn: dict[str, object]) -> None:
    pieces = turn["audio"]
    assert isinstance(pieces, list)
    sound = httpx.get(f"{server.url}{turn['audio_url']}").content
    assert duration_s(sound) == pytest.approx(
        sum(duration_s(httpx.get(server.url + piece["url"]).content) for piece in pieces)
    )
    assert duration_s(sound) == pytest.approx(
        sum(piece["duration_s"] for piece in pieces), abs=0.01
    )


def test_a_part_of_the_sound_can_be_asked_for(server: Server, turn: dict[str, object]) -> None:
    url = f"{server.url}{turn['audio_url']}"
    whole = httpx.get(url).content
    part = httpx.get(url, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert part.content == whole[100:200]
    beyond = httpx.get(url, headers={"Range": f"bytes={len(whole) + 5}-"})
    problem(beyond, 416, "range_invalid")


@pytest.mark.parametrize("audio_id", ["nothing", "nothing.0", "nothing.x", "nothing.-1"])
def test_unknown_sound_is_said_to_be_unknown(server: Server, audio_id: str) -> None:
    problem(httpx.get(f"{server.url}/api/audio/{audio_id}"), 404, "audio_unknown")
