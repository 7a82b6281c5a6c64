"""What is asked of a model, in the words of the OpenAI chat protocol."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from assistant.llm.base import GenerationOptions
from assistant.messages import Message

# vLLM needs both to go on with a begun reply; llama.cpp does by itself, as does Ollama. A cloud
# that cannot refuses them, which is better than the reply's beginning spoken twice.
_CONTINUATION = {"add_generation_prompt": False, "continue_final_message": True}


def chat_request(messages: Sequence[Message], options: GenerationOptions) -> dict[str, Any]:
    """Return the body of `/chat/completions`, but for the model's name; streamed, with usage.

    Source: https://platform.openai.com/docs/api-reference/chat/create
    """
    sent = [_message(message) for message in messages]
    request: dict[str, Any] = {
        "messages": sent,
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if sent and sent[-1]["role"] == "assistant":
        # Tokens begin with their space. After one at the end of the prompt a model writes
        # another, or goes astray.
        sent[-1]["content"] = sent[-1]["content"].rstrip()
        request["extra_body"] = _CONTINUATION
    if options.json_schema == {}:
        request["response_format"] = {"type": "json_object"}
    elif options.json_schema is not None:
        # Without `strict`: llama.cpp and vLLM hold the model to any schema, and OpenAI refuses
        # a strict one that has optional properties.
        schema = {"name": "reply", "schema": options.json_schema}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    if options.tools:
        request["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in options.tools
        ]
        # Only what differs from the protocol's default: not every server knows these.
        if options.tool_choice in ("none", "required"):
            request["tool_choice"] = options.tool_choice
        elif options.tool_choice != "auto":
            chosen = {"type": "function", "function": {"name": options.tool_choice}}
            request["tool_choice"] = chosen
        if options.parallel_tool_calls is not None:
            request["parallel_tool_calls"] = options.parallel_tool_calls
    if options.stop:
        request["stop"] = list(options.stop)
    for name in ("top_p", "seed", "presence_penalty", "frequency_penalty"):
        if (value := getattr(options, name)) is not None:
            request[name] = value
    return request


def _message(message: Message) -> dict[str, Any]:
    sent: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        sent["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        sent["tool_call_id"] = message.tool_call_id
    return sent


def _arguments(text: str) -> str:
    """Return them as a JSON object, whatever the model or a client wrote.

    llama.cpp fails with a 500 at what is no JSON, as if it were ill, and dies of what is nested
    30,000 levels deep; of vLLM's templates some want an object.
    """
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(text, parse_constant=_refuse), dict):
            return text
    return json.dumps({"arguments": text}, ensure_ascii=False) if text.strip() else "{}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
