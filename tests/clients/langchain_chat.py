"""LangChain's ChatOpenAI."""

import os
from importlib.metadata import version

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field

from tests.clients.calls import Calls

QUESTION = "What is the capital of France?"
calls = Calls()


class Capital(BaseModel):
    """The capital of a country."""

    city: str = Field(description="The capital's name.")
    country: str


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Heavy rain in {city}."


def _model(**fields: object) -> ChatOpenAI:
    return ChatOpenAI(
        model="gpt-4o-mini",
        base_url=os.environ["OPENAI_BASE_URL"],
        api_key=os.environ["OPENAI_API_KEY"],
        **fields,
    )


@calls("ChatOpenAI.invoke(), ainvoke(), in English and Chinese")
async def _() -> None:
    answer = _model().invoke(QUESTION)
    assert "Paris" in answer.content and answer.usage_metadata["output_tokens"] > 0, answer
    assert "北京" in (await _model().ainvoke("中国的首都是哪里？")).content


@calls("ChatOpenAI.invoke([system, human, ai, human])")
async def _() -> None:
    messages = [
        SystemMessage("Answer in one sentence."),
        HumanMessage("My dog is called Bruno."),
        AIMessage("A fine name!"),
        HumanMessage("What is my dog called?"),
    ]
    assert "Bruno" in _model().invoke(messages).content


@calls("ChatOpenAI.stream(), astream()")
async def _() -> None:
    assert "Paris" in "".join(chunk.content for chunk in _model().stream(QUESTION))
    chunks = [chunk async for chunk in _model(stream_usage=True).astream(QUESTION)]
    assert "Paris" in "".join(chunk.content for chunk in chunks)
    assert any(chunk.usage_metadata for chunk in chunks)


@calls("ChatOpenAI.batch()")
async def _() -> None:
    answers = _model().batch([QUESTION, "What is the capital of Italy?"])
    assert "Paris" in answers[0].content and "Rome" in answers[1].content, answers


@calls("ChatOpenAI.bind_tools(), then with the tool's result")
async def _() -> None:
    model = _model().bind_tools([get_weather])
    question = HumanMessage("What is the weather in Paris now? Ask get_weather.")
    answer = model.invoke([question])
    called = answer.tool_calls[0]
    assert called["name"] == "get_weather" and "Paris" in called["args"]["city"], answer
    output = ToolMessage(get_weather.invoke(called["args"]), tool_call_id=called["id"])
    answer = await model.ainvoke([question, answer, output])
    assert "rain" in answer.content.lower(), answer


@calls("ChatOpenAI.with_structured_output(): json_schema, function_calling")
async def _() -> None:
    for method in ("json_schema", "function_calling"):
        answer = _model().with_structured_output(Capital, method=method).invoke(QUESTION)
        assert answer.city == "Paris", (method, answer)


@calls("ChatOpenAI(use_responses_api=True).invoke(), stream()")
async def _() -> None:
    model = _model(use_responses_api=True)
    assert "Paris" in model.invoke(QUESTION).text
    assert "Paris" in "".join(chunk.text for chunk in model.stream(QUESTION))


if __name__ == "__main__":
    calls.run(f"langchain-openai {version('langchain-openai')}")
