"""Every voice there is, known without loading an engine, and the choice of one for a text."""

from collections.abc import Mapping
from dataclasses import dataclass

from speech.errors import UnknownVoiceError
from speech.tts.base import Sex, Voice

ENGLISH_DEFAULT = "piper:en_US-joe-medium"

# Kokoro's names begin with a letter for the language and one for the sex. Its Japanese voices
# are left out: there is no pronunciation dictionary for them here.
_KOKORO_LANGUAGES = {
    "a": ("en", "English, US"),
    "b": ("en", "English, UK"),
    "z": ("zh", "中文"),
    "e": ("es", "Español"),
    "f": ("fr", "Français"),
    "h": ("hi", "हिन्दी"),
    "i": ("it", "Italiano"),
    "p": ("pt", "Português, BR"),
}
_KOKORO_NAMES = """
    af_heart af_alloy af_aoede af_bella af_jessica af_kore af_nicole af_nova af_river af_sarah
    af_sky am_michael am_adam am_echo am_eric am_fenrir am_liam am_onyx am_puck am_santa
    bf_emma bf_alice bf_isabella bf_lily bm_george bm_daniel bm_fable bm_lewis
    zf_xiaobei zf_xiaoni zf_xiaoxiao zf_xiaoyi zm_yunxi zm_yunjian zm_yunxia zm_yunyang
    ef_dora em_alex em_santa ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara im_nicola
    pf_dora pm_alex pm_santa
"""
# Whisper base makes out English, German, Spanish, Italian, Portuguese, Russian, Czech and
# Indonesian (character error rate up to 0.4), the others worse (up to 0.5), yet better than an
# English voice would read them. Never Chinese, Japanese or Korean: nobody understands those.
_ESPEAK_VOICES = {
    "gmw/en-us": ("en", "English, US"),
    "gmw/en": ("en", "English, UK"),
    "gmw/de": ("de", "Deutsch"),
    "roa/fr": ("fr", "Français"),
    "roa/es": ("es", "Español"),
    "roa/it": ("it", "Italiano"),
    "roa/pt-br": ("pt", "Português, BR"),
    "gmw/nl": ("nl", "Nederlands"),
    "gmq/sv": ("sv", "Svenska"),
    "zle/ru": ("ru", "Русский"),
    "zlw/pl": ("pl", "Polski"),
    "zlw/cs": ("cs", "Čeština"),
    "poz/id": ("id", "Bahasa Indonesia"),
}


@dataclass(frozen=True)
class OpenaiVoice:
    """A voice that OpenAI's clients ask for by name, and who speaks for it here."""

    sex: Sex | None
    en: str | None
    zh: str | None
    """Voice ids. None, and for all other languages: the first voice of that sex, or the default."""

    def voice_id(self, language: str) -> str | None:
        return {"en": self.en, "zh": self.zh}.get(language)


# `alloy` is what most clients ask for where nobody chose: the default voice of each language.
# LiveKit asks for `ash`, which is Piper's, as Kokoro takes six to ten times as long. Every Chinese
# voice is Kokoro's; zf_xiaoni is left out, of whom Whisper base understood less than half (of the
# others 78 to 94 of 100 characters).
OPENAI_VOICES: Mapping[str, OpenaiVoice] = {
    "alloy": OpenaiVoice(None, None, None),
    "ash": OpenaiVoice("male", ENGLISH_DEFAULT, "kokoro:zm_yunxi"),
    "ballad": OpenaiVoice("male", "kokoro:bm_george", "kokoro:zm_yunyang"),
    "coral": OpenaiVoice("female", "kokoro:af_bella", "kokoro:zf_xiaoyi"),
    "echo": OpenaiVoice("male", "kokoro:am_echo", "kokoro:zm_yunyang"),
    "fable": OpenaiVoice("male", "kokoro:bm_fable", "kokoro:zm_yunxia"),
    "onyx": OpenaiVoice("male", "kokoro:am_onyx", "kokoro:zm_yunjian"),
    "nova": OpenaiVoice("female", "kokoro:af_nova", "kokoro:zf_xiaoxiao"),
    "sage": OpenaiVoice("female", "kokoro:af_sarah", "kokoro:zf_xiaobei"),
    "shimmer": OpenaiVoice("female", "kokoro:af_sky", "kokoro:zf_xiaoyi"),
    "verse": OpenaiVoice("male", "kokoro:am_puck", "kokoro:zm_yunxi"),
    "marin": OpenaiVoice("female", "kokoro:af_heart", "kokoro:zf_xiaoxiao"),
    "cedar": OpenaiVoice("male", "kokoro:am_michael", "kokoro:zm_yunjian"),
}


