"""What a client asks of `/v1/responses`, in the words of a chat completion.

Source: https://platform.openai.com/docs/api-reference/responses/create
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from assistant.json_schema import JsonSchema
from assistant.messages import FunctionCall, Message
from web.errors import ProblemError
from web.openai.chat_request import (
    MAX_FUNCTIONS,
    MAX_MESSAGES,
    CalledFunction,
    CalledTool,
    ChatCompletionRequest,
    ChatMessage,
    ChosenFunction,
    ContentPart,
    FunctionName,
    InputAudio,
    JsonSchemaFormat,
    ResponseFormat,
    ToolChoice,
    ToolDefinition,
)
from web.openai.responses_history import said_before, said_in


class _Fields(BaseModel):
    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class InputPart(_Fields):
    type: Literal["input_text", "output_text", "text", "refusal", "input_audio"]
    text: str = ""
    refusal: str = ""
    input_audio: InputAudio | None = None


class MessageItem(_Fields):
    type: Literal["message"] = "message"
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[InputPart]


class FunctionCallItem(_Fields):
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class FunctionOutputItem(_Fields):
    type: Literal["function_call_output"]
    call_id: str
    output: str | list[InputPart]


class ItemReference(_Fields):
    type: Literal["item_reference"]
    id: str
    """Of an item of an earlier response; known as long as turns are kept."""


class ResponseFunction(_Fields):
    type: Literal["function"] = "function"
    name: FunctionName
    description: str | None = None
    parameters: JsonSchema | None = None
    strict: bool | None = None
    """Said again in the answer."""


class ResponseToolChoice(_Fields):
    type: Literal["function"]
    name: str


class TextFormat(_Fields):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str = "reply"
    schema_: JsonSchema = Field(default_factory=dict, alias="schema")


class TextOptions(_Fields):
    format: TextFormat | None = None


class ResponsesRequest(_Fields):
    """What is not named here is ignored."""

    model: Annotated[str, StringConstraints(min_length=1)]
    input: (
        str
        | Annotated[
            list[FunctionCallItem | FunctionOutputItem | ItemReference | MessageItem],
            Field(min_length=1, max_length=MAX_MESSAGES),
        ]
    )
    instructions: str | None = None
    previous_response_id: str | None = None
    """Goes on from that response; known as long as turns are kept."""
    stream: bool | None = None
    tools: Annotated[list[ResponseFunction], Field(max_length=MAX_FUNCTIONS)] | None = None
    tool_choice: Literal["auto", "none", "required"] | ResponseToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None

    def as_chat(self) -> ChatCompletionRequest:
        """Raises ProblemError."""
        format_ = self.text.format if self.text else None
        choice, messages = self.tool_choice, self._messages()
        if len(messages) > MAX_MESSAGES:
            raise ProblemError("request_too_large", "There are too many messages.", "input")
        return ChatCompletionRequest(
            model=self.model,
            messages=messages,
            tools=[
                ToolDefinition.model_validate({"type": "function", "function": tool.model_dump()})
                for tool in self.tools or ()
            ],
            tool_choice=ToolChoice(type="function", function=ChosenFunction(name=choice.name))
            if isinstance(choice, ResponseToolChoice)
            else choice,
            parallel_tool_calls=self.parallel_tool_calls,
            response_format=ResponseFormat(
                type=format_.type,
                json_schema=JsonSchemaFormat(name=format_.name, schema_=format_.schema_),
            )
            if format_
            else None,
            max_completion_tokens=self.max_output_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
        )

    def _messages(self) -> list[ChatMessage]:
        told = self.instructions
        messages = [ChatMessage(role="system", content=told)] if told else []
        if self.previous_response_id:
            messages += [_chat_message(said) for said in said_before(self.previous_response_id)]
        if isinstance(self.input, str):
            return [*messages, ChatMessage(role="user", content=self.input)]
        for item in self.input:
            match item:
                case MessageItem():
                    messages.append(ChatMessage(role=item.role, content=_content(item.content)))
                case FunctionOutputItem():
                    content = _content(item.output)
                    messages.append(
                        ChatMessage(role="tool", tool_call_id=item.call_id, content=content)
                    )
                case FunctionCallItem():
                    call = FunctionCall(id=item.call_id, name=item.name, arguments=item.arguments)
                    _add(messages, call)
                case ItemReference():
                    _add(messages, said_in(item.id))
        return messages


def _add(messages: list[ChatMessage], said: FunctionCall | str) -> None:
    """Calls that follow each other are one message's."""
    if isinstance(said, str):
        messages.append(ChatMessage(role="assistant", content=said))
    elif messages and messages[-1].tool_calls:
        messages[-1].tool_calls.append(_called(said))
    else:
        messages.append(ChatMessage(role="assistant", tool_calls=[_called(said)]))


def _chat_message(message: Message) -> ChatMessage:
    return ChatMessage(
        role=message.role,
        content=message.content,
        tool_calls=[_called(call) for call in message.tool_calls] or None,
        tool_call_id=message.tool_call_id,
    )


def _called(call: FunctionCall) -> CalledTool:
    function = CalledFunction(name=call.name, arguments=call.arguments)
    return CalledTool(id=call.id, function=function)


def _content(content: str | list[InputPart]) -> str | list[ContentPart]:
    if isinstance(content, str):
        return content
    return [
        ContentPart(type="input_audio", input_audio=part.input_audio)
        if part.type == "input_audio"
        else ContentPart(type="text", text=part.text or part.refusal)
        for part in content
    ]
