"""Sessions that only transcribe, and the sound of telephony: OpenAI's own client, real speech."""

import base64
import time
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import openai
import pytest
from openai.types.realtime import RealtimeTranscriptionSessionCreateRequest
from whisper.normalizers import EnglishTextNormalizer

from speech.asr.base import RecognitionOptions
from speech.audio import Audio, decode_pcm16, encode_pcm16
from speech.decoding import resample
from speech.recognition import transcribe
from tests.conftest import Server
from tests.speech.spoken import RATE_HZ, load_engine, read_clip, say, silence
from web.realtime import g711

# The client opens its socket in a way that `websockets` 17 no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")

TRANSCRIPTION = "conversation.item.input_audio_transcription"
ONLY = {"intent": "transcription"}
PHONE_HZ = 8_000
QUESTION = "How many days are there in a week?"


def over_the_phone(samples: np.ndarray, law: g711.Law = "ulaw") -> str:
    """`samples`: at 16 kHz."""
    pcm16 = encode_pcm16(resample(Audio(samples, RATE_HZ), PHONE_HZ))
    return base64.b64encode(g711.encode(np.frombuffer(pcm16, "<i2"), law)).decode()


def client_of(server: Server) -> openai.OpenAI:
    address = f"{server.url}/v1"
    return openai.OpenAI(
        base_url=address,
        # Of itself the beta's client knows wss alone.
        websocket_base_url=address.replace("http", "ws"),
        api_key="none",
    )


def until(connection: Any, kind: str) -> list[Any]:
    """Return all events up to the next of that type."""
    events: list[Any] = []
    while not events or events[-1].type != kind:
        events.append(connection.recv())
        assert kind == "error" or events[-1].type != "error", events[-1]
    return events


def words_wrong(reference: str, heard: str) -> float:
    normalise = EnglishTextNormalizer()
    return jiwer.wer(normalise(reference), normalise(heard))


CLIPS = {
    "en_libri_61-70968-0000.flac": "He began a confused complaint against the wizard who had "
    "vanished behind the curtain on the left.",
    "en_harvard_birch_canoe.wav": "The birch canoe slid on the smooth planks.",
    "en_lj001-0007.flac": "The earliest book printed with movable types, the Gutenberg, or "
    "forty-two line Bible of about fourteen fifty-five,",
    "en_brooklyn_bridge.flac": "How old is the Brooklyn Bridge?",
}


def test_recorded_speech_over_the_phone_is_written_down(server: Server, shared_audio: Path) -> None:
    heard = []
    with client_of(server).realtime.connect(extra_query=ONLY) as connection:
        created = connection.recv()
        assert created.type == "session.created"
        assert isinstance(created.session, RealtimeTranscriptionSessionCreateRequest)
        connection.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcmu"},
                        "transcription": {"model": "gpt-4o-transcribe", "language": "en"},
                        "turn_detection": None,
                    }
                },
                "include": ["item.input_audio_transcription.logprobs"],
            }
        )
        until(connection, "session.updated")
        for name in CLIPS:
            samples = read_clip(shared_audio / "dev" / name)
            connection.input_audio_buffer.append(audio=over_the_phone(samples))
            connection.input_audio_buffer.commit()
            events = until(connection, f"{TRANSCRIPTION}.completed")
            assert [event.type for event in events] == [
                "input_audio_buffer.committed",
                "conversation.item.added",
                "conversation.item.done",
                f"{TRANSCRIPTION}.delta",
                f"{TRANSCRIPTION}.completed",
            ]
            assert len({getattr(event, "item_id", None) or event.item.id for event in events}) == 1
            assert abs(events[-1].usage.seconds - len(samples) / RATE_HZ) < 0.2
            assert events[-2].delta == events[-1].transcript
            heard.append(events[-1].transcript)
    wrong = words_wrong(" ".join(CLIPS.values()), " ".join(heard))
    print(f"{wrong:.1%} of the words wrong")
    assert wrong < 0.1, heard


