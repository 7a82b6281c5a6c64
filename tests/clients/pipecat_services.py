"""Pipecat's OpenAI services, in its pipelines."""

import os
from importlib.metadata import version
from typing import Any

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMRunFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.services.openai.stt import OpenAIRealtimeSTTService, OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.transcriptions.language import Language

from tests.clients import sounds
from tests.clients.calls import Calls
from tests.clients.pipecat_pipeline import comes, run
from tests.clients.sounds import TEXTS, assert_says, recognise

LANGUAGES = {"en": Language.EN, "zh": Language.ZH}
calls = Calls()


def _voice(name: str, silence_s: float = 0.0) -> list[Frame]:
    samples, size = sounds.pcm(name, silence_s), 2 * sounds.RATE_HZ // 20
    pieces = [samples[start : start + size] for start in range(0, len(samples), size)]
    return [InputAudioRawFrame(each, sounds.RATE_HZ, 1) for each in pieces]


def _server(**fields: Any) -> dict[str, Any]:
    address = {key: os.environ[f"OPENAI_{key.upper()}"] for key in ("base_url", "api_key")}
    return address | fields


def _socket(**fields: Any) -> dict[str, Any]:
    address = os.environ["OPENAI_BASE_URL"].replace("http", "ws", 1)
    return _server(base_url=f"{address}/realtime") | fields


def _weather(asked: list[str]) -> FunctionSchema:
    async def get_weather(params: FunctionCallParams) -> None:
        asked.append(params.arguments["city"])
        await params.result_callback({"weather": "heavy rain"})

    return FunctionSchema(
        name="get_weather",
        description="Tells the weather of a city.",
        properties={"city": {"type": "string"}},
        required=["city"],
        handler=get_weather,
    )


@calls("OpenAISTTService, in English and Chinese")
async def _() -> None:
    for language in LANGUAGES:
        settings = OpenAISTTService.Settings(language=LANGUAGES[language])
        name = f"statement.{language}"
        frames = [
            VADUserStartedSpeakingFrame(),
            *_voice(name),
            VADUserStoppedSpeakingFrame(),
        ]
        service = OpenAISTTService(**_server(settings=settings))
        heard = await run([service], frames, comes(TranscriptionFrame))
        assert_says(heard.text(TranscriptionFrame), TEXTS[name])


@calls("OpenAIRealtimeSTTService, with its own turn detection and the server's")
async def _() -> None:
    for detection in (False, {"type": "server_vad"}):
        frames = [
            VADUserStartedSpeakingFrame(),
            *_voice("question.en", silence_s=1.5),
            VADUserStoppedSpeakingFrame(),
        ]
        service = OpenAIRealtimeSTTService(**_socket(turn_detection=detection))
        heard = await run([service], frames, comes(TranscriptionFrame))
        assert_says(heard.text(TranscriptionFrame), TEXTS["question.en"])


@calls("OpenAITTSService, in English and Chinese")
async def _() -> None:
    for language, words in (
        ("en", "The quick brown fox jumps over the lazy dog."),
        ("zh", "今天的天气非常好，我们去公园吧。"),
    ):
        service = OpenAITTSService(**_server(sample_rate=sounds.RATE_HZ))
        heard = await run([service], [TTSSpeakFrame(words)], comes(TTSStoppedFrame))
        assert_says(recognise(heard.sound(), language=language), words)


@calls("OpenAILLMService, in English and Chinese")
async def _() -> None:
    for question, answer in (
        ("What is the capital of France?", "Paris"),
        ("中国的首都是哪里？", "北京"),
    ):
        context = LLMContext([{"role": "user", "content": question}])
        service = OpenAILLMService(**_server())
        frames = [LLMContextFrame(context)]
        heard = await run([service], frames, comes(LLMFullResponseEndFrame))
        assert answer in heard.text(LLMTextFrame), heard.text(LLMTextFrame)


@calls("OpenAILLMService with a function")
async def _() -> None:
    asked: list[str] = []
    question = {"role": "user", "content": "What is the weather in Paris now? Ask get_weather."}
    context = LLMContext([question], tools=[_weather(asked)])
    pair = LLMContextAggregatorPair(context)
    service = OpenAILLMService(**_server())
    heard = await run(
        [pair.user(), service, pair.assistant()], [LLMRunFrame()], lambda _: _answered(context)
    )
    assert asked == ["Paris"], (asked, heard.frames)
    assert "rain" in context.messages[-1]["content"].lower(), context.messages


def _answered(context: LLMContext) -> bool:
    last = context.messages[-1]
    return last["role"] == "assistant" and bool(last.get("content"))


@calls("OpenAIRealtimeLLMService, spoken questions and answers, in English and Chinese")
async def _() -> None:
    for language, answer in (("en", "Paris"), ("zh", "北京")):
        service = OpenAIRealtimeLLMService(**_socket())
        frames = _voice(f"question.{language}", silence_s=2.0)
        heard = await run([service], frames, comes(LLMFullResponseEndFrame))
        written = heard.text(TTSTextFrame)
        assert answer in written, written
        assert_says(recognise(heard.sound(), language=language), written, most_wrong=0.4)


@calls("OpenAIRealtimeLLMService with a context and a function")
async def _() -> None:
    asked: list[str] = []
    question = {"role": "user", "content": "What is the weather in Paris now? Ask get_weather."}
    context = LLMContext([question], tools=[_weather(asked)])
    pair = LLMContextAggregatorPair(context)
    properties = events.SessionProperties(output_modalities=["text"])
    settings = OpenAIRealtimeLLMService.Settings(session_properties=properties)
    service = OpenAIRealtimeLLMService(**_socket(settings=settings))
    heard = await run(
        [pair.user(), service, pair.assistant()], [LLMRunFrame()], lambda _: _answered(context)
    )
    assert asked == ["Paris"], (asked, heard.frames)
    assert "rain" in context.messages[-1]["content"].lower(), context.messages


if __name__ == "__main__":
    calls.run(f"pipecat-ai {version('pipecat-ai')}")