def _list_voices() -> list[Voice]:
    voices = [
        Voice(
            id=ENGLISH_DEFAULT,
            engine="piper",
            name="en_US-joe-medium",
            languages=("en",),
            title="Joe (English, US)",
            sex="male",
        )
    ]
    for name in _KOKORO_NAMES.split():
        language, spoken = _KOKORO_LANGUAGES[name[0]]
        voices.append(
            Voice(
                id=f"kokoro:{name}",
                engine="kokoro",
                name=name,
                languages=(language,),
                title=f"{name[3:].capitalize()} ({spoken})",
                sex="female" if name[1] == "f" else "male",
            )
        )
    for name, (language, spoken) in _ESPEAK_VOICES.items():
        short = name.split("/")[1]
        voices.append(
            Voice(
                id=f"pyttsx3:{short}",
                engine="pyttsx3",
                name=name,
                languages=(language,),
                title=f"eSpeak ({spoken})",
            )
        )
    return voices


VOICES = tuple(_list_voices())
_BY_ID = {voice.id: voice for voice in VOICES}


def find_voice(voice_id: str) -> Voice:
    """Return the voice of that id. Raises UnknownVoiceError."""
    if voice := _BY_ID.get(voice_id):
        return voice
    raise UnknownVoiceError(
        f"There is no voice {voice_id!r}. Try {ENGLISH_DEFAULT}, kokoro:af_heart, "
        "kokoro:zf_xiaobei or pyttsx3:en-us; GET /api/voices lists all of them."
    )


def check_voice(name: str) -> None:
    """Raises UnknownVoiceError where `name` is neither a voice's id nor one of OpenAI's names."""
    if name not in OPENAI_VOICES:
        find_voice(name)


def language_of_voice(name: str) -> str | None:
    """Return the first language of the voice of that id; None for one of OpenAI's names.

    Raises UnknownVoiceError.
    """
    return None if name in OPENAI_VOICES else find_voice(name).languages[0]


def speaker(name: str, language: str) -> Voice | None:
    """Return who reads `language` under this name: a voice's id, or one of OpenAI's names.

    None where nobody of that name speaks it. Raises UnknownVoiceError.
    """
    known = OPENAI_VOICES.get(name)
    if known is None:
        voice = find_voice(name)
        return voice if language in voice.languages else None
    if voice_id := known.voice_id(language):
        return find_voice(voice_id)
    alike = (voice for voice in VOICES if language in voice.languages and voice.sex == known.sex)
    return next(alike, None) if known.sex else None


def voice_for(language: str, preferred: Voice | None, defaults: Mapping[str, str]) -> Voice:
    """Return the voice that reads a text in `language`.

    That is the preferred one where it speaks the language, else the default for it, else any
    that speaks it, else the English default. `defaults`: ISO 639-1 code to voice id. Raises
    UnknownVoiceError where a default does not exist.
    """
    candidates = [preferred] if preferred else []
    candidates += [find_voice(defaults[language])] if language in defaults else []
    for voice in (*candidates, *VOICES):
        if language in voice.languages:
            return voice
    return find_voice(defaults.get("en", ENGLISH_DEFAULT))
