"""A client's messages as a turn: what was said before, the question, and what followed it."""

import base64
import uuid
from collections.abc import Sequence
from itertools import islice

from flask import request
from pydantic import BaseModel

from assistant.events import TurnFailed
from assistant.messages import FunctionCall, Message
from speech.errors import UnknownVoiceError
from speech.tts.voices import check_voice
from web.context import services
from web.errors import ProblemError
from web.identity import is_anothers, known_user, user_of
from web.openai.chat_request import ChatCompletionRequest, ChatMessage, ContentPart
from web.openai.presence import has_left
from web.payloads import ConversationId, parse
from workers.turn_control import stop
from workers.turn_start import transcribe_upload
from workers.turn_state import TurnState, load_state
from workers.turn_store import TurnRequest

ANYBODY = "anonymous"
"""The user of every request that brings no API key: together they have one budget."""

_MAX_RECORDINGS = 100
"""Each is a turn of its own, however short."""
_LOOK_S = 1.0
"""How often it is seen whether the client still waits."""


class ChatHeaders(BaseModel):
    x_conversation_id: ConversationId | None = None
    """Has this conversation recalled and the answer kept in it; without it, nothing is."""


def turn_requests(wanted: ChatCompletionRequest) -> list[TurnRequest]:
    """Return the turns to begin, one a choice. Raises ProblemError."""
    wanted.check()
    conversation_id, user_id = _whose(wanted)
    voice = _voice(wanted)
    tool_choice = wanted.chosen_tool()
    check_calls(wanted.messages)
    said = [_parts(message) for message in wanted.messages]
    heard = iter(hear([part for parts in said for part in parts]))
    languages = [list(islice(heard, len(parts))) for parts in said]
    messages = list(wanted.messages)
    instructions = []
    while messages and messages[0].role in ("system", "developer"):
        instructions.append(_text(messages.pop(0)))
    asked = max((i for i, m in enumerate(messages) if m.role == "user"), default=None)
    before = messages[:asked] if asked is not None else messages
    after = messages[asked + 1 :] if asked is not None else []
    # Where clients append their instructions: they join the others, before the question.
    before += [message for message in after if message.role in ("system", "developer")]
    after = [message for message in after if message.role not in ("system", "developer")]
    # Of the question alone: it may be in another than what was said before.
    spoken = languages[len(languages) - len(messages) + asked] if asked is not None else []
    count = wanted.n or 1
    return [
        TurnRequest(
            conversation_id=conversation_id,
            user_id=user_id,
            question=_text(messages[asked]) if asked is not None else "",
            # Without a question the assistant speaks by itself, as its instructions say.
            cue=None if asked is not None else "",
            history=tuple(_message(message) for message in before),
            steps=tuple(_message(message) for message in after),
            language=next(filter(None, reversed(spoken)), None),
            speak=wanted.wants_audio,
            voice=voice,
            instructions="\n\n".join(filter(None, instructions)) or None,
            max_reply_tokens=_max_tokens(wanted),
            generation=wanted.generation(choice),
            functions=wanted.functions(),
            tool_choice=tool_choice,
            # One remembered answer would be all the choices.
            fresh=count > 1,
        )
        for choice in range(count)
    ]


def user_id() -> str:
    return known_user() or ANYBODY


def _whose(wanted: ChatCompletionRequest) -> tuple[str, str]:
    """Return the conversation, empty for none, and the user."""
    headers = {"x_conversation_id": request.headers.get("X-Conversation-Id")}
    conversation_id = parse(ChatHeaders, headers).x_conversation_id
    if conversation_id is None:
        return "", user_id()
    if (wanted.n or 1) > 1:
        raise ProblemError("request_invalid", "A conversation goes on in one way only.", "n")
    return conversation_id, user_of(conversation_id)


def _voice(wanted: ChatCompletionRequest) -> str | None:
    if not wanted.wants_audio or wanted.audio is None:
        return None
    voice = wanted.audio.voice
    name = voice if isinstance(voice, str) else voice.get("id", "")
    try:
        check_voice(name)
    except UnknownVoiceError as error:
        raise ProblemError("unknown_voice", str(error), "audio.voice") from error
    return name


def _max_tokens(wanted: ChatCompletionRequest) -> int | None:
    limit = wanted.max_completion_tokens or wanted.max_tokens
    return min(limit, services().settings.llm_context_tokens) if limit else None


