"""The protocol's beta dialect: its events in the words of the GA dialect, and back.

A pure translation, at the edge of a session that knows the GA dialect alone. What is not
understood is passed on as it is, so that the session names what is wrong with it.
Source: https://platform.openai.com/docs/guides/realtime#beta-to-ga-migration
"""

from collections.abc import Mapping
from typing import Any

from web.realtime.protocol_errors import ProtocolError

Event = Mapping[str, Any]

_PATHS: dict[str, tuple[str, ...]] = {
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
    "output_audio_format": ("audio", "output", "format"),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "modalities": ("output_modalities",),
    "max_response_output_tokens": ("max_output_tokens",),
}
"""Where the settings of a session or a response are in the GA dialect."""
_NOT_SETTINGS = frozenset({"id", "object", "expires_at", "client_secret"})
"""Of a session that was told and is sent back, or made over HTTP."""
_OF_GA = frozenset({"audio", "output_modalities"})

_FORMATS: dict[str, dict[str, Any]] = {
    "pcm16": {"type": "audio/pcm", "rate": 24_000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}
_FORMAT_NAMES = {ga["type"]: name for name, ga in _FORMATS.items()}
_PARTS = {"text": "output_text", "audio": "output_audio"}
_PART_NAMES = {ga: name for name, ga in _PARTS.items()}

_EVENTS = {
    "conversation.item.added": "conversation.item.created",
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
}
_UNKNOWN = frozenset({"conversation.item.done"})
"""Server events that the beta has nothing for."""

_USUAL_TEMPERATURE = 0.8
"""Told where the client has set none; the GA dialect has no such setting."""


def client_event(event: Event) -> dict[str, Any]:
    """Return what the client sent as the GA dialect has it. Raises ProtocolError."""
    ga = dict(event)
    match event:
        case {"type": "session.update", "session": dict(session)}:
            ga["session"] = session_settings(session)
        case {"type": "transcription_session.update"}:
            ga["type"] = "session.update"
            if isinstance(flat := event.get("session"), dict):
                ga["session"] = transcription_settings(flat)
        case {"type": "response.create", "response": dict(response)}:
            ga["response"] = _settings(response)
            if isinstance(items := response.get("input"), list):
                ga["response"]["input"] = [_item_from_beta(item) for item in items]
        case {"type": "conversation.item.create", "item": item}:
            ga["item"] = _item_from_beta(item)
    return ga


def session_settings(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return the GA dialect's `session` of a conversation. Raises ProtocolError."""
    return {"type": "realtime", **_settings(session)}


def transcription_settings(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return the GA dialect's `session` of one that only transcribes. Raises ProtocolError."""
    # The beta's describes the sound as text and sound, whatever comes out.
    told = {name: value for name, value in session.items() if name != "modalities"}
    return {"type": "transcription", **_settings(told)}


def _settings(flat: Mapping[str, Any]) -> dict[str, Any]:
    ga: dict[str, Any] = {}
    for name, value in flat.items():
        if name in _NOT_SETTINGS:
            continue
        if name in _OF_GA:
            raise ProtocolError(
                "unknown_parameter",
                f"{name} is of the protocol's GA dialect, and this session speaks its beta.",
                f"session.{name}",
            )
        *folders, last = _PATHS.get(name, (name,))
        inner = ga
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[last] = _setting(name, value)
    return ga


def _setting(name: str, value: Any) -> Any:
    if name in ("input_audio_format", "output_audio_format") and isinstance(value, str):
        return _FORMATS.get(value, {"type": value})
    if name == "turn_detection" and isinstance(value, dict):
        return {**value, "type": value.get("type") or "server_vad"}  # At first there was no other.
    if name == "modalities" and isinstance(value, list) and "audio" in value:
        return ["audio"]
    if (
        name == "tool_choice"
        and isinstance(value, dict)
        and isinstance(function := value.get("function"), dict)
    ):
        return {"type": "function", **function}
    return value


def _item_from_beta(item: Any) -> Any:
    return _with_parts(item, _PARTS)


def _with_parts(item: Any, names: Mapping[str, str]) -> Any:
    """Return the item with the types of its content renamed."""
    if not isinstance(item, dict) or not isinstance(item.get("content"), list):
        return item
    content = [
        {**part, "type": names.get(str(part.get("type")), part.get("type"))}
        if isinstance(part, dict)
        else part
        for part in item["content"]
    ]
    return {**item, "content": content}


def server_event(event: Event) -> dict[str, Any] | None:
    """Return the event as the client knows it, None where it knows no such thing."""
    kind = event["type"]
    if kind in _UNKNOWN:
        return None
    beta = {**event, "type": _EVENTS.get(kind, kind)}
    if "session" in event:
        beta["session"] = described_session(event["session"])
        if event["session"].get("type") == "transcription" and kind.startswith("session."):
            beta["type"] = f"transcription_{kind}"
    if "response" in event:
        beta["response"] = _response_to_beta(event["response"])
    if "item" in event:
        beta["item"] = _with_parts(event["item"], _PART_NAMES)
    if kind == "error":
        beta["error"] = _named_error(event["error"])
    return beta


def described_session(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return a session of either kind in the beta's flat shape."""
    is_transcription = session.get("type") == "transcription"
    heard = session["audio"]["input"]
    beta: dict[str, Any] = {
        "id": session["id"],
        "object": "realtime.transcription_session" if is_transcription else "realtime.session",
        "expires_at": session.get("expires_at", 0),
        "input_audio_format": _FORMAT_NAMES[heard["format"]["type"]],
        "input_audio_transcription": heard["transcription"],
        "input_audio_noise_reduction": heard["noise_reduction"],
        "turn_detection": heard["turn_detection"],
        "include": session.get("include"),
        "client_secret": None,
    }
    if is_transcription:
        return beta
    for name in ("model", "conversation_id"):
        if name in session:
            beta[name] = session[name]
    for name in ("instructions", "tools", "tool_choice", "tracing"):
        beta[name] = session[name]
    spoken = session["audio"]["output"]
    return beta | {
        "modalities": _modalities(session),
        "voice": spoken["voice"],
        "speed": spoken["speed"],
        "output_audio_format": _FORMAT_NAMES[spoken["format"]["type"]],
        "temperature": session.get("temperature", _USUAL_TEMPERATURE),
        "max_response_output_tokens": session["max_output_tokens"],
    }


def _response_to_beta(response: Mapping[str, Any]) -> dict[str, Any]:
    spoken = response["audio"]["output"]
    beta = {
        name: value
        for name, value in response.items()
        if name not in ("audio", "output_modalities")
    }
    return beta | {
        "output": [_with_parts(item, _PART_NAMES) for item in response["output"]],
        "modalities": _modalities(response),
        "voice": spoken["voice"],
        "output_audio_format": _FORMAT_NAMES[spoken["format"]["type"]],
        "temperature": response.get("temperature", _USUAL_TEMPERATURE),
    }


def _modalities(described: Mapping[str, Any]) -> list[str]:
    return ["text", "audio"] if "audio" in described["output_modalities"] else ["text"]


def _named_error(error: Mapping[str, Any]) -> dict[str, Any]:
    param = error["param"]
    if param is None:
        return dict(error)
    told = named_param(param)
    return {**error, "param": told, "message": error["message"].replace(param, told)}


def named_param(param: str) -> str:
    """Return where the client has set what is wrong, as `session.voice`."""
    subject, _, path = param.partition(".")
    for name, ga in _PATHS.items():
        ga_path = ".".join(ga)
        if path == ga_path or path.startswith(f"{ga_path}."):
            return f"{subject}.{name}{path.removeprefix(ga_path)}"
    return param
