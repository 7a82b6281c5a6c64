"""Live conversation by the openai package, in both dialects."""

import audioop  # From audioop-lts since Python 3.13.
import base64
import json
import os
from typing import Any

from tests.clients import either, sounds
from tests.clients.calls import Calls
from tests.clients.either import opened, result
from tests.clients.openai_chat import WEATHER
from tests.clients.sounds import TEXTS, assert_says, recognise

FUNCTIONS = [{"type": "function", **WEATHER}]
calls = Calls()


async def _send(connection: Any, kind: str, **fields: Any) -> None:
    await result(connection.send({"type": kind, **fields}))


async def _until(connection: Any, *kinds: str) -> list[Any]:
    """Return the events up to the first of one of these kinds."""
    events = []
    while not events or events[-1].type not in kinds:
        events.append(await result(connection.recv()))
        assert events[-1].type != "error" or "error" in kinds, events[-1].error
    return events


def _joined(events: list[Any], kind: str) -> str:
    return "".join(event.delta for event in events if event.type == kind)


def _sound(events: list[Any], kind: str = "response.output_audio.delta") -> bytes:
    return b"".join(base64.b64decode(event.delta) for event in events if event.type == kind)


async def _ask(connection: Any, text: str, **response: Any) -> list[Any]:
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    await _send(connection, "conversation.item.create", item=item)
    await _send(connection, "response.create", **({"response": response} if response else {}))
    return await _until(connection, "response.done")


async def _say(connection: Any, name: str, silence_s: float = 2.0) -> None:
    audio = base64.b64encode(sounds.pcm(name, silence_s)).decode()
    await _send(connection, "input_audio_buffer.append", audio=audio)


@calls("realtime.connect(), written questions and answers")
async def _(client: Any) -> None:
    async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
        session = {"type": "realtime", "output_modalities": ["text"]}
        await _send(connection, "session.update", session=session)
        events = await _ask(connection, "What is the capital of France?")
        assert "Paris" in _joined(events, "response.output_text.delta"), events
        assert events[-1].response.status == "completed", events[-1]


@calls("realtime.connect(), spoken questions and answers, in English and Chinese")
async def _(client: Any) -> None:
    for language, answer in (("en", "Paris"), ("zh", "北京")):
        async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
            audio = {"input": {"transcription": {"model": "whisper-1", "language": language}}}
            session = {"type": "realtime", "audio": audio}
            await _send(connection, "session.update", session=session)
            await _say(connection, f"question.{language}")
            events = await _until(connection, "response.done")
        heard = "conversation.item.input_audio_transcription.completed"
        questions = [event.transcript for event in events if event.type == heard]
        assert_says(questions[0], TEXTS[f"question.{language}"])
        written = _joined(events, "response.output_audio_transcript.delta")
        assert answer in written, written
        spoken = recognise(sounds.wav(_sound(events)), language=language)
        assert_says(spoken, written, most_wrong=0.4)


@calls("realtime.connect(), push to talk: no turn detection, commit, response.create")
async def _(client: Any) -> None:
    async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
        audio = {"input": {"turn_detection": None}}
        session = {"type": "realtime", "audio": audio, "output_modalities": ["text"]}
        await _send(connection, "session.update", session=session)
        await _say(connection, "question.en", silence_s=0.0)
        await _send(connection, "input_audio_buffer.commit")
        await _send(connection, "response.create")
        events = await _until(connection, "response.done")
    assert "Paris" in _joined(events, "response.output_text.delta"), events


@calls("realtime.connect(), a function's call and its result")
async def _(client: Any) -> None:
    async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
        session = {"type": "realtime", "output_modalities": ["text"], "tools": FUNCTIONS}
        await _send(connection, "session.update", session=session)
        events = await _ask(connection, "What is the weather in Paris now? Ask get_weather.")
        done = "response.function_call_arguments.done"
        called = next(event for event in events if event.type == done)
        assert "Paris" in json.loads(called.arguments)["city"], called
        output = {"type": "function_call_output", "call_id": called.call_id, "output": "Rain."}
        await _send(connection, "conversation.item.create", item=output)
        await _send(connection, "response.create")
        events = await _until(connection, "response.done")
    assert "rain" in _joined(events, "response.output_text.delta").lower(), events


