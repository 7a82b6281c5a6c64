"""What clients send: understood, or answered by an error after which the session lives on."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from tests.web.realtime.conftest import Client, Web, is_alive, talk
from web.realtime import g711

TEXT = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("{", "invalid_json", None),
        ("[]", "invalid_json", None),
        (r'{"type": "response.cancel", "event_id": "\ud800"}', "invalid_json", None),
        ('{"type": "response.cancel", "event_id": NaN}', "invalid_json", None),
        ('"text"', "invalid_json", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type": "session.fly"}', "unknown_event_type", "type"),
        ('{"type": ["session.update"]}', "unknown_event_type", "type"),
        ('{"type": "session.update"}', "missing_required_parameter", "session"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": 7}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "?"}', "invalid_audio", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "é"}', "invalid_audio", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "AAAA"}', "invalid_audio", "audio"),
        ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_empty", None),
        ('{"type": "response.cancel"}', "response_cancel_not_active", None),
        (
            '{"type": "response.cancel", "response_id": "resp_1"}',
            "response_cancel_not_active",
            "response_id",
        ),
        (
            '{"type": "conversation.item.create", "item": {}}',
            "missing_required_parameter",
            "item.type",
        ),
        (
            '{"type": "conversation.item.retrieve", "item_id": "no"}',
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
        (
            '{"type": "conversation.item.delete", "item_id": "no"}',
            "item_delete_invalid_item_id",
            "item_id",
        ),
        (
            '{"type": "conversation.item.truncate", "item_id": "no", "content_index": 0,'
            ' "audio_end_ms": 1}',
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        (
            '{"type": "conversation.item.truncate", "item_id": "no", "content_index": 0,'
            ' "audio_end_ms": -1}',
            "invalid_value",
            "audio_end_ms",
        ),
        (
            '{"type": "conversation.item.truncate", "item_id": "no", "content_index": 0,'
            f' "audio_end_ms": {10**400}}}',
            "invalid_value",
            "audio_end_ms",
        ),
        (
            f'{{"type": "x.playback.position", "item_id": "no", "audio_ms": {10**400}}}',
            "invalid_value",
            "audio_ms",
        ),
    ],
)
def test_a_wrong_event_is_told_what_is_wrong_with_it(
    client: Client, message: str, code: str, param: str | None
) -> None:
    client.connection.send(message)
    error = client.error()
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert is_alive(client)


def test_an_item_that_no_model_could_read_is_refused(client: Client) -> None:
    parts = 2 * [{"type": "input_text", "text": 100_001 * "a"}]
    client.send("conversation.item.create", item=TEXT | {"content": parts})
    error = client.error()
    assert (error["code"], error["param"]) == ("invalid_value", "item")
    assert "200,000 characters" in error["message"]
    assert is_alive(client)


def test_an_error_names_the_event_that_it_is_about(client: Client) -> None:
    client.send("response.cancel", event_id="event_of_mine")
    assert client.error()["event_id"] == "event_of_mine"


def test_bytes_that_are_no_text_are_refused_and_the_session_lives_on(client: Client) -> None:
    client.connection.send(b"\xff\xfe\x00")
    assert client.error()["code"] == "invalid_json"
    assert is_alive(client)


def test_what_the_session_fails_at_is_our_error(client: Client) -> None:
    client.type_text("this is no script")
    client.send("response.create")
    error = client.error()
    assert (error["type"], error["code"]) == ("server_error", "internal")
    assert is_alive(client)


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        (
            {"audio": {"input": {"format": {"type": "audio/opus"}}}},
            "unsupported_format",
            "session.audio.input.format",
        ),
        (
            {"audio": {"output": {"format": {"type": "audio/pcma", "rate": 16000}}}},
            "invalid_value",
            "session.audio.output.format.rate",
        ),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 96000}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "none"}}}},
            "invalid_value",
            "session.audio.input.turn_detection",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}},
            "invalid_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"audio": {"output": {"voice": "kokoro:nobody"}}},
            "unknown_voice",
            "session.audio.output.voice",
        ),
        ({"audio": {"output": {"speed": 9}}}, "invalid_value", "session.audio.output.speed"),
        ({"output_modalities": ["audio", "text"]}, "invalid_value", "session.output_modalities"),
        ({"max_output_tokens": 0}, "invalid_value", "session.max_output_tokens"),
        ({"tool_choice": "never"}, "invalid_value", "session.tool_choice"),
        (
            {
                "audio": {
                    "input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 1000}}
                }
            },
            "invalid_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        ({"type": "transcription"}, "invalid_parameter", "session.type"),
        ({"modalities": ["text"]}, "unknown_parameter", "session.modalities"),
        ({"colour": "red"}, "unknown_parameter", "session.colour"),
        ({"audio": {"input": {"gain": 2}}}, "unknown_parameter", "session.audio.input.gain"),
        ({"instructions": 7}, "invalid_value", "session.instructions"),
        ({"audio": 7}, "invalid_value", "session.audio"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(
    client: Client, session: dict[str, Any], code: str, param: str
) -> None:
    client.send("session.update", session={"type": "realtime"} | session)
    error = client.error()
    assert error["code"] == code
    assert error["param"] == param
    client.send("session.update", session={"type": "realtime"})
    assert client.until("session.updated")[-1]["session"]["output_modalities"] == ["audio"]


def test_all_settings_reach_the_session(web: Web, client: Client) -> None:
    detection = {
        "type": "server_vad",
        "threshold": 0.6,
        "prefix_padding_ms": 200,
        "silence_duration_ms": 700,
        "create_response": False,
        "interrupt_response": False,
    }
    client.send(
        "session.update",
        session={
            "type": "realtime",
            "instructions": "Answer in rhymes.",
            "max_output_tokens": 120,
            "output_modalities": ["audio"],
            "tracing": "auto",
            "audio": {
                "input": {
                    "turn_detection": detection,
                    "transcription": {"model": "whisper-1", "language": "zh-CN"},
                    "noise_reduction": {"type": "near_field"},
                },
                "output": {"voice": "kokoro:zf_xiaobei", "speed": 1.25},
            },
        },
    )
    updated = client.until("session.updated")[-1]["session"]
    assert updated["audio"]["input"]["turn_detection"] == detection | {"idle_timeout_ms": None}
    # Taken with the rest, and told to be absent.
    assert updated["tracing"] is None
    settings = web.sessions()[-1]["settings"]
    assert settings["turn_taking"] == {
        "mode": "server_vad",
        "threshold": 0.6,
        "prefix_padding_ms": 200,
        "silence_duration_ms": 700,
        "eagerness": "auto",
        "can_be_interrupted": False,
    }
    assert settings["replies_by_itself"] is False
    assert (settings["voice"], settings["speed"]) == ("kokoro:zf_xiaobei", 1.25)
    assert (settings["language"], settings["max_reply_tokens"]) == ("zh", 120)
    assert settings["instructions"] == "Answer in rhymes."
    # What an update leaves out stays as it is.
    client.send(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"turn_detection": None}}},
    )
    updated = client.until("session.updated")[-1]["session"]
    assert updated["audio"]["input"]["turn_detection"] is None
    assert updated["audio"]["output"]["voice"] == "kokoro:zf_xiaobei"
    assert web.sessions()[-1]["settings"]["turn_taking"]["mode"] == "manual"


def test_the_manner_of_the_address_can_be_changed_for_the_replies_to_come(web: Web) -> None:
    with talk(web, "?manner=formal") as client:
        for manner, meant in (("humorous", "humorous"), (None, "formal")):
            client.send("session.update", session={"type": "realtime", "manner": manner})
            # A client that knows OpenAI's fields alone never meets it.
            assert "manner" not in client.until("session.updated")[-1]["session"]
            assert web.sessions()[-1]["settings"]["manner"] == meant
        client.send("session.update", session={"type": "realtime", "manner": "rude"})
        assert client.error()["param"] == "session.manner"


@pytest.mark.parametrize("voice", ["alloy", "marin", {"id": "cedar"}])
def test_openais_voices_are_known_by_their_names(web: Web, client: Client, voice: Any) -> None:
    client.send(
        "session.update", session={"type": "realtime", "audio": {"output": {"voice": voice}}}
    )
    name = client.until("session.updated")[-1]["session"]["audio"]["output"]["voice"]
    assert name == (voice["id"] if isinstance(voice, dict) else voice)
    assert web.sessions()[-1]["settings"]["voice"] == name


def test_the_voice_cannot_change_once_it_was_heard(web: Web, client: Client) -> None:
    update = {"type": "realtime", "audio": {"output": {"voice": "kokoro:zf_xiaobei"}}}
    client.send("session.update", session=update)
    client.until("session.updated")
    sound = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "Hello.", "silence_ms": 100}]
    client.play(sound, ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": "Hello."}])
    client.until("response.done")
    client.send("session.update", session=update | {"instructions": "Be brief."})
    assert client.until("session.updated")[-1]["session"]["instructions"] == "Be brief."
    update["audio"] = {"output": {"voice": "marin"}}
    client.send("session.update", session=update)
    error = client.error()
    assert (error["code"], error["param"]) == ("cannot_update_voice", "session.audio.output.voice")
    assert web.sessions()[-1]["settings"]["voice"] == "kokoro:zf_xiaobei"


@pytest.mark.parametrize("law", ["pcmu", "pcma"])
def test_the_sound_of_telephony_is_taken_and_sent(web: Web, client: Client, law: str) -> None:
    sound_format = {"type": f"audio/{law}"}
    directions = {"input": {"format": sound_format}, "output": {"format": sound_format}}
    client.send("session.update", session={"type": "realtime", "audio": directions})
    told = client.until("session.updated")[-1]["session"]["audio"]
    assert (told["input"]["format"], told["output"]["format"]) == (sound_format, sound_format)
    coding: g711.Law = "ulaw" if law == "pcmu" else "alaw"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8_000) / 8_000)
    coded = g711.encode((tone * 32767).astype(np.int16), coding)
    for start in range(0, len(coded), 160):
        client.append(coded[start : start + 160])
    sound = ["ReplyAudio", {"turn_id": "TURN", "index": 0, "text": "…", "silence_ms": 1_100}]
    client.play(sound, ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": "…"}])
    events = client.until("response.done")
    heard = np.frombuffer(base64.b64decode(web.sessions()[-1]["sound"]), np.float32)
    middle = heard[4_000:12_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) == 220
    assert abs(np.abs(middle).max() - 0.5) < 0.03
    pieces = [
        base64.b64decode(event["delta"])
        for event in events
        if event["type"] == "response.output_audio.delta"
    ]
    # In events of 200 ms, a byte a sample.
    assert [len(piece) for piece in pieces] == [1_600] * 5 + [800]
    assert np.abs(g711.decode(b"".join(pieces), coding)).max() <= 8
    client.send(
        "conversation.item.truncate", content_index=0, audio_end_ms=9_999, item_id=item_id(events)
    )
    assert client.until("conversation.item.truncated")[-1]["audio_end_ms"] == 1_100


def item_id(events: list[dict[str, Any]]) -> str:
    found: str = events[-1]["response"]["output"][0]["id"]
    return found


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_sound_of_any_rate_is_heard_at_16_khz(web: Web, client: Client, rate: int) -> None:
    pcm = {"type": "audio/pcm", "rate": rate}
    client.send("session.update", session={"type": "realtime", "audio": {"input": {"format": pcm}}})
    client.until("session.updated")
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    pcm16 = (tone * 32767).astype("<i2").tobytes()
    step = rate // 50 * 2
    for start in range(0, len(pcm16), step):
        client.append(pcm16[start : start + step])
    client.send("response.cancel")
    client.error()
    heard = np.frombuffer(base64.b64decode(web.sessions()[-1]["sound"]), np.float32)
    # What the resampler still holds comes with the next sound.
    assert 16_000 * 0.93 < len(heard) <= 16_000
    middle = heard[4_000:12_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) == 220
    assert abs(np.abs(middle).max() - 0.5) < 0.02


def test_push_to_talk_commits_what_was_said(client: Client) -> None:
    client.append(bytes(4_800))
    client.send("input_audio_buffer.commit")
    kinds = [event["type"] for event in client.until("conversation.item.done")]
    assert kinds == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]


def test_items_are_created_read_and_deleted(web: Web, client: Client) -> None:
    client.send("conversation.item.create", item=TEXT | {"id": "item_mine"})
    added = client.until("conversation.item.done")
    assert [event["item"]["id"] for event in added] == ["item_mine", "item_mine"]
    client.send("conversation.item.create", item=TEXT, previous_item_id="item_mine")
    assert client.until("conversation.item.added")[-1]["previous_item_id"] == "item_mine"
    client.send("conversation.item.retrieve", item_id="item_mine")
    item = client.until("conversation.item.retrieved")[-1]["item"]
    assert item["content"] == [{"type": "input_text", "text": "Hi"}]
    client.send("conversation.item.create", item=TEXT | {"id": "item_mine"})
    assert client.error()["code"] == "item_exists"
    client.send("conversation.item.truncate", item_id="item_mine", content_index=0, audio_end_ms=0)
    assert client.error()["code"] == "invalid_value"
    client.send("conversation.item.delete", item_id="item_mine")
    assert client.until("conversation.item.deleted")[-1]["item_id"] == "item_mine"
    assert web.sessions()[-1]["calls"] == [["forget", "item_mine"]]
    client.send("conversation.item.retrieve", item_id="item_mine")
    assert client.error()["code"] == "item_retrieve_invalid_item_id"


def test_a_reply_can_be_deleted(web: Web, client: Client) -> None:
    client.play(
        ["ReplyText", {"turn_id": "TURN", "text": "Hello."}],
        ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": "Hello."}],
    )
    (item,) = client.until("response.done")[-1]["response"]["output"]
    client.send("conversation.item.delete", item_id=item["id"])
    client.until("conversation.item.deleted")
    turn_id = item["id"].removeprefix("item_")
    assert web.sessions()[-1]["calls"] == [["forget_reply", turn_id]]


def test_what_was_said_is_transcribed_for_clients_that_ask(web: Web, client: Client) -> None:
    script = (
        ["UserSpeechStarted", {"item_id": "item_u", "start_ms": 1000}],
        ["UserSpeechStopped", {"item_id": "item_u", "end_ms": 2500}],
        ["UserCommitted", {"item_id": "item_u", "previous_item_id": None}],
        ["UserTranscribed", {"item_id": "item_u", "text": "Good morning.", "language": "en"}],
        ["TranscriptionFailed", {"item_id": "item_u", "code": "internal", "message": "Oh."}],
        ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": ""}],
    )
    client.play(*script)
    assert [event["type"] for event in client.until("response.done")] == [
        "response.created",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.done",
    ]
    with talk(web) as listener:
        transcription = {"input": {"transcription": {"model": "whisper-1"}}}
        listener.send("session.update", session={"type": "realtime", "audio": transcription})
        listener.play(*script)
        told = {
            event["type"].rpartition(".")[2]: event for event in listener.until("response.done")
        }
        assert told["delta"]["delta"] == "Good morning."
        assert told["completed"]["transcript"] == "Good morning."
        assert told["completed"]["usage"] == {"type": "duration", "seconds": 1.5}
        assert told["failed"]["error"]["message"] == "Oh."
        listener.send("conversation.item.retrieve", item_id="item_u")
        item = listener.until("conversation.item.retrieved")[-1]["item"]
        assert item["content"] == [{"type": "input_audio", "transcript": "Good morning."}]


def test_sound_far_faster_than_real_time_is_refused_and_the_session_lives_on(
    client: Client,
) -> None:
    for _ in range(7):
        client.append(bytes(10 * 48_000))
    error = client.error()
    assert (error["code"], error["param"]) == ("rate_limit_exceeded", "audio")
    assert is_alive(client)


def test_openais_own_events_are_understood(client: Client) -> None:
    """Each client event of the `openai` package that means something here, in full."""
    from openai.types import realtime as openai

    events = [
        openai.SessionUpdateEvent.model_validate(
            {
                "type": "session.update",
                "session": {
                    "type": "realtime",
                    "model": "gpt-realtime",
                    "output_modalities": ["audio"],
                    "audio": {
                        "input": {
                            "format": {"type": "audio/pcm", "rate": 24000},
                            "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
                        },
                        "output": {"voice": "marin"},
                    },
                    "tool_choice": "auto",
                    "truncation": "auto",
                    "include": ["item.input_audio_transcription.logprobs"],
                },
            }
        ),
        openai.InputAudioBufferAppendEvent(type="input_audio_buffer.append", audio="AAAA" * 40),
        openai.InputAudioBufferCommitEvent(type="input_audio_buffer.commit"),
        openai.InputAudioBufferClearEvent(type="input_audio_buffer.clear"),
        openai.ConversationItemCreateEvent.model_validate(
            {"type": "conversation.item.create", "item": TEXT | {"id": "item_x"}}
        ),
        openai.ConversationItemRetrieveEvent(type="conversation.item.retrieve", item_id="item_x"),
        openai.ConversationItemDeleteEvent(type="conversation.item.delete", item_id="item_x"),
    ]
    for event in events:
        for sent in (event.model_dump(exclude_unset=True), event.model_dump()):
            if event.type == "input_audio_buffer.commit":
                client.append(bytes(4_800))
            client.connection.send(json.dumps(sent))
            client.send("input_audio_buffer.clear")
            answers = client.until("input_audio_buffer.cleared")
            errors = [answer["error"] for answer in answers if answer["type"] == "error"]
            # A second delete, or a second item of that id, is the only thing wrong with any.
            assert all(
                error["code"] in ("item_exists", "item_delete_invalid_item_id") for error in errors
            ), errors
            if event.type == "input_audio_buffer.clear":
                client.until("input_audio_buffer.cleared")
