"""What `/v1/responses` answers: an object, and the events by which it grows.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

import json
from typing import Any, Literal

from pydantic import BaseModel

from web.openai.responses_request import ResponseFunction, ResponseToolChoice, TextOptions

Status = Literal["in_progress", "completed", "incomplete", "failed"]


class OutputText(BaseModel):
    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[None] = []
    logprobs: list[None] = []


class OutputMessage(BaseModel):
    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[OutputText]


class OutputFunctionCall(BaseModel):
    id: str
    type: Literal["function_call"] = "function_call"
    status: Literal["in_progress", "completed"]
    call_id: str
    name: str
    arguments: str


Output = OutputMessage | OutputFunctionCall


class InputTokensDetails(BaseModel):
    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputTokensDetails(BaseModel):
    reasoning_tokens: int = 0


class ResponseUsage(BaseModel):
    input_tokens: int
    input_tokens_details: InputTokensDetails = InputTokensDetails()
    output_tokens: int
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()
    total_tokens: int


class ResponseError(BaseModel):
    code: str
    message: str


class IncompleteDetails(BaseModel):
    reason: Literal["max_output_tokens", "content_filter"]


class ResponseAnswer(BaseModel):
    id: str
    object: Literal["response"] = "response"
    created_at: float
    status: Status
    model: str
    output: list[Output]
    error: ResponseError | None
    incomplete_details: IncompleteDetails | None
    instructions: str | None
    previous_response_id: str | None
    metadata: dict[str, str] = {}
    parallel_tool_calls: bool
    temperature: float | None
    top_p: float | None
    max_output_tokens: int | None
    tool_choice: str | ResponseToolChoice
    tools: list[ResponseFunction]
    text: TextOptions
    usage: ResponseUsage | None


class ResponseEvent(BaseModel):
    """Of any type; it has the fields that its type has."""

    type: str
    sequence_number: int
    response: ResponseAnswer | None = None
    output_index: int | None = None
    item: Output | None = None
    item_id: str | None = None
    content_index: int | None = None
    part: OutputText | None = None
    delta: str | None = None
    text: str | None = None
    name: str | None = None
    arguments: str | None = None
    logprobs: list[None] | None = None

    def line(self) -> str:
        fields: dict[str, Any] = {
            name: value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None
        }
        return f"event: {self.type}\ndata: {json.dumps(fields, ensure_ascii=False)}\n\n"