def test_pauses_part_what_is_said_and_nothing_is_answered(server: Server, models: Path) -> None:
    others = (QUESTION, "The first of them is Monday.")
    pause = silence(1.5)
    samples = np.concatenate([part for text in others for part in (say(models, text), pause)])
    with client_of(server).realtime.connect(extra_query=ONLY) as connection:
        audio: Any = {"input": {"transcription": {"model": "whisper-1", "language": "en"}}}
        connection.session.update(session={"type": "transcription", "audio": audio})
        until(connection, "session.updated")
        pcm16 = encode_pcm16(resample(Audio(samples, RATE_HZ), 24_000))
        connection.input_audio_buffer.append(audio=base64.b64encode(pcm16).decode())
        events = until(connection, f"{TRANSCRIPTION}.completed")
        events += until(connection, f"{TRANSCRIPTION}.completed")
        connection.response.create()
        error = until(connection, "error")[-1].error
        assert (error.code, error.param) == ("unsupported_session_type", "type")
    assert [event.transcript for event in events if event.type.endswith("completed")] == [*others]
    kinds = {event.type for event in events}
    assert not [kind for kind in kinds if kind.startswith("response")]
    started = [event for event in events if event.type == "input_audio_buffer.speech_started"]
    stopped = [event for event in events if event.type == "input_audio_buffer.speech_stopped"]
    for begin, end in zip(started, stopped, strict=True):
        assert begin.audio_start_ms < end.audio_end_ms
        assert begin.item_id == end.item_id


def test_the_beta_has_sessions_that_only_transcribe(server: Server, models: Path) -> None:
    with client_of(server).beta.realtime.connect(
        model="gpt-4o-transcribe", extra_query=ONLY
    ) as connection:
        assert connection.recv().type == "transcription_session.created"
        connection.transcription_session.update(
            session={
                "input_audio_format": "g711_alaw",
                "input_audio_transcription": {"model": "whisper-1", "language": "en"},
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 400},
                "input_audio_noise_reduction": {"type": "near_field"},
            }
        )
        updated = until(connection, "transcription_session.updated")[-1].session
        assert updated.input_audio_format == "g711_alaw"
        assert updated.turn_detection.silence_duration_ms == 400
        samples = np.concatenate([say(models, QUESTION), silence(1.5)])
        connection.input_audio_buffer.append(audio=over_the_phone(samples, "alaw"))
        events = until(connection, f"{TRANSCRIPTION}.completed")
    assert [event.type for event in events] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        f"{TRANSCRIPTION}.delta",
        f"{TRANSCRIPTION}.completed",
    ]
    assert events[-1].transcript == QUESTION


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_call_in_the_beta_dialect_is_answered_in_the_sound_of_telephony(
    server: Server, models: Path, law: g711.Law
) -> None:
    with client_of(server).beta.realtime.connect(model="gpt-4o-realtime-preview") as connection:
        connection.session.update(
            session={
                "modalities": ["text", "audio"],
                "input_audio_format": f"g711_{law}",
                "output_audio_format": f"g711_{law}",
                "input_audio_transcription": {"model": "whisper-1", "language": "en"},
                "turn_detection": {"type": "server_vad"},
                "temperature": 0.8,
                "voice": "shimmer",
            }
        )
        until(connection, "session.updated")
        samples = np.concatenate([say(models, QUESTION), silence(1.5)])
        connection.input_audio_buffer.append(audio=over_the_phone(samples, law))
        began = time.monotonic()
        events = until(connection, "response.done")
        print(f"the whole reply {time.monotonic() - began:.1f} s after the question")
    (item,) = events[-1].response.output
    transcript = item.content[0].transcript
    assert "seven" in transcript or "7" in transcript
    coded = b"".join(
        base64.b64decode(event.delta) for event in events if event.type == "response.audio.delta"
    )
    pcm16 = g711.decode(coded, law).astype("<i2").tobytes()
    reply = resample(decode_pcm16(pcm16, PHONE_HZ), RATE_HZ)
    engine = load_engine(models, "faster-whisper")
    understood = transcribe(reply, engine, RecognitionOptions(language="en")).text
    print(transcript, "|", understood)
    assert words_wrong(transcript, understood) < 0.2
    written = "".join(
        event.delta for event in events if event.type == "response.audio_transcript.delta"
    )
    assert written == transcript


def test_a_session_made_for_a_browser_transcribes_as_it_was_made(
    server: Server, models: Path
) -> None:
    made = client_of(server).realtime.client_secrets.create(
        session={
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "transcription": {"model": "whisper-1", "language": "en"},
                    "turn_detection": None,
                }
            },
        }
    )
    browser = openai.OpenAI(base_url=f"{server.url}/v1", api_key=made.value)
    with browser.realtime.connect(model="gpt-realtime") as connection:
        until(connection, "session.created")
        samples = say(models, QUESTION)
        for part in np.array_split(samples, 20):
            connection.input_audio_buffer.append(audio=over_the_phone(part))
        connection.input_audio_buffer.commit()
        assert until(connection, f"{TRANSCRIPTION}.completed")[-1].transcript == QUESTION
