"""Chat completions with the real models, asked for by OpenAI's own client."""

import asyncio
import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from speech.audio import decode_pcm16
from tests.conftest import Server
from workers.settings import Settings

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
MODEL = Settings().llm_model


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def ask(client: OpenAI, *messages: Any, **fields: Any) -> Any:
    fields = {"model": "assistant", "messages": list(messages)} | fields
    return client.chat.completions.create(**fields)


def recording(path: Path) -> dict[str, Any]:
    data = base64.b64encode(path.read_bytes()).decode()
    return {"type": "input_audio", "input_audio": {"data": data, "format": path.suffix[1:]}}


def duration_s(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


@pytest.mark.parametrize(
    ("question", "city", "seen", "said"),
    [
        ("What's the weather in Paris?", "Paris", "rain", "rain"),
        ("上海的天气怎么样？", "上海", "下雨", "雨"),
    ],
)
def test_a_function_is_called_and_its_result_put_into_words(
    client: OpenAI, question: str, city: str, seen: str, said: str
) -> None:
    first = ask(client, user(question), tools=[WEATHER]).choices[0]
    assert first.finish_reason == "tool_calls"
    (call,) = first.message.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": city}
    result = json.dumps({"sky": seen, "celsius": 12}, ensure_ascii=False)
    answer = ask(
        client,
        user(question),
        first.message,
        {"role": "tool", "tool_call_id": call.id, "content": result},
        tools=[WEATHER],
    ).choices[0]
    assert answer.finish_reason == "stop" and said in answer.message.content


@pytest.mark.parametrize("question", ["Who wrote Hamlet?", "你好！"])
def test_a_function_that_is_not_meant_is_not_called(client: OpenAI, question: str) -> None:
    choice = ask(client, user(question), tools=[WEATHER]).choices[0]
    assert choice.finish_reason == "stop" and not choice.message.tool_calls


def test_a_function_that_must_be_called_is_called(client: OpenAI) -> None:
    choice = ask(client, user("I am in Rome."), tools=[WEATHER], tool_choice="required").choices[0]
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"city": "Rome"}


class Person(BaseModel):
    name: str
    age: int


def test_an_answer_has_the_form_that_was_asked_for(client: OpenAI) -> None:
    answer = client.chat.completions.parse(
        model="assistant",
        messages=[{"role": "user", "content": "Ann is seven years old."}],
        response_format=Person,
    )
    assert answer.choices[0].message.parsed == Person(name="Ann", age=7)


def test_an_answer_ends_before_a_text_and_at_a_length(client: OpenAI) -> None:
    counting = user("Count from one to ten, separated by commas, in lower case.")
    text = ask(client, counting, stop=["four", "Four"]).choices[0].message.content
    assert re.search("two", text, re.IGNORECASE) and "four" not in text.lower()
    cut = ask(client, counting, max_tokens=4).choices[0]
    assert cut.finish_reason == "length"


@pytest.mark.parametrize("model", ["assistant", MODEL])
def test_an_answer_comes_in_pieces_and_is_counted(client: OpenAI, model: str) -> None:
    *chunks, last = ask(
        client,
        user("What is the capital of France?"),
        model=model,
        stream=True,
        stream_options={"include_usage": True},
    )
    words = [c.choices[0].delta.content for c in chunks if c.choices[0].delta.content]
    assert len(words) > 2 and "Paris" in "".join(words)
    assert last.usage.prompt_tokens > 10 and last.usage.completion_tokens > 2


def test_the_asynchronous_client_is_answered(server: Server) -> None:
    async def ask() -> str:
        async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
            stream = await client.chat.completions.create(
                model="assistant",
                messages=[{"role": "user", "content": "法国的首都是哪里？"}],
                stream=True,
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert "巴黎" in asyncio.run(ask())


def test_a_model_is_asked_for_all_that_its_server_can_do(client: OpenAI) -> None:
    answer = ask(
        client, user("Say hi."), model=MODEL, n=2, logprobs=True, top_logprobs=2, max_tokens=3
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(len(choice.logprobs.content[0].top_logprobs) == 2 for choice in answer.choices)


@pytest.mark.parametrize("model", ["assistant", MODEL])
def test_a_prompt_beyond_the_context_is_said(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, {"role": "system", "content": "word " * 9000}, user("Hi"), model=model)
    assert caught.value.code == "context_length_exceeded"


def test_a_spoken_question_is_answered_in_sound(client: OpenAI, shared_audio: Path) -> None:
    question = recording(shared_audio / "dev" / "en_harvard_birch_canoe.wav")
    asked = user([{"type": "text", "text": "Repeat this sentence:"}, question])
    audio = {"voice": "alloy", "format": "wav"}
    message = (
        ask(client, asked, modalities=["text", "audio"], audio=audio, max_tokens=30)
        .choices[0]
        .message
    )
    assert message.content is None and "canoe" in message.audio.transcript
    sound = base64.b64decode(message.audio.data)
    assert sound[:4] == b"RIFF" and len(sound) == int.from_bytes(sound[4:8], "little") + 8
    assert duration_s(sound) > 1
    again = ask(
        client,
        asked,
        {"role": "assistant", "audio": {"id": message.audio.id}},
        user("Which boat was in the sentence that I had you repeat? One word."),
    )
    assert "canoe" in again.choices[0].message.content.lower()


@pytest.mark.parametrize("format", ["pcm16", "mp3", "opus"])
def test_sound_comes_while_the_words_are_written(client: OpenAI, format: str) -> None:
    deltas = [
        chunk.choices[0].delta.audio
        for chunk in ask(
            client,
            user("What is the capital of France? And of Italy? Two short sentences."),
            modalities=["text", "audio"],
            audio={"voice": "alloy", "format": format},
            stream=True,
        )
    ]
    deltas = [delta for delta in deltas if delta]
    assert deltas[0].id.startswith("audio_") and deltas[-1].expires_at
    assert "Paris" in "".join(delta.transcript or "" for delta in deltas)
    sound = b"".join(base64.b64decode(delta.data or "") for delta in deltas)
    length_s = decode_pcm16(sound, 24_000).duration_s if format == "pcm16" else duration_s(sound)
    assert length_s > 1


def test_a_recording_reaches_a_model_as_its_words(client: OpenAI, shared_audio: Path) -> None:
    question = recording(shared_audio / "dev" / "en_harvard_birch_canoe.wav")
    asked = user([{"type": "text", "text": "Repeat this sentence:"}, question])
    answer = ask(client, asked, model=MODEL, max_tokens=30, temperature=0)
    assert "canoe" in answer.choices[0].message.content


def test_what_is_no_recording_is_said(client: OpenAI) -> None:
    part = {"type": "input_audio", "input_audio": {"data": "aaaa", "format": "wav"}}
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, user([part]))
    assert caught.value.code == "audio_unreadable"
