"""What this server offers, as Home Assistant asks for it."""

from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    HandleModel,
    HandleProgram,
    Info,
    TtsProgram,
    TtsVoice,
)

from speech.languages import LANGUAGES
from speech.tts.voices import VOICES
from workers.settings import Settings

NAME = "voice-assistant"
"""Of each program; Home Assistant names its entities so."""

_OURS = Attribution(name=NAME, url="")
_WHISPER = Attribution(name="OpenAI", url="https://github.com/openai/whisper")
_VOICES = {
    "kokoro": Attribution(name="hexgrad", url="https://huggingface.co/hexgrad/Kokoro-82M"),
    "piper": Attribution(name="OHF-Voice", url="https://github.com/OHF-Voice/piper1-gpl"),
    "pyttsx3": Attribution(name="eSpeak NG", url="https://github.com/espeak-ng/espeak-ng"),
}
"""By engine."""

DIALOGUE_LANGUAGES = ["en", "zh"]
"""Those in which the whole dialogue works: checks, tools, memory."""


def describe(settings: Settings) -> Info:
    return Info(asr=[_recognition(settings)], tts=[_synthesis()], handle=[_dialogue(settings)])


def _recognition(settings: Settings) -> AsrProgram:
    model = AsrModel(
        name=settings.asr_model,
        attribution=_WHISPER,
        installed=True,
        description=f"Whisper ({settings.asr_model})",
        version=None,
        # Cantonese has a token only from large-v3 on.
        languages=[code for code in LANGUAGES if code != "yue"],
    )
    return AsrProgram(
        name=NAME,
        attribution=_OURS,
        installed=True,
        description="Speech recognition",
        version=None,
        models=[model],
        supports_transcript_streaming=True,
    )


def _synthesis() -> TtsProgram:
    voices = [
        TtsVoice(
            name=voice.id,
            attribution=_VOICES[voice.engine],
            installed=True,
            description=voice.title,
            version=None,
            languages=list(voice.languages),
        )
        for voice in VOICES
    ]
    return TtsProgram(
        name=NAME,
        attribution=_OURS,
        installed=True,
        description="Speech synthesis",
        version=None,
        voices=voices,
        supports_synthesize_streaming=True,
    )


def _dialogue(settings: Settings) -> HandleProgram:
    model = HandleModel(
        name=settings.model_specs[0].name,
        attribution=_OURS,
        installed=True,
        description="The assistant",
        version=None,
        languages=DIALOGUE_LANGUAGES,
    )
    return HandleProgram(
        name=NAME,
        attribution=_OURS,
        installed=True,
        description="Conversation",
        version=None,
        models=[model],
        supports_handled_streaming=True,
        supports_home_control=False,
    )