@calls("realtime.connect(), a response outside the conversation")
async def _(client: Any) -> None:
    async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
        content = [{"type": "input_text", "text": "What is the capital of Italy?"}]
        response = {
            "conversation": "none",
            "output_modalities": ["text"],
            "metadata": {"purpose": "aside"},
            "input": [{"type": "message", "role": "user", "content": content}],
        }
        await _send(connection, "response.create", response=response)
        events = await _until(connection, "response.done")
    assert "Rome" in _joined(events, "response.output_text.delta"), events
    assert events[-1].response.metadata == {"purpose": "aside"}
    assert not [event for event in events if event.type == "conversation.item.added"], events


@calls("realtime.connect(), response.cancel, and an error for what is wrong")
async def _(client: Any) -> None:
    async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
        session = {"type": "realtime", "output_modalities": ["text"]}
        await _send(connection, "session.update", session=session)
        content = [{"type": "input_text", "text": "Tell me a long story about a ship."}]
        item = {"type": "message", "role": "user", "content": content}
        await _send(connection, "conversation.item.create", item=item)
        await _send(connection, "response.create")
        await _until(connection, "response.output_text.delta")
        await _send(connection, "response.cancel")
        events = await _until(connection, "response.done")
        assert events[-1].response.status == "cancelled", events[-1]
        await _send(connection, "response.cancel", event_id="mine")
        events = await _until(connection, "error")
        assert events[-1].error.event_id == "mine" and events[-1].error.message, events[-1]


@calls('realtime.connect(extra_query={"intent": "transcription"})')
async def _(client: Any) -> None:
    connecting = client().realtime.connect(extra_query={"intent": "transcription"})
    async with opened(connecting) as connection:
        audio = {
            "format": {"type": "audio/pcm", "rate": sounds.RATE_HZ},
            "transcription": {"model": "gpt-4o-transcribe", "language": "en"},
            "turn_detection": {"type": "server_vad"},
        }
        session = {"type": "transcription", "audio": {"input": audio}}
        await _send(connection, "session.update", session=session)
        await _say(connection, "question.en")
        events = await _until(connection, "conversation.item.input_audio_transcription.completed")
    assert_says(events[-1].transcript, TEXTS["question.en"])


@calls("realtime.connect(), G.711 in and out")
async def _(client: Any) -> None:
    samples, _state = audioop.ratecv(
        sounds.pcm("question.en", 2.0), 2, 1, sounds.RATE_HZ, 8000, None
    )
    form = {"format": {"type": "audio/pcmu"}}
    session = {"type": "realtime", "audio": {"input": form, "output": form}}
    async with opened(client().realtime.connect(model="gpt-realtime")) as connection:
        await _send(connection, "session.update", session=session)
        sound = base64.b64encode(audioop.lin2ulaw(samples, 2)).decode()
        await _send(connection, "input_audio_buffer.append", audio=sound)
        events = await _until(connection, "response.done")
    spoken = sounds.wav(audioop.ulaw2lin(_sound(events), 2), 8000)
    written = _joined(events, "response.output_audio_transcript.delta")
    assert "Paris" in written, written
    assert_says(recognise(spoken), written, most_wrong=0.4)


@calls("realtime.client_secrets.create(), and a session by that secret")
async def _(client: Any) -> None:
    secret = await result(
        client().realtime.client_secrets.create(
            session={"type": "realtime", "output_modalities": ["text"]}
        )
    )
    connecting = client(api_key=secret.value).realtime.connect(model="gpt-realtime")
    async with opened(connecting) as connection:
        created = await _until(connection, "session.created")
        assert created[-1].session.output_modalities == ["text"], created[-1]


@calls(
    "realtime.calls.create()",
    gap="calls over WebRTC and SIP are not taken; the WebSocket is",
    refusal="WebRTC",
)
async def _(client: Any) -> None:
    await result(client().realtime.calls.create(sdp="v=0"))


@calls("beta.realtime.connect() by websocket_base_url, spoken questions and answers")
async def _(client: Any) -> None:
    address = os.environ["OPENAI_BASE_URL"].replace("http", "ws", 1)
    speaker = client(websocket_base_url=address)
    async with opened(speaker.beta.realtime.connect(model="gpt-4o-realtime")) as connection:
        session = {"modalities": ["text", "audio"], "input_audio_format": "pcm16"}
        await _send(connection, "session.update", session=session)
        await _say(connection, "question.en")
        events = await _until(connection, "response.done")
    written = _joined(events, "response.audio_transcript.delta")
    assert "Paris" in written, written
    spoken = recognise(sounds.wav(_sound(events, "response.audio.delta")))
    assert_says(spoken, written, most_wrong=0.4)


if __name__ == "__main__":
    either.run(calls)
