"""The responses API by the openai package."""

import json
from typing import Any

from tests.clients import either
from tests.clients.calls import Calls
from tests.clients.either import each, opened, result
from tests.clients.openai_chat import WEATHER, Capital

QUESTION = "What is the capital of France?"
RAIN = "What is the weather in Paris now? Ask get_weather."
calls = Calls()


async def _respond(client: Any, **fields: Any) -> Any:
    given = {"model": "gpt-4o-mini", "input": QUESTION} | fields
    return await result(client().responses.create(**given))


@calls("responses.create()")
async def _(client: Any) -> None:
    answer = await _respond(client, instructions="Answer in one sentence.")
    assert answer.status == "completed" and "Paris" in answer.output_text, answer
    assert answer.usage.output_tokens > 0


@calls("responses.create(input=[…])")
async def _(client: Any) -> None:
    said = [
        {"role": "user", "content": "My dog is called Bruno."},
        {"role": "assistant", "content": "A fine name!"},
        {"role": "user", "content": [{"type": "input_text", "text": "What is my dog called?"}]},
    ]
    assert "Bruno" in (await _respond(client, input=said)).output_text


@calls("responses.create(stream=True)")
async def _(client: Any) -> None:
    stream = await _respond(client, stream=True)
    events = [event async for event in each(stream)]
    text = "".join(each.delta for each in events if each.type == "response.output_text.delta")
    assert events[0].type == "response.created" and "Paris" in text, events
    assert events[-1].type == "response.completed", events[-1]
    assert events[-1].response.output_text == text


@calls("responses.stream()")
async def _(client: Any) -> None:
    manager = client().responses.stream(model="gpt-4o-mini", input=QUESTION)
    async with opened(manager) as stream:
        async for _event in each(stream):
            pass
        answer = await result(stream.get_final_response())
    assert "Paris" in answer.output_text, answer


@calls("responses.create(tools=…), then with the function's result")
async def _(client: Any) -> None:
    tools = [{"type": "function", "strict": True, **WEATHER}]
    answer = await _respond(client, input=RAIN, tools=tools)
    called = next(item for item in answer.output if item.type == "function_call")
    assert "Paris" in json.loads(called.arguments)["city"], called
    steps = [
        called.model_dump(exclude_none=True),
        {"type": "function_call_output", "call_id": called.call_id, "output": "Heavy rain."},
    ]
    said = [{"role": "user", "content": RAIN}, *steps]
    answer = await _respond(client, input=said, tools=tools)
    assert "rain" in answer.output_text.lower(), answer


@calls("responses.parse(text_format=…), a JSON schema")
async def _(client: Any) -> None:
    answer = await result(
        client().responses.parse(model="gpt-4o-mini", input=QUESTION, text_format=Capital)
    )
    assert answer.output_parsed.city == "Paris", answer


if __name__ == "__main__":
    either.run(calls)
