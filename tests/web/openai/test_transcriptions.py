"""Recordings are written down for OpenAI's clients: the running server, real Whisper."""

import csv
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.audio import TranscriptionVerbose

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.conftest import Server
from tests.speech.spoken import say, silence

SENTENCE = "We walked along the river until it began to rain."
SECOND = "There is a bakery next to the Post Office."


def wav(*parts: np.ndarray) -> bytes:
    return wrap_wav(encode_pcm16(Audio(np.concatenate(parts), 16_000)), 16_000)


@pytest.fixture(scope="module")
def sentence(models: Path) -> bytes:
    return wav(silence(0.5), say(models, SENTENCE), silence(0.5))


@pytest.fixture(scope="module")
def recording(models: Path) -> bytes:
    """Three windows in more than a minute."""
    first, second = say(models, SENTENCE), say(models, SECOND)
    return wav(first, silence(30), second, silence(30), first)


@pytest.fixture
def client(server: Server) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def post(server: Server, data: bytes | None, path: str = "transcriptions", **fields: Any) -> Any:
    return httpx.post(
        f"{server.url}/v1/audio/{path}",
        files={"file": ("speech.wav", data)} if data is not None else {"other": b"x"},
        data={"model": "whisper-1"} | fields,
        timeout=120,
    )


def test_the_text_comes_with_the_length_of_the_recording(client: OpenAI, sentence: bytes) -> None:
    heard = client.audio.transcriptions.create(
        file=("a.wav", sentence), model="whisper-1", language="en"
    )
    assert heard.text == SENTENCE
    assert heard.usage is not None and heard.usage.type == "duration"
    assert 3 < heard.usage.seconds < 5


def test_plain_text_and_subtitles_come_as_they_are(client: OpenAI, sentence: bytes) -> None:
    def heard(kind: Any) -> str:
        return str(
            client.audio.transcriptions.create(
                file=("a.wav", sentence), model="default", response_format=kind
            )
        )

    assert heard("text") == f"{SENTENCE}\n"
    srt, vtt = heard("srt"), heard("vtt")
    assert srt.startswith("1\n00:00:00,") and vtt.startswith("WEBVTT\n\n00:00:00.")
    assert all(SENTENCE in " ".join(lines.split()) for lines in (srt, vtt))


