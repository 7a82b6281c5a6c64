import httpx
import pytest

from tests.conftest import Server
from tests.web.client import TIMEOUT, problem, sse


def chat(server: Server, **payload: object) -> httpx.Response:
    return httpx.post(f"{server.url}/api/chat", json=payload, timeout=TIMEOUT)


def test_a_question_is_answered_in_writing_and_in_sound(server: Server) -> None:
    answer = chat(server, question="What is the capital of France?").json()
    assert "Paris" in answer["answer"]
    assert answer["source"] == "model"
    sound = httpx.get(server.url + answer["audio_url"])
    assert sound.headers["Content-Type"] == "audio/wav"
    assert sound.content.startswith(b"RIFF")
    assert len(sound.content) > 20_000


def test_a_chinese_question_is_answered_in_chinese(server: Server) -> None:
    answer = chat(server, question="法国的首都是哪里？").json()
    assert "巴黎" in answer["answer"]
    assert all(piece["voice"].startswith("kokoro:z") for piece in answer["audio"])


def test_the_conversation_is_remembered(server: Server) -> None:
    first = chat(server, question="My name is Amelia. Please remember it.", speak=False).json()
    second = chat(
        server,
        question="What is my name?",
        conversation_id=first["conversation_id"],
        speak=False,
    ).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert "Amelia" in second["answer"]


def test_the_request_may_carry_its_own_history(server: Server) -> None:
    history = [
        {"role": "user", "content": "My cat is called Biscuit."},
        {"role": "assistant", "content": "What a lovely name!"},
    ]
    answer = chat(server, question="What is my cat called?", history=history, speak=False).json()
    assert "Biscuit" in answer["answer"]


def test_without_speech_there_is_no_sound(server: Server) -> None:
    answer = chat(server, question="Say yes.", speak=False).json()
    assert answer["answer"]
    assert "audio_url" not in answer


def test_a_stream_brings_the_first_sound_while_the_rest_is_written(server: Server) -> None:
    question = "Tell me three facts about the sea, one sentence each."
    with httpx.stream(
        "POST",
        f"{server.url}/api/chat",
        json={"question": question},
        headers={"Accept": "text/event-stream"},
        timeout=TIMEOUT,
    ) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        types = [event["type"] for _, event in sse(response.iter_lines())]
    assert types[0] == "turn_started"
    assert types[-1] == "turn_finished"
    assert types.index("audio_ready") < types.index("reply_ready")
    assert types.count("audio_ready") == types.count("speech_queued") > 1


def test_the_wanted_voice_speaks(server: Server) -> None:
    answer = chat(server, question="Say hello.", voice="kokoro:af_heart").json()
    assert {piece["voice"] for piece in answer["audio"]} == {"kokoro:af_heart"}


def test_the_reply_is_spoken_as_fast_as_is_wanted(server: Server) -> None:
    lengths = [
        chat(server, question="Say hello to the whole world.", speed=speed).json()["audio"]
        for speed in (0.75, 1.5)
    ]
    slow, fast = (sum(piece["duration_s"] for piece in audio) for audio in lengths)
    assert slow > 1.5 * fast


def test_a_chinese_reply_is_never_read_by_an_english_voice(server: Server) -> None:
    answer = chat(server, question="用中文说你好。", voice="piper:en_US-joe-medium").json()
    assert {piece["voice"] for piece in answer["audio"]} == {"kokoro:zf_xiaobei"}


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        ({}, 400, "request_invalid"),
        ({"question": 7}, 400, "request_invalid"),
        ({"question": "Hi", "history": [{"role": "boss", "content": "x"}]}, 400, "request_invalid"),
        ({"question": "Hi", "conversation_id": "../../etc"}, 400, "request_invalid"),
        ({"question": "   "}, 400, "question_empty"),
        ({"question": "x" * 4001}, 413, "question_too_long"),
        ({"question": "Hi", "voice": "kokoro:nobody"}, 400, "unknown_voice"),
        ({"question": "Hi", "speed": 0.4}, 400, "request_invalid"),
        ({"question": "Hi", "replaces": "nothing"}, 404, "turn_unknown"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    server: Server, payload: dict[str, object], status: int, code: str
) -> None:
    problem(chat(server, **payload), status, code)


def test_what_is_not_json_is_told_so(server: Server) -> None:
    url = f"{server.url}/api/chat"
    json_header = {"Content-Type": "application/json"}
    problem(httpx.post(url, content="{", headers=json_header), 400, "request_invalid")
    problem(httpx.post(url, content="[1]", headers=json_header), 400, "request_invalid")
    problem(httpx.post(url, content="Hi"), 415, "content_type_invalid")
    response = httpx.get(url)
    problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]
    problem(httpx.get(f"{server.url}/api/nothing"), 404, "not_found")
