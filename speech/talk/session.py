"""What the client asks of its session."""

from typing import Any

from speech.talk.options import Options
from speech.talk.realtime_client import SAMPLE_RATE_HZ


def describe_session(options: Options) -> dict[str, Any]:
    """Return the `session` of a `session.update`, in the protocol's GA dialect."""
    if options.is_text:
        return {"type": "realtime", "output_modalities": ["text"]}
    sound = {"type": "audio/pcm", "rate": SAMPLE_RATE_HZ}
    detection = {
        "type": "semantic_vad",
        "eagerness": options.eagerness,
        "create_response": True,
        "interrupt_response": True,
    }
    hearing: dict[str, Any] = {
        "format": sound,
        "turn_detection": None if options.push_to_talk else detection,
    }
    # Without it the server does not tell what it understood.
    hearing["transcription"] = {"model": "default"}
    if options.language is not None:
        hearing["transcription"]["language"] = options.language
    speaking: dict[str, Any] = {"format": sound}
    if options.voice is not None:
        speaking["voice"] = options.voice
    return {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {"input": hearing, "output": speaking},
    }
