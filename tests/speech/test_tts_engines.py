"""What every synthesis engine promises, heard by Whisper; all of them in one process."""

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import jiwer
import pytest
from faster_whisper import WhisperModel, decode_audio
from misaki.zh_normalization.char_convert import tranditional_to_simplified

from speech.audio import Audio, encode_pcm16, wrap_wav
from speech.errors import (
    EngineUnavailableError,
    SynthesisCancelledError,
    SynthesisError,
    UnknownEngineError,
)
from speech.tts.base import SynthesisEngine
from speech.tts.registry import ENGINES, create_engine
from speech.tts.voices import find_voice

ENGLISH = "The weather will be fine tomorrow, but it may rain in the evening."
CHINESE = "今天天气很好，我们一起去公园散步吧。"
VOICES_IN_ENGLISH = [
    "piper:en_US-joe-medium",
    "kokoro:af_heart",
    "kokoro:bm_george",
    "pyttsx3:en-us",
]
VOICES_IN_CHINESE = ["kokoro:zf_xiaobei", "kokoro:zm_yunxi"]

Say = Callable[..., Audio]
Hear = Callable[[Audio, str], str]


@pytest.fixture(scope="module")
def engines(models: Path) -> dict[str, SynthesisEngine]:
    return {name: create_engine(name, models, threads=1, device="cpu") for name in ENGINES}


@pytest.fixture
def say(engines: dict[str, SynthesisEngine]) -> Say:
    def say(text: str, voice_id: str, speed: float = 1.0) -> Audio:
        voice = find_voice(voice_id)
        return engines[voice.engine].synthesize(text, voice, voice.languages[0], speed)

    return say


@pytest.fixture(scope="module")
def hear(models: Path) -> Hear:
    model = WhisperModel(str(models / "whisper-base"), device="cpu", compute_type="int8")

    def hear(audio: Audio, language: str) -> str:
        wav = wrap_wav(encode_pcm16(audio), audio.sample_rate_hz)
        segments, _ = model.transcribe(decode_audio(io.BytesIO(wav)), language=language)
        return str(tranditional_to_simplified("".join(segment.text for segment in segments)))

    return hear


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("voice_id", VOICES_IN_ENGLISH)
def test_english_is_understood(say: Say, hear: Hear, voice_id: str) -> None:
    started = perf_counter()
    audio = say(ENGLISH, voice_id)
    took_s = perf_counter() - started
    heard = hear(audio, "en")
    print(f"{voice_id}: {took_s / audio.duration_s:.3f} s of work per second; heard {heard!r}")
    assert jiwer.wer(words(ENGLISH), words(heard)) <= 0.1


@pytest.mark.parametrize("voice_id", VOICES_IN_CHINESE)
def test_chinese_is_understood(say: Say, hear: Hear, voice_id: str) -> None:
    heard = hear(say(CHINESE, voice_id), "zh")
    assert jiwer.cer(words(CHINESE).replace(" ", ""), words(heard).replace(" ", "")) <= 0.15


@pytest.mark.parametrize("voice_id", VOICES_IN_CHINESE)
def test_an_english_word_is_heard_inside_chinese(say: Say, hear: Hear, voice_id: str) -> None:
    heard = hear(say("我喜欢用 Python 写程序。", voice_id), "zh").lower()
    assert "python" in heard
    assert "我喜欢用" in heard


def test_a_chinese_voice_reads_an_english_sentence_that_quotes_chinese(
    say: Say, hear: Hear
) -> None:
    heard = hear(say("He said 你好 to the teacher.", "kokoro:zf_xiaobei"), "zh").lower()
    assert "he said" in heard
    assert "你好" in heard


def test_numbers_in_chinese_are_heard(say: Say, hear: Hear) -> None:
    heard = hear(say("增长了3.5%，现在是25元。", "kokoro:zm_yunxi"), "zh")
    assert "3.5%" in heard
    assert "25" in heard


@pytest.mark.parametrize("voice_id", ["piper:en_US-joe-medium", "kokoro:af_heart", "pyttsx3:en-us"])
def test_speed_shortens_the_sound(say: Say, voice_id: str) -> None:
    plain, fast = (say("Hello, how are you?", voice_id, speed) for speed in (1.0, 1.6))
    assert 0.5 < fast.duration_s / plain.duration_s < 0.85


@pytest.mark.parametrize("voice_id", ["piper:en_US-joe-medium", "kokoro:af_heart"])
@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_twice_and_half_the_speed_are_nearly_so(say: Say, voice_id: str, speed: float) -> None:
    plain, other = (say(ENGLISH, voice_id, at) for at in (1.0, speed))
    print(f"{voice_id}: {plain.duration_s / other.duration_s:.2f} times as fast, not {speed}")
    assert plain.duration_s / other.duration_s == pytest.approx(speed, rel=0.2)