def test_a_verbose_answer_has_segments_and_words_in_their_places(
    client: OpenAI, recording: bytes
) -> None:
    heard = client.audio.transcriptions.create(
        file=("a.wav", recording),
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert isinstance(heard, TranscriptionVerbose)
    assert heard.language == "english"
    assert heard.text == f"{SENTENCE} {SECOND} {SENTENCE}"
    assert heard.segments is not None and heard.words is not None
    assert "".join(each.text for each in heard.segments).strip() == heard.text
    assert [each.id for each in heard.segments] == [0, 1, 2]
    for each in heard.segments:
        assert each.seek / 100 <= each.start < each.end <= heard.duration
        assert each.tokens and each.temperature == 0
        assert -1 < each.avg_logprob < 0 <= each.no_speech_prob < 0.6
        assert 0 < each.compression_ratio < 2.4
    assert " ".join(each.word for each in heard.words) == heard.text.replace(".", "")
    assert heard.words[10].word == "There"
    assert heard.words[10].start == pytest.approx(heard.segments[1].start, abs=0.001)


def test_only_the_times_that_were_asked_for_are_there(client: OpenAI, sentence: bytes) -> None:
    def heard(granularities: Any) -> TranscriptionVerbose:
        return client.audio.transcriptions.create(
            file=("a.wav", sentence),
            model="whisper-1",
            response_format="verbose_json",
            timestamp_granularities=granularities,
        )

    words, segments = heard(["word"]), heard(["segment"])
    assert words.words and words.segments is None
    assert segments.segments and segments.words is None


def test_a_stream_tells_what_is_heard_window_by_window(client: OpenAI, recording: bytes) -> None:
    events = list(
        client.audio.transcriptions.create(
            file=("a.wav", recording), model="gpt-4o-mini-transcribe", stream=True
        )
    )
    assert [event.type for event in events] == ["transcript.text.delta"] * 3 + [
        "transcript.text.done"
    ]
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert done.text == f"{SENTENCE} {SECOND} {SENTENCE}"
    assert "".join(event.delta for event in events if hasattr(event, "delta")) == done.text


def test_a_verbose_stream_has_segments_too(server: Server, sentence: bytes) -> None:
    answer = post(server, sentence, stream="true", response_format="verbose_json")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    lines = answer.text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data")]
    _, segment, done = events
    assert (segment["type"], segment["text"]) == ("transcript.text.segment", SENTENCE)
    assert segment["start"] == pytest.approx(0.5, abs=0.2)
    assert done["languages"] == [{"code": "en"}]


def test_chinese_is_translated_into_english(server: Server, shared_audio: Path) -> None:
    data = (shared_audio / "dev" / "zh_aishell_a3.wav").read_bytes()
    plain = post(server, data, "translations").json()
    assert plain["text"] and plain["text"].isascii()
    verbose = post(server, data, "translations", response_format="verbose_json").json()
    assert (verbose["task"], verbose["language"]) == ("translate", "english")
    assert "".join(each["text"] for each in verbose["segments"]).strip() == verbose["text"]


def test_silence_is_an_empty_text(client: OpenAI) -> None:
    data = wav(silence(3))
    assert client.audio.transcriptions.create(file=("a.wav", data), model="whisper-1").text == ""
    verbose = client.audio.transcriptions.create(
        file=("a.wav", data), model="whisper-1", response_format="verbose_json"
    )
    assert (verbose.text, verbose.segments, verbose.language) == ("", [], "")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "diarized_json"}, "response_format"),
        ({"temperature": "1.5"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"language": "xx"}, "language"),
        ({"language": "yue"}, "language"),
        ({"languages[]": "xx"}, "languages"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        (
            {"timestamp_granularities[]": "letter", "response_format": "verbose_json"},
            "timestamp_granularities",
        ),
        ({"include[]": "logprobs"}, "include"),
        ({"include[]": "everything"}, "include"),
        ({"stream": "true", "response_format": "srt"}, "stream"),
        ({"chunking_strategy": "sometimes"}, "chunking_strategy"),
        ({"chunking_strategy": '{"a":' * 50_000}, "chunking_strategy"),
        ({"known_speaker_names[]": "agent"}, "known_speaker_names"),
        ({"model": ""}, "model"),
    ],
)
def test_a_wrong_field_is_named(
    server: Server, sentence: bytes, fields: dict[str, str], param: str
) -> None:
    answer = post(server, sentence, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error"), error
    assert error["param"] == param and error["message"]


def test_fields_that_clients_send_by_habit_are_taken(server: Server, sentence: bytes) -> None:
    answer = post(
        server,
        sentence,
        language="en-US",
        prompt="<|endoftext|> About the river.",
        temperature="0",
        user="me",
        **{"chunking_strategy[type]": "server_vad", "chunking_strategy[threshold]": "0.4"},
    )
    assert (answer.status_code, answer.json()["text"]) == (200, SENTENCE)
    auto = post(server, sentence, chunking_strategy="auto", response_format="text", stream="false")
    assert auto.text == f"{SENTENCE}\n"
    # As LiveKit sends it.
    named = post(server, sentence, model="gpt-transcribe", **{"languages[]": "en"}).json()
    assert (named["text"], named["languages"]) == (SENTENCE, [{"code": "en"}])
    either = post(server, sentence, **{"languages[]": ["en", "zh"]}).json()
    assert either["languages"] == [{"code": "en"}]
    # As the AI SDK sends it.
    plain = post(
        server, sentence, model="gpt-4o-transcribe", **{"timestamp_granularities[]": "segment"}
    )
    assert plain.json()["text"] == SENTENCE


def test_an_upload_that_is_no_sound_is_refused_in_openais_words(
    client: OpenAI, server: Server, sentence: bytes
) -> None:
    for stream in (False, True):
        with pytest.raises(Exception) as raised:
            client.audio.transcriptions.create(
                file=("a.wav", b"no sound at all" * 100), model="whisper-1", stream=stream
            )
        assert getattr(raised.value, "status_code", None) == 400
        assert getattr(raised.value, "param", None) == "file"
    with pytest.raises(BadRequestError, match="empty"):
        client.audio.transcriptions.create(file=("a.wav", b""), model="whisper-1")
    assert post(server, None).json()["error"]["code"] == "audio_missing"
    with pytest.raises(NotFoundError) as missing:
        client.audio.transcriptions.create(file=("a.wav", sentence), model="dall-e-3")
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")


def test_what_people_upload_is_written_down(client: OpenAI, shared_audio: Path) -> None:
    with (shared_audio / "formats" / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    sampled = [row["file"] for row in rows][::8]
    for name in sampled:
        data = (shared_audio / "formats" / name).read_bytes()
        heard = client.audio.transcriptions.create(file=(name, data), model="whisper-1")
        assert "country" in heard.text or "机会" in heard.text or "Brooklyn" in heard.text, name


def test_what_no_server_should_fall_for_is_answered(server: Server, shared_audio: Path) -> None:
    for name in ("image.jpg", "playlist_hls_local_file.wav", "zip_renamed.mp3", "zero_rate.wav"):
        answer = post(server, (shared_audio / "bad" / name).read_bytes())
        assert answer.status_code == 400, (name, answer.text)
        assert answer.json()["error"]["param"] == "file"
