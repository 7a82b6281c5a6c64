"""The list of voices and the choice of one."""

import subprocess
import sys

import pytest

from speech.errors import UnknownVoiceError
from speech.tts.registry import ENGINES
from speech.tts.voices import (
    OPENAI_VOICES,
    VOICES,
    check_voice,
    find_voice,
    speaker,
    voice_for,
)

DEFAULTS = {"en": "piper:en_US-joe-medium", "zh": "kokoro:zf_xiaobei"}


def test_every_voice_has_its_own_id_and_an_engine_that_exists() -> None:
    assert len({voice.id for voice in VOICES}) == len(VOICES)
    assert {voice.engine for voice in VOICES} == set(ENGINES)
    assert all(voice.id.startswith(f"{voice.engine}:") and voice.title for voice in VOICES)


def test_a_voice_is_found_by_its_id() -> None:
    assert find_voice("kokoro:zm_yunxi").languages == ("zh",)


def test_an_unknown_voice_is_refused_with_some_that_exist() -> None:
    with pytest.raises(UnknownVoiceError, match=r"kokoro:af_heart.*api/voices"):
        find_voice("siri")


def test_the_preferred_voice_reads_only_what_it_speaks() -> None:
    heart = find_voice("kokoro:af_heart")
    assert voice_for("en", heart, DEFAULTS) == heart
    assert voice_for("zh", heart, DEFAULTS).id == "kokoro:zf_xiaobei"


def test_without_a_preference_the_language_decides() -> None:
    assert voice_for("en", None, DEFAULTS).id == "piper:en_US-joe-medium"
    assert voice_for("fr", None, DEFAULTS).id == "kokoro:ff_siwis"
    assert voice_for("de", None, DEFAULTS).id == "pyttsx3:de"
    assert voice_for("xx", None, DEFAULTS).id == "piper:en_US-joe-medium"


def test_chinese_is_never_read_by_an_english_voice_nor_by_espeak() -> None:
    wrong = {"zh": "piper:en_US-joe-medium"}
    for voice in (None, *VOICES):
        assert voice_for("zh", voice, wrong).name.startswith("z")
        assert voice_for("zh", voice, {}).engine == "kokoro"


OPENAI_NAMES = [
    *("alloy", "ash", "ballad", "coral", "echo", "fable", "onyx"),
    *("nova", "sage", "shimmer", "verse", "marin", "cedar"),
]


def test_every_voice_of_openais_speaks_english_and_chinese_in_the_voice_of_its_sex() -> None:
    assert list(OPENAI_VOICES) == OPENAI_NAMES
    for name, known in OPENAI_VOICES.items():
        check_voice(name)
        for language in ("en", "zh"):
            voice = speaker(name, language)
            if name == "alloy":
                assert voice is None, "the default voice"
                continue
            assert voice is not None and voice.languages == (language,)
            assert voice.sex == known.sex


def test_openais_voices_are_told_apart() -> None:
    english = [speaker(name, "en") for name in OPENAI_NAMES]
    chinese = [speaker(name, "zh") for name in OPENAI_NAMES]
    assert len(set(english)) == len(OPENAI_NAMES)
    assert len(set(chinese)) == 8, "seven, and the default voice"


def test_openais_voices_keep_their_sex_in_other_languages_where_there_is_a_choice() -> None:
    assert (nova := speaker("nova", "es")) and nova.id == "kokoro:ef_dora"
    assert (onyx := speaker("onyx", "es")) and onyx.id == "kokoro:em_alex"
    assert speaker("onyx", "fr") is None, "French has a woman's voice only"
    assert speaker("nova", "de") is None


def test_a_voice_of_ours_is_nobody_in_a_language_it_does_not_speak() -> None:
    assert speaker("kokoro:af_heart", "en") == find_voice("kokoro:af_heart")
    assert speaker("kokoro:af_heart", "zh") is None
    with pytest.raises(UnknownVoiceError):
        speaker("siri", "en")
    with pytest.raises(UnknownVoiceError):
        check_voice("siri")


def test_listing_voices_loads_no_engine() -> None:
    code = (
        "import sys, speech.tts.voices, speech.tts.registry;"
        "print(sorted({'onnxruntime', 'torch', 'piper', 'kokoro_onnx', 'pyttsx3', 'jieba'}"
        " & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