def _message(message: ChatMessage) -> Message:
    return Message(
        role="system" if message.role == "developer" else message.role,
        content=_text(message),
        tool_calls=tuple(
            FunctionCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in message.tool_calls or ()
        ),
        tool_call_id=message.tool_call_id,
    )


def _text(message: ChatMessage) -> str:
    if message.audio is not None and message.role == "assistant":
        return _said(message.audio.id)
    if isinstance(message.content, str) or message.content is None:
        return message.content or ""
    return "\n".join(filter(None, (part.text or part.refusal for part in message.content)))


def audio_id(turn_id: str) -> str:
    return f"audio_{turn_id}"


def _said(audio: str) -> str:
    """Return the words of an earlier answer that was spoken."""
    turn_id = audio.removeprefix(audio_id(""))
    state = load_state(services().bus, turn_id)
    if state.started is None or is_anothers(turn_id):
        raise ProblemError("audio_unknown", f"The sound {audio!r} is not kept.", "messages")
    return words_of(state)


def words_of(state: TurnState) -> str:
    """Return what programs were told of a turn's reply: no apology that stands for one."""
    is_apology = state.reply is not None and state.reply.source in ("fallback", "budget")
    return "" if is_apology else state.written


def check_calls(messages: Sequence[ChatMessage]) -> None:
    """Raises ProblemError where a call has no result, or a result no call, as OpenAI does."""
    open_calls: set[str | None] = set()
    for message in messages:
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                raise ProblemError(
                    "request_invalid",
                    "A message of the role 'tool' must answer one of the tool_calls before it.",
                    "messages",
                )
            open_calls.discard(message.tool_call_id)
            continue
        if open_calls:
            break
        open_calls = {call.id for call in message.tool_calls or ()}
    if open_calls:
        missing = ", ".join(sorted(str(call) for call in open_calls))
        raise ProblemError(
            "request_invalid", f"These tool_calls have no result: {missing}.", "messages"
        )


def hear(parts: Sequence[ContentPart]) -> list[str | None]:
    """Have each recording among the parts written down as its text; return the language of each
    part, None of what is no recording.

    Raises ProblemError.
    """
    recordings = [part for part in parts if part.type == "input_audio"]
    if len(recordings) > _MAX_RECORDINGS:
        raise ProblemError(
            "request_too_large", f"At most {_MAX_RECORDINGS} recordings at a time.", "messages"
        )
    uploads = [_decoded(part) for part in recordings]
    if sum(map(len, uploads)) > services().settings.max_upload_bytes:
        raise ProblemError("audio_too_large", "The recordings are too large.", "messages")
    languages: dict[int, str | None] = {}
    turns: list[str] = []
    try:
        for upload in uploads:
            turns.append(transcribe_upload(services(), upload))
        for part, turn_id in zip(recordings, turns, strict=True):
            part.text, languages[id(part)] = _transcript(turn_id)
    finally:
        for turn_id in turns:
            stop(services(), turn_id)  # Which changes nothing where it has ended.
    return [languages.get(id(part)) for part in parts]


def _parts(message: ChatMessage) -> list[ContentPart]:
    parts = message.content if isinstance(message.content, list) else []
    for part in parts:
        if part.type in ("image_url", "file"):
            raise ProblemError(
                "request_invalid",
                f"This server reads text and sound; it cannot look at {part.type!r}.",
                "messages",
            )
    return parts


def _decoded(part: ContentPart) -> bytes:
    try:
        # Some clients send a data URL.
        data = part.input_audio.data.rpartition(",")[2] if part.input_audio else ""
        upload = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise ProblemError("request_invalid", "input_audio is not base64.", "messages") from error
    if not upload:
        raise ProblemError("audio_empty", "An input_audio part has no sound.", "messages")
    return upload


def _transcript(turn_id: str) -> tuple[str, str | None]:
    for stored in services().bus.follow(turn_id, ping_s=_LOOK_S):
        if stored is None and has_left(request.environ):
            stop(services(), turn_id)
    state = load_state(services().bus, turn_id)
    if isinstance(state.end, TurnFailed):
        raise ProblemError(state.end.code, state.end.message, "messages")
    if state.transcript is None:
        raise ProblemError("turn_expired", "The recording is no longer kept; send it again.")
    return state.transcript.text, state.transcript.language


def completion_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