@pytest.mark.parametrize(
    "voice_id, text",
    [("piper:en_US-joe-medium", ENGLISH * 6), ("kokoro:zf_xiaobei", CHINESE * 6)],
)
def test_sound_that_nobody_wants_any_more_is_not_made_to_its_end(
    engines: dict[str, SynthesisEngine], voice_id: str, text: str
) -> None:
    voice = find_voice(voice_id)
    asked_s: list[float] = []

    def is_cancelled() -> bool:
        asked_s.append(perf_counter())
        return len(asked_s) == 6

    with pytest.raises(SynthesisCancelledError):
        engines[voice.engine].synthesize(text, voice, voice.languages[0], 1.0, is_cancelled)
    took_ms = 1000 * (perf_counter() - asked_s[-1])
    print(f"{voice_id}: silent {took_ms:.0f} ms after it was cancelled")
    assert took_ms < 1000
    # What was stopped leaves the engine as it was.
    wanted = engines[voice.engine].synthesize(text[:40], voice, voice.languages[0], 1.0, bool)
    assert wanted.duration_s > 1


@pytest.mark.parametrize(
    "voice_id", ["piper:en_US-joe-medium", *VOICES_IN_CHINESE, "pyttsx3:en-us"]
)
def test_a_text_without_words_is_an_error(say: Say, voice_id: str) -> None:
    with pytest.raises(SynthesisError):
        say("…", voice_id)


def test_all_engines_speak_at_once_in_one_process(say: Say) -> None:
    jobs = [("Good evening.", voice_id) for voice_id in VOICES_IN_ENGLISH]
    jobs += [("晚上好。", "kokoro:zm_yunxi")]
    alone = [say(*job).duration_s for job in jobs]
    with ThreadPoolExecutor(len(jobs)) as threads:
        together = [audio.duration_s for audio in threads.map(lambda job: say(*job), jobs)]
    assert together == pytest.approx(alone, rel=0.25)


def test_pyttsx3_loses_no_text_of_many_callers(say: Say, capfd: pytest.CaptureFixture[str]) -> None:
    texts = ["Yes.", "This is a longer sentence, with a clause.", "Good morning."] * 30
    with ThreadPoolExecutor(8) as threads:
        durations = list(threads.map(lambda text: say(text, "pyttsx3:en-us").duration_s, texts))
    assert durations == pytest.approx(durations[:3] * 30, rel=0.1)
    assert capfd.readouterr() == ("", "")


def test_pyttsx3_speaks_while_espeak_says_that_it_does(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it says for a moment some 140 ms after each text.
    monkeypatch.setattr("pyttsx3.drivers._espeak.IsPlaying", lambda: 1)
    first, second = (say("Good morning.", "pyttsx3:en-us").duration_s for _ in range(2))
    assert first == pytest.approx(second, rel=0.1)


def test_the_first_text_of_a_new_pyttsx3_is_whole_on_a_busy_machine() -> None:
    # A process of its own at the lowest priority, on a core that others keep busy: only an engine
    # that nobody has used yet could lose its first text, and only where espeak came late.
    program = """
from pathlib import Path
from speech.tts.pyttsx3_engine import _load
from speech.tts.registry import create_engine
from speech.tts.voices import find_voice
engine, voice = create_engine("pyttsx3", Path(), 1, "cpu"), find_voice("pyttsx3:en-us")
print(_load()[0].isBusy())
for _ in range(2):
    print(engine.synthesize("The weather will be fine tomorrow.", voice, "en", 1.0).duration_s)
"""
    core = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    pinned = ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []
    busy = [subprocess.Popen([*pinned, sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        ran = subprocess.run(
            [*pinned, "nice", sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert ran.stderr == "", "nor does it complain at the end"
    is_busy, first, second = ran.stdout.split()
    assert is_busy == "False"
    assert float(first) == pytest.approx(float(second), rel=0.05)


def test_an_unknown_engine_is_refused_with_those_that_exist(models: Path) -> None:
    with pytest.raises(UnknownEngineError, match="piper, kokoro, pyttsx3"):
        create_engine("festival", models, 1, "cpu")


@pytest.mark.parametrize("name", ["piper", "kokoro"])
def test_a_missing_model_is_named_with_what_mends_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"\.onnx is missing.*make models"):
        create_engine(name, tmp_path, 1, "cpu")


def test_a_damaged_model_is_named_with_what_mends_it(tmp_path: Path) -> None:
    model = tmp_path / "kokoro-82m" / "kokoro-v1.0.int8.onnx"
    model.parent.mkdir()
    model.write_bytes(b"not a model")
    with pytest.raises(EngineUnavailableError, match="make models"):
        create_engine("kokoro", tmp_path, 1, "cpu")
