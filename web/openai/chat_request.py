"""What a client asks of `/v1/chat/completions`, as far as the assistant heeds it.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from assistant.generation import FunctionTool, Generation
from assistant.json_schema import JsonSchema, check_schemas
from web.errors import ProblemError

MAX_CHOICES = 8
MAX_MESSAGES = 2000
MAX_FUNCTIONS = 128
_MAX_CHARS = 2_000_000
"""Of all messages together; the model is shown the newest of them that fit."""

FunctionName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
AudioOutputFormat = Literal["wav", "mp3", "flac", "opus", "aac", "pcm16"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class InputAudio(_Part):
    data: str
    """Base64."""
    format: str = "wav"
    """Any: the sound itself is looked at."""


class ContentPart(_Part):
    type: Literal["text", "input_audio", "refusal", "image_url", "file"]
    """Pictures and files are refused."""
    text: str = ""
    refusal: str = ""
    input_audio: InputAudio | None = None


class CalledFunction(_Part):
    name: str
    arguments: str = "{}"


class CalledTool(_Part):
    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class EarlierAudio(_Part):
    id: str


class ChatMessage(_Part):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    tool_calls: list[CalledTool] | None = None
    tool_call_id: str | None = None
    audio: EarlierAudio | None = None
    """Of the assistant: stands for what it said in that answer."""


class FunctionDefinition(_Part):
    name: FunctionName
    description: str | None = None
    parameters: JsonSchema | None = None


class ToolDefinition(_Part):
    type: Literal["function"]
    function: FunctionDefinition


class ChosenFunction(_Part):
    name: str


class ToolChoice(_Part):
    type: Literal["function"]
    function: ChosenFunction


class JsonSchemaFormat(_Part):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: str = "reply"
    schema_: JsonSchema = Field(default_factory=dict, alias="schema")


class ResponseFormat(_Part):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None


class StreamOptions(_Part):
    include_usage: bool = False


class AudioOutput(_Part):
    voice: str | Mapping[str, str] = "alloy"
    format: AudioOutputFormat = "wav"


class ChatCompletionRequest(BaseModel):
    """What is not named here is ignored by `assistant`, and passed on to any other model."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)

    model: Annotated[str, StringConstraints(min_length=1)]
    """`assistant` for the whole dialogue, or the name of a configured model."""
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    audio: AudioOutput | None = None
    tools: Annotated[list[ToolDefinition], Field(max_length=MAX_FUNCTIONS)] | None = None
    tool_choice: Literal["auto", "none", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stop: str | Annotated[list[str], Field(max_length=16)] | None = None
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    logprobs: bool | None = None
    """By a configured model only."""

    @property
    def wants_audio(self) -> bool:
        return "audio" in (self.modalities or ())

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    def functions(self) -> tuple[FunctionTool, ...]:
        return tuple(
            FunctionTool(
                name=tool.function.name,
                description=tool.function.description or "",
                parameters=tool.function.parameters or {},
            )
            for tool in self.tools or ()
        )

    def chosen_tool(self) -> str:
        """Raises ProblemError where the function that must be called is not among the tools."""
        choice = self.tool_choice or "auto"
        if choice == "required" and not self.tools:
            raise ProblemError("request_invalid", "There are no tools to call.", "tool_choice")
        if isinstance(choice, str):
            return choice
        name = choice.function.name
        if name not in {tool.function.name for tool in self.tools or ()}:
            raise ProblemError(
                "request_invalid", f"There is no tool {name!r} among yours.", "tool_choice"
            )
        return name

    def generation(self, choice: int = 0) -> Generation | None:
        """Return what is wanted in place of the settings, for the choice of this number."""
        wanted = Generation(
            temperature=self.temperature,
            top_p=self.top_p,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            # The same seed would give the same choice again and again.
            seed=None if self.seed is None else self.seed + choice,
            stop=_stop(self.stop),
            parallel_tool_calls=self.parallel_tool_calls,
            json_schema=_json_schema(self.response_format),
        )
        return None if wanted == Generation() else wanted

    def check(self) -> None:
        """Raises ProblemError for what the assistant cannot do."""
        if self.logprobs:
            raise ProblemError(
                "request_invalid",
                "The assistant has no logprobs; ask one of the other models for them.",
                "logprobs",
            )
        if sum(map(_length, self.messages)) > _MAX_CHARS:
            raise ProblemError(
                "request_too_large",
                f"The messages have more than {_MAX_CHARS:,} characters; send fewer.",
                "messages",
            )
        if len(self.model_dump_json(include={"tools", "response_format", "stop"})) > _MAX_CHARS:
            raise ProblemError(
                "request_too_large", "The tools and the form of the answer are too long.", "tools"
            )
        try:
            check_schemas(tool.function.parameters or {} for tool in self.tools or ())
        except ValueError as error:
            raise ProblemError("request_invalid", f"The tools have {error}.", "tools") from error
        for name in ("auto", "none", "required"):
            if any(tool.function.name == name for tool in self.tools or ()):
                raise ProblemError("request_invalid", f"No tool may be named {name}.", "tools")


def _stop(stop: str | list[str] | None) -> tuple[str, ...] | None:
    texts = (stop,) if isinstance(stop, str) else tuple(stop or ())
    return tuple(text for text in texts if text) or None


def _json_schema(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None or wanted.type == "text":
        return None
    return wanted.json_schema.schema_ if wanted.json_schema else {}


def _length(message: ChatMessage) -> int:
    parts = message.content or ""
    if not isinstance(parts, str):
        parts = "".join(part.text + part.refusal for part in parts)
    calls = message.tool_calls or ()
    ids = len(message.tool_call_id or "") + sum(len(call.id) for call in calls)
    functions = (call.function for call in calls)
    return len(parts) + ids + sum(len(called.name + called.arguments) for called in functions)
