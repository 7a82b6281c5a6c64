"""Chat completions and responses by the openai package."""

import base64
import json
from typing import Any

import openai
from pydantic import BaseModel

from tests.clients import either, sounds
from tests.clients.calls import Calls
from tests.clients.either import each, opened, result
from tests.clients.sounds import assert_says, recognise

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
RAIN = [{"role": "user", "content": "What is the weather in Paris now? Ask get_weather."}]


class Capital(BaseModel):
    city: str
    country: str


calls = Calls()


async def _chat(client: Any, **fields: Any) -> Any:
    given = {"model": "gpt-4o-mini", "messages": QUESTION} | fields
    return await result(client().chat.completions.create(**given))


@calls("models.list(), models.retrieve()")
async def _(client: Any) -> None:
    models = [model async for model in each(client().models.list())]
    assert "assistant" in [model.id for model in models]
    for model in models:
        assert (await result(client().models.retrieve(model.id))).id == model.id


@calls("chat.completions.create(), in English and Chinese")
async def _(client: Any) -> None:
    answer = await _chat(client)
    assert "Paris" in answer.choices[0].message.content, answer
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    answer = await _chat(client, messages=[{"role": "user", "content": "中国的首都是哪里？"}])
    assert "北京" in answer.choices[0].message.content, answer


@calls("chat.completions.create(), each model of models.list()")
async def _(client: Any) -> None:
    async for model in each(client().models.list()):
        if not model.id.startswith(("whisper", "tts")):
            answer = await _chat(client, model=model.id)
            assert "Paris" in answer.choices[0].message.content, (model.id, answer)


@calls("chat.completions.create(messages=[system, user, assistant, user])")
async def _(client: Any) -> None:
    messages = [
        {"role": "system", "content": "You are a pirate. Answer in one sentence."},
        {"role": "user", "content": "My dog is called Bruno."},
        {"role": "assistant", "content": "Arr, a fine name!"},
        {"role": "user", "content": "What is my dog called?"},
    ]
    answer = await _chat(client, messages=messages)
    assert "Bruno" in answer.choices[0].message.content, answer


@calls('chat.completions.create(stream=True, stream_options={"include_usage": True})')
async def _(client: Any) -> None:
    stream = await _chat(client, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in each(stream)]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "Paris" in text, text
    assert chunks[-1].usage.completion_tokens > 0 and not chunks[-1].choices


@calls("chat.completions.stream()")
async def _(client: Any) -> None:
    manager = client().chat.completions.stream(model="gpt-4o-mini", messages=QUESTION)
    async with opened(manager) as stream:
        async for _event in each(stream):
            pass
        answer = await result(stream.get_final_completion())
    assert "Paris" in answer.choices[0].message.content, answer


@calls("chat.completions.create(n=2)")
async def _(client: Any) -> None:
    answer = await _chat(client, n=2, max_tokens=40)
    assert [choice.index for choice in answer.choices] == [0, 1], answer


@calls("chat.completions.create(stop=…), and max_tokens, temperature, top_p, seed, penalties")
async def _(client: Any) -> None:
    count = [{"role": "user", "content": "Count from 1 to 9, separated by commas."}]
    answer = await _chat(client, messages=count, stop=["5"])
    assert "4" in answer.choices[0].message.content, answer
    assert "5" not in answer.choices[0].message.content, answer
    sampling = {"temperature": 0.2, "top_p": 0.9, "seed": 3}
    penalties = {"presence_penalty": 0.1, "frequency_penalty": 0.1}
    answer = await _chat(client, messages=count, max_tokens=5, **sampling, **penalties)
    assert answer.choices[0].finish_reason == "length", answer


@calls("chat.completions.create(tools=…), then with the function's result")
async def _(client: Any) -> None:
    tools = [{"type": "function", "function": WEATHER}]
    answer = await _chat(client, messages=RAIN, tools=tools)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls", answer
    called = choice.message.tool_calls[0]
    assert "Paris" in json.loads(called.function.arguments)["city"], called
    steps = [
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": called.id, "content": "Heavy rain, 11 degrees."},
    ]
    answer = await _chat(client, messages=[*RAIN, *steps], tools=tools)
    assert "rain" in answer.choices[0].message.content.lower(), answer


@calls("chat.completions.create(tools=…, stream=True)")
async def _(client: Any) -> None:
    tools = [{"type": "function", "function": WEATHER}]
    stream = await _chat(client, messages=RAIN, tools=tools, stream=True)
    choices = [chunk.choices[0] async for chunk in each(stream) if chunk.choices]
    parts = [part.function for each in choices for part in each.delta.tool_calls or []]
    assert parts[0].name == "get_weather" and choices[-1].finish_reason == "tool_calls"
    assert "Paris" in json.loads("".join(part.arguments or "" for part in parts))["city"]


@calls('chat.completions.create(tool_choice=…): a function\'s name, "required", "none"')
async def _(client: Any) -> None:
    tools = [{"type": "function", "function": WEATHER}]
    named = {"type": "function", "function": {"name": "get_weather"}}
    for choice, ending in ((named, "get_weather"), ("required", "get_weather"), ("none", None)):
        answer = await _chat(client, messages=RAIN, tools=tools, tool_choice=choice)
        called = answer.choices[0].message.tool_calls
        assert (called[0].function.name if called else None) == ending, (choice, answer)


@calls("chat.completions.parse(response_format=…), a JSON schema")
async def _(client: Any) -> None:
    answer = await result(
        client().chat.completions.parse(
            model="gpt-4o-mini", messages=QUESTION, response_format=Capital
        )
    )
    assert answer.choices[0].message.parsed.city == "Paris", answer


@calls("chat.completions.create(messages=[input_audio])")
async def _(client: Any) -> None:
    data = base64.b64encode(sounds.path("question.en").read_bytes()).decode()
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    answer = await _chat(client, messages=[{"role": "user", "content": [part]}])
    assert "Paris" in answer.choices[0].message.content, answer


@calls('chat.completions.create(modalities=["text", "audio"])')
async def _(client: Any) -> None:
    audio = {"voice": "alloy", "format": "wav"}
    answer = await _chat(client, modalities=["text", "audio"], audio=audio)
    spoken = answer.choices[0].message.audio
    assert "Paris" in spoken.transcript, spoken.transcript
    assert_says(recognise(base64.b64decode(spoken.data)), spoken.transcript, most_wrong=0.4)


@calls('chat.completions.create(extra_headers={"X-Conversation-Id": …}), which remembers')
async def _(client: Any) -> None:
    memory = {"extra_headers": {"X-Conversation-Id": f"clients-{id(client)}"}}
    told = [{"role": "user", "content": "My cat is called Minka."}]
    asked = [{"role": "user", "content": "What is my cat called?"}]
    await _chat(client, messages=told, **memory)
    answer = await _chat(client, messages=asked, **memory)
    assert "Minka" in answer.choices[0].message.content, answer


@calls("what is refused raises BadRequestError and NotFoundError")
async def _(client: Any) -> None:
    for fields, error in (
        ({"messages": []}, openai.BadRequestError),
        ({"model": "no-such-model"}, openai.NotFoundError),
    ):
        try:
            await _chat(client, **fields)
        except error as refusal:
            assert refusal.body["message"]
        else:
            raise AssertionError(f"{fields} was taken")


if __name__ == "__main__":
    either.run(calls)
