"""Real voices asked for by OpenAI's own client."""

import io
import re
from collections.abc import Iterator

import httpx
import jiwer
import pytest
import zhconv
from faster_whisper import WhisperModel
from openai import BadRequestError, OpenAI

from speech.encoding import CONTENT_TYPES, AudioFormat
from speech.tts.voices import OPENAI_VOICES
from tests.conftest import Server
from tests.web.client import TIMEOUT

ENGLISH = (
    "Good evening, this is what streamed speech sounds like. It is spoken sentence by sentence, "
    "and nobody should hear where one piece ends and the next begins."
)
CHINESE = "大家好，这里是语音合成的测试。明天的天气晴朗，我们一起去公园散步吧。"


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def whisper(server: Server, models: object) -> WhisperModel:
    return WhisperModel(f"{models}/whisper-base", device="cpu", compute_type="int8")


def plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", zhconv.convert(text, "zh-hans")).lower()


def misheard(whisper: WhisperModel, data: bytes, text: str, language: str) -> float:
    """Return the share of wrong characters."""
    segments, _ = whisper.transcribe(io.BytesIO(data), language=language)
    heard = "".join(segment.text for segment in segments)
    return float(jiwer.cer(plain(text), plain(heard)))


@pytest.mark.parametrize("format", [name for name in CONTENT_TYPES if name != "pcm"])
@pytest.mark.parametrize(("text", "language", "most"), [(ENGLISH, "en", 0.1), (CHINESE, "zh", 0.3)])
def test_every_format_is_understood(
    client: OpenAI,
    whisper: WhisperModel,
    format: AudioFormat,
    text: str,
    language: str,
    most: float,
) -> None:
    answer = client.audio.speech.create(
        model="tts-1", voice="alloy", input=text, response_format=format
    )
    assert answer.response.headers["Content-Type"] == CONTENT_TYPES[format]
    wrong = misheard(whisper, answer.content, text, language)
    print(f"{format}, {language}: {wrong:.2f} of the characters misheard")
    assert wrong <= most


def test_the_language_changes_in_the_middle_of_a_text(
    client: OpenAI, whisper: WhisperModel
) -> None:
    english, chinese = "This is the first part of the message.", "今天天气很好，我们去公园散步吧。"
    answers = [
        client.audio.speech.create(
            model="tts-1", voice="nova", input=text, response_format="wav"
        ).content
        for text in (english, english + chinese)
    ]
    assert len(answers[1]) > 1.3 * len(answers[0]), "both are spoken"
    assert misheard(whisper, answers[0], english, "en") <= 0.1
    chinese_part = answers[1][:44] + answers[1][len(answers[0]) :]
    assert misheard(whisper, chinese_part, chinese, "zh") <= 0.4


@pytest.mark.parametrize("voice", OPENAI_VOICES)
def test_every_voice_of_openais_speaks(client: OpenAI, voice: str) -> None:
    for text in ("Hello.", "你好。"):
        answer = client.audio.speech.create(
            model="gpt-4o-mini-tts", voice=voice, input=text, response_format="pcm"
        )
        assert len(answer.content) > 48_000 * 0.3


def test_the_speed_is_real(client: OpenAI) -> None:
    lengths = {
        speed: len(
            client.audio.speech.create(
                model="tts-1", voice="alloy", input=ENGLISH, response_format="pcm", speed=speed
            ).content
        )
        for speed in (0.25, 1.0, 4.0)
    }
    assert lengths[0.25] / lengths[1.0] == pytest.approx(4, rel=0.2)
    assert lengths[1.0] / lengths[4.0] == pytest.approx(4, rel=0.2)


def test_a_voice_may_be_an_object_and_what_is_unknown_is_passed_over(server: Server) -> None:
    body = {
        "input": "Hello.",
        "model": "whatever",
        "voice": {"id": "kokoro:af_heart"},
        "instructions": "Whisper it.",
        "language": "en-US",
        "volume": 3,
    }
    response = httpx.post(f"{server.url}/v1/audio/speech", json=body, timeout=TIMEOUT)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "   "}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"input": None}, "input"),
        ({"voice": "siri"}, "voice"),
        ({"voice": {"id": "siri"}}, "voice"),
        ({"voice": 7}, "voice"),
        ({"speed": 0.2}, "speed"),
        ({"speed": 4.1}, "speed"),
        ({"response_format": "ogg"}, "response_format"),
        ({"stream_format": "websocket"}, "stream_format"),
        ({"language": "the Queen's"}, "language"),
        ({"model": ""}, "model"),
    ],
)
def test_a_wrong_request_names_the_field(
    client: OpenAI, wrong: dict[str, object], param: str
) -> None:
    with pytest.raises(BadRequestError) as raised:
        client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", extra_body=wrong)
    assert raised.value.param == param
    if param == "voice" and wrong["voice"] != 7:
        assert "/v1/audio/voices" in raised.value.message


def test_what_is_no_json_is_told_so(server: Server) -> None:
    url = f"{server.url}/v1/audio/speech"
    for content, kind in [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"hello", "text/plain"),
    ]:
        response = httpx.post(url, content=content, headers={"Content-Type": kind})
        assert response.status_code == 400
        assert response.json()["error"]["message"]


def test_the_voices_are_listed_openais_names_first(server: Server) -> None:
    voices = httpx.get(f"{server.url}/v1/audio/voices").json()["voices"]
    assert [voice["id"] for voice in voices[: len(OPENAI_VOICES)]] == list(OPENAI_VOICES)
    assert all(voice["name"] and voice["languages"] for voice in voices)
    by_id = {voice["id"]: voice for voice in voices}
    assert len(by_id) == len(voices)
    assert by_id["alloy"]["spoken_by"] == httpx.get(f"{server.url}/api/voices").json()["defaults"]
    assert by_id["nova"]["spoken_by"] == {"en": "kokoro:af_nova", "zh": "kokoro:zf_xiaoxiao"}
    assert by_id["kokoro:ff_siwis"]["languages"] == ["fr"]


def test_the_models_of_speech_are_listed(server: Server) -> None:
    models = httpx.get(f"{server.url}/v1/audio/models").json()["models"]
    assert {"id": "tts-1"} in models
    assert {"id": "gpt-4o-mini-tts"} in models
