"""What can go wrong with sound, each with a stable code and a sentence for the user."""


class SpeechError(Exception):
    """Base of the sound errors; `str(error)` is fit for the user to read."""

    code = "speech_error"
    is_retryable = False


class AudioEmptyError(SpeechError):
    """No bytes, or a container without a single sample."""

    code = "audio_empty"


class AudioUnreadableError(SpeechError):
    """Not sound, damaged beyond reading, or of a kind that is refused."""

    code = "audio_unreadable"


class AudioTooLargeError(SpeechError):
    code = "audio_too_large"


class AudioTooLongError(SpeechError):
    code = "audio_too_long"


class AudioTooManyChannelsError(SpeechError):
    code = "audio_too_many_channels"


class UnknownLanguageError(SpeechError):
    code = "unknown_language"


class UnknownEngineError(SpeechError):
    code = "unknown_engine"


class UnknownVoiceError(SpeechError):
    code = "unknown_voice"


class EngineUnavailableError(SpeechError):
    """The engine cannot run on this machine: a missing library or model file, named in the text."""

    code = "engine_unavailable"


class SynthesisCancelledError(SpeechError):
    """Not a failure: whoever asked no longer wants the sound."""

    code = "synthesis_cancelled"


class SynthesisError(SpeechError):
    """The engine ran and gave no sound for this text."""

    code = "synthesis_failed"
