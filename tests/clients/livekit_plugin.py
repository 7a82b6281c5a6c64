"""LiveKit's agents with their openai plugin."""

import asyncio
import os
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from livekit import rtc
from livekit.agents import llm, stt, utils
from livekit.plugins import openai
from openai.types.realtime import AudioTranscription
from pydantic import BaseModel

from tests.clients import sounds
from tests.clients.calls import Calls
from tests.clients.sounds import TEXTS, assert_says, recognise

WORDS = "The quick brown fox jumps over the lazy dog."
RAIN = "What is the weather in Paris now? Ask get_weather."
calls = Calls()


class Capital(BaseModel):
    city: str
    country: str


@llm.function_tool
async def get_weather(city: str) -> str:
    """Tell the weather of a city.

    Args:
        city: its name.
    """
    return f"Heavy rain in {city}."


def _server(**fields: Any) -> dict[str, Any]:
    address = {key: os.environ[f"OPENAI_{key.upper()}"] for key in ("base_url", "api_key")}
    return address | fields


def _frames(samples: bytes) -> list[rtc.AudioFrame]:
    size = 2 * sounds.RATE_HZ // 20
    pieces = [samples[start : start + size] for start in range(0, len(samples), size)]
    return [rtc.AudioFrame(each, sounds.RATE_HZ, 1, len(each) // 2) for each in pieces]


def _asked(question: str) -> llm.ChatContext:
    context = llm.ChatContext.empty()
    context.add_message(role="user", content=question)
    return context


async def _spoken(frames: AsyncIterator[rtc.AudioFrame]) -> bytes:
    heard = [frame async for frame in frames]
    assert {(frame.sample_rate, frame.num_channels) for frame in heard} == {(sounds.RATE_HZ, 1)}
    return sounds.wav(b"".join(frame.data.tobytes() for frame in heard))


@calls("STT().recognize(), in English and Chinese")
async def _() -> None:
    for language in ("en", "zh"):
        name = f"statement.{language}"
        recogniser = openai.STT(**_server(language=language))
        event = await recogniser.recognize(_frames(sounds.pcm(name)))
        assert_says(event.alternatives[0].text, TEXTS[name])


@calls('STT(model="whisper-1", detect_language=True).recognize()')
async def _() -> None:
    recogniser = openai.STT(**_server(model="whisper-1", detect_language=True))
    event = await recogniser.recognize(_frames(sounds.pcm("statement.zh")))
    assert_says(event.alternatives[0].text, TEXTS["statement.zh"])
    assert event.alternatives[0].language == "zh", event


@calls("STT(use_realtime=True).stream(), in English and Chinese")
async def _() -> None:
    async with utils.http_context.open():
        for language in ("en", "zh"):
            recogniser = openai.STT(**_server(language=language, use_realtime=True))
            async with recogniser.stream() as stream:
                for frame in _frames(sounds.pcm(f"question.{language}", silence_s=2.0)):
                    stream.push_frame(frame)
                async for event in stream:
                    if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                        break
            assert_says(event.alternatives[0].text, TEXTS[f"question.{language}"])
            await recogniser.aclose()


@calls("TTS().synthesize(), in English and Chinese")
async def _() -> None:
    for model in ("gpt-4o-mini-tts", "tts-1"):
        speaker = openai.TTS(**_server(model=model))
        frame = await speaker.synthesize(WORDS).collect()
        assert_says(recognise(frame.to_wav_bytes()), WORDS)
    words = "今天的天气非常好，我们去公园吧。"
    frame = await openai.TTS(**_server()).synthesize(words).collect()
    assert_says(recognise(frame.to_wav_bytes(), language="zh"), words)


@calls('TTS(response_format=…).synthesize(): "pcm", "wav", "opus", "flac", "aac"')
async def _() -> None:
    for form in ("pcm", "wav", "opus", "flac", "aac"):
        frame = await openai.TTS(**_server(response_format=form)).synthesize(WORDS).collect()
        assert_says(recognise(frame.to_wav_bytes()), WORDS)


@calls("LLM().chat(), in English and Chinese")
async def _() -> None:
    for question, answer in (
        ("What is the capital of France?", "Paris"),
        ("中国的首都是哪里？", "北京"),
    ):
        context = _asked(question)
        context.add_message(role="system", content="Answer in one sentence.", created_at=0.0)
        said = await openai.LLM(**_server()).chat(chat_ctx=context).collect()
        assert answer in said.text and said.usage.completion_tokens > 0, said


@calls("LLM().chat(tools=…), then with the function's result")
async def _() -> None:
    model, context = openai.LLM(**_server()), _asked(RAIN)
    tools = llm.ToolContext([get_weather])
    said = await model.chat(chat_ctx=context, tools=[get_weather]).collect()
    assert said.tool_calls, said
    outcome = await llm.execute_function_call(said.tool_calls[0], tools)
    assert "Paris" in outcome.fnc_call_out.output, outcome
    context.insert([outcome.fnc_call, outcome.fnc_call_out])
    said = await model.chat(chat_ctx=context, tools=[get_weather]).collect()
    assert "rain" in said.text.lower(), said


@calls("LLM().chat(response_format=…), a JSON schema")
async def _() -> None:
    question = _asked("What is the capital of France?")
    said = await openai.LLM(**_server()).chat(chat_ctx=question, response_format=Capital).collect()
    assert Capital.model_validate_json(said.text).city == "Paris", said


@calls("responses.LLM(use_websocket=False).chat()")
async def _() -> None:
    model = openai.responses.LLM(**_server(use_websocket=False))
    said = await model.chat(chat_ctx=_asked("What is the capital of France?")).collect()
    assert "Paris" in said.text, said


@calls(
    "responses.LLM().chat()",
    gap="no WebSocket at /v1/responses; use_websocket=False works",
    refusal="APIConnectionError",
)
async def _() -> None:
    async with utils.http_context.open():
        await openai.responses.LLM(**_server()).chat(chat_ctx=_asked("Hello.")).collect()


@calls("realtime.RealtimeModel: spoken questions and answers, in English and Chinese")
async def _() -> None:
    for language, answer in (("en", "Paris"), ("zh", "北京")):
        transcription = AudioTranscription(model="whisper-1", language=language)
        model = openai.realtime.RealtimeModel(**_server(input_audio_transcription=transcription))
        session = model.session()
        made: asyncio.Future[llm.GenerationCreatedEvent] = asyncio.Future()
        heard: asyncio.Future[str] = asyncio.Future()
        session.on("generation_created", made.set_result)
        session.on(
            "input_audio_transcription_completed",
            lambda event, heard=heard: event.is_final and heard.set_result(event.transcript),
        )
        for frame in _frames(sounds.pcm(f"question.{language}", silence_s=2.0)):
            session.push_audio(frame)
        async for message in (await made).message_stream:
            spoken = await _spoken(message.audio_stream)
            written = "".join([str(part) async for part in message.text_stream])
            break
        assert_says(await heard, TEXTS[f"question.{language}"])
        assert answer in written, written
        assert_says(recognise(spoken, language=language), written, most_wrong=0.4)
        await session.aclose()
        await model.aclose()


@calls("realtime.RealtimeModel: generate_reply(), function calls and their results")
async def _() -> None:
    model = openai.realtime.RealtimeModel(**_server(modalities=["text"]))
    session = model.session()
    await session.update_tools([get_weather])
    await session.update_chat_ctx(_asked(RAIN))
    reply = await session.generate_reply()
    called = await anext(aiter(reply.function_stream))
    assert called.name == "get_weather" and "Paris" in called.arguments, called
    context = session.chat_ctx.copy()
    context.items.append(
        llm.FunctionCallOutput(call_id=called.call_id, output="Heavy rain.", is_error=False)
    )
    await session.update_chat_ctx(context)
    reply = await session.generate_reply()
    said = [part async for message in reply.message_stream async for part in message.text_stream]
    assert "rain" in "".join(map(str, said)).lower(), said
    await session.aclose()
    await model.aclose()


if __name__ == "__main__":
    calls.run(f"livekit-plugins-openai {version('livekit-plugins-openai')}")
