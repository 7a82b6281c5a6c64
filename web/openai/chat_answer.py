"""What `/v1/chat/completions` answers: whole, or in chunks.

Source: https://platform.openai.com/docs/api-reference/chat/object
"""

import json
from typing import Literal

from pydantic import BaseModel

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


class Function(BaseModel):
    name: str
    arguments: str


class ToolCall(BaseModel):
    id: str
    type: Literal["function"] = "function"
    function: Function


class Audio(BaseModel):
    id: str
    data: str
    """Base64."""
    expires_at: int
    transcript: str


class AnswerMessage(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: str | None
    """Why nothing else is said, where a check refused."""
    tool_calls: list[ToolCall] | None = None
    audio: Audio | None = None


class Choice(BaseModel):
    index: int
    message: AnswerMessage
    logprobs: None = None
    finish_reason: FinishReason


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class FunctionDelta(BaseModel):
    name: str | None = None
    arguments: str


class ToolCallDelta(BaseModel):
    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: FunctionDelta


class AudioDelta(BaseModel):
    id: str | None = None
    transcript: str | None = None
    data: str | None = None
    """Base64. Joined in their order, all of them are the file."""
    expires_at: int | None = None


class Delta(BaseModel):
    role: Literal["assistant"] | None = None
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCallDelta] | None = None
    audio: AudioDelta | None = None


class ChunkChoice(BaseModel):
    index: int
    delta: Delta
    logprobs: None = None
    finish_reason: FinishReason | None = None


class ChatCompletionChunk(BaseModel):
    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None
    """In the last chunk, which has no choices, with `stream_options.include_usage`."""


def wire(answer: ChatCompletion | ChatCompletionChunk) -> str:
    """Return the JSON that is sent: what is not there is left out, where nobody looks for it."""
    body = answer.model_dump(exclude_none=True)
    for choice in body["choices"]:
        choice |= {"logprobs": None, "finish_reason": choice.get("finish_reason")}
        if message := choice.get("message"):
            choice["message"] = {"content": None, "refusal": None} | message
    return json.dumps(body, ensure_ascii=False)
