"""The silence after which the assistant speaks up, as the protocol tells it."""

from tests.web.realtime.conftest import Client, Web, talk


def set_detection(client: Client, **detection: object) -> dict[str, object]:
    audio = {"input": {"turn_detection": {"type": "server_vad", **detection}}}
    client.send("session.update", session={"type": "realtime", "audio": audio})
    told: dict[str, object] = client.until("session.updated")[-1]["session"]["audio"]["input"]
    return told


def test_the_timeout_reaches_the_session_and_is_told_back(web: Web, client: Client) -> None:
    told = set_detection(client, idle_timeout_ms=6_000)
    assert told["turn_detection"]["idle_timeout_ms"] == 6_000  # type: ignore[index]
    assert web.sessions()[-1]["settings"]["idle_timeout_ms"] == 6_000
    set_detection(client)
    assert web.sessions()[-1]["settings"]["idle_timeout_ms"] is None


def test_the_silence_is_told_and_committed_as_an_item(web: Web) -> None:
    nothing = {"item_id": "item_n", "start_ms": 8_000, "end_ms": 14_000}
    heard = {"item_id": "item_n", "previous_item_id": None, "heard_ms": [8_000, 14_000]}
    with talk(web) as client:
        transcription = {"input": {"transcription": {"model": "whisper-1"}}}
        client.send("session.update", session={"type": "realtime", "audio": transcription})
        client.play(
            ["ReplyDone", {"turn_id": "TURN", "status": "completed", "text": ""}],
            ["UserSaidNothing", nothing],
            ["UserCommitted", heard],
            ["UserTranscribed", {"item_id": "item_n", "text": "", "language": None}],
        )
        client.until("response.done")
        events = client.until("conversation.item.input_audio_transcription.completed")
    assert [event["type"] for event in events] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert (events[0]["audio_start_ms"], events[0]["audio_end_ms"]) == (8_000, 14_000)
    assert {event["item_id"] for event in (events[0], events[1], events[4])} == {"item_n"}
    assert (events[4]["transcript"], events[4]["usage"]["seconds"]) == ("", 6.0)
