"""A conversation with the assistant itself: its models, its socket, through virtual devices."""

import difflib
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from bench.error_rate import normalize
from speech.asr.base import RecognitionOptions
from speech.audio import Audio
from speech.decoding import resample
from speech.recognition import transcribe
from speech.tts.registry import create_engine
from speech.tts.voices import find_voice
from tests.conftest import Server
from tests.speech import spoken
from tests.speech.talk.likeness import longest_silence
from tests.speech.talk.terminal import Program, run_program
from tests.speech.talk.virtual_sound import RATE_HZ, Recording, VirtualSound

QUESTION, ANSWER = "How many days are there in a week?", re.compile("7|[Ss]even")
DEVICES = ("--input", "test_microphone", "--output", "test_speaker")


def test_a_spoken_question_has_a_spoken_answer(
    server: Server, sound: VirtualSound, models: Path
) -> None:
    question = _say(models, QUESTION)
    written, heard = _ask(server, sound, models, question, "en")
    assert ANSWER.search(written)
    assert _likeness(written.split("Assistant: ")[1].splitlines()[0], heard, "en") > 0.7


def test_a_question_in_chinese_has_an_answer_in_chinese(
    server: Server, sound: VirtualSound, models: Path
) -> None:
    voice = find_voice("kokoro:zf_xiaobei")
    engine = create_engine("kokoro", models, threads=1, device="cpu")
    question = engine.synthesize("请问，法国的首都是哪里？", voice, "zh", 1.0)
    written, heard = _ask(server, sound, models, resample(question, RATE_HZ), "zh")
    assert "巴黎" in written
    assert _likeness(written.split("助手: ")[1].splitlines()[0], heard, "zh") > 0.7


def test_a_voice_silences_the_assistant(server: Server, sound: VirtualSound, models: Path) -> None:
    story = _say(models, "Please tell me a long story about a river.")
    question = _say(models, QUESTION)
    arguments = ("--server", server.url, *DEVICES)
    with run_program(*arguments, environment=sound.environment) as program:
        program.wait_for("[listening]")
        with sound.record() as recording:
            sound.say(story)
            recording.wait_for_sound(60)
            time.sleep(1)
            before = len(recording.samples)
            sound.say(question, wait=False)
            program.wait_for("Assistant: ", 2, timeout_s=60)
            time.sleep(1.5)  # The answer sounds, maybe already while the program writes it.
            stopped_s, answered_s = longest_silence(recording.samples[before:])
        # Of the voice itself: to know it as one takes a while, and so does a busy machine.
        assert stopped_s < 1.0
        assert answered_s > question.duration_s
        _end(program)
    assert "[interrupted]" in program.output
    assert ANSWER.search(program.output)


def _ask(
    server: Server, sound: VirtualSound, models: Path, question: Audio, language: str
) -> tuple[str, str]:
    """Return what the terminal shows, and what Whisper hears from the loudspeaker."""
    arguments = ("--server", server.url, *DEVICES, "--language", language)
    with run_program(*arguments, environment=sound.environment) as program:
        program.wait_for("[listening]" if language == "en" else "[请说话]")
        with sound.record() as recording:
            sound.say(question)
            recording.wait_for_sound(60)
            _wait_for_silence(recording)
        _end(program)
    heard = resample(Audio(recording.samples, RATE_HZ), spoken.RATE_HZ)
    recognition = spoken.load_engine(models, "faster-whisper")
    return program.output, transcribe(heard, recognition, RecognitionOptions()).text


def _likeness(written: str, heard: str, language: str) -> float:
    # The one may have "seven" where the other has "7".
    first, second = normalize(written, language), normalize(heard, language)
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()


def _say(models: Path, text: str) -> Audio:
    return resample(Audio(spoken.say(models, text), spoken.RATE_HZ), RATE_HZ)


def _wait_for_silence(recording: Recording) -> None:
    for _ in range(600):
        if np.abs(recording.samples[-2 * RATE_HZ :]).max() < 0.01:
            return
        time.sleep(0.1)
    pytest.fail("the reply does not end within a minute")


def _end(program: Program) -> None:
    program.process.send_signal(signal.SIGTERM)
    assert program.end() == 0
