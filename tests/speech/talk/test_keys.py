"""Keys pressed in a real terminal, and everything that ends the program."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from speech.audio import Audio
from tests.speech.talk.likeness import find_sound
from tests.speech.talk.scripted_server import ScriptedServer
from tests.speech.talk.terminal import run_program
from tests.speech.talk.virtual_sound import RATE_HZ, VirtualSound

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudoterminals")

DEVICES = ("--input", "test_microphone", "--output", "test_speaker")


def test_push_to_talk_sends_what_is_said_between_two_presses(
    script: ScriptedServer, sound: VirtualSound, question: Audio
) -> None:
    arguments = ("--server", script.url, *DEVICES, "--push-to-talk")
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        update = script.wait_for("session.update").data["session"]
        assert update["audio"]["input"]["turn_detection"] is None
        program.wait_for("press Space and speak")
        sound.say(question)
        time.sleep(0.5)
        assert len(script.sound) == 0
        program.press(" ")
        script.wait_for("input_audio_buffer.clear")
        program.wait_for("recording, Space sends it")
        sound.say(question)
        program.press("\n")
        script.wait_for("input_audio_buffer.commit")
        script.wait_for("response.create")
        heard = script.sound
        time.sleep(0.3)
        assert len(script.sound) == len(heard)
    assert find_sound(heard, question.samples).likeness > 0.95
    kinds = [message.type for message in script.received]
    assert kinds[-2:] == ["input_audio_buffer.commit", "response.create"]


def test_talking_into_a_reply_by_key_ends_it(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    arguments = ("--server", script.url, *DEVICES, "--push-to-talk")
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        script.wait_for("session.update")
        program.wait_for("press Space")
        script.speak("reply", reply)
        script.wait_for("x.playback.position", 2)
        program.press(" ")
        heard_ms = script.wait_for("conversation.item.truncate").data["audio_end_ms"]
        script.wait_for("input_audio_buffer.clear")
    assert 900 < heard_ms < 1500


def test_space_stops_a_reply_that_is_still_being_made(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    arguments = ("--server", script.url, *DEVICES, "--half-duplex")
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        script.wait_for("session.update")
        script.send("response.created", response={"id": "slow"})
        program.wait_for("thinking")
        program.press(" ")
        cancelled = script.wait_for("response.cancel").data
    assert cancelled["response_id"] == "slow"


def test_m_silences_the_microphone_and_opens_it_again(
    script: ScriptedServer, sound: VirtualSound, question: Audio
) -> None:
    arguments = ("--server", script.url, *DEVICES)
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        script.wait_for_sound(0.2)
        program.press("m")
        program.wait_for("● muted")
        before = len(script.sound)
        sound.say(question)
        muted = script.sound[before + RATE_HZ // 5 :]
        program.press("m")
        program.wait_for("● listening", 2)
        before = len(script.sound)
        sound.say(question)
        script.wait_for_sound(0.3)
    # Silence is sent, not nothing: without sound the session's clock would stand still.
    assert len(muted) > RATE_HZ
    assert not muted.any()
    assert find_sound(script.sound[before:], question.samples).likeness > 0.95


def test_captions_and_the_level_are_drawn_in_place(
    script: ScriptedServer, sound: VirtualSound, question: Audio
) -> None:
    arguments = ("--server", script.url, *DEVICES)
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        script.wait_for_sound(0.2)
        script.send("input_audio_buffer.speech_started", item_id="words", audio_start_ms=0)
        program.wait_for("hearing you")
        sound.say(question, wait=False)
        program.wait_for("▮▮▮")
        script.send("x.caption", item_id="words", text="What is the")
        program.wait_for("What is the")
        transcribed = "conversation.item.input_audio_transcription.completed"
        script.send(transcribed, item_id="words", transcript="What is the capital of France?")
        program.wait_for("You: What is the capital of France?\r\n")
    assert "\r\x1b[2K" in program.output


def test_h_switches_to_half_duplex_when_the_assistant_hears_itself(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    transcribed = "conversation.item.input_audio_transcription.completed"
    arguments = ("--server", script.url, *DEVICES)
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        script.wait_for_sound(0.2)
        for number in range(2):
            script.speak(f"reply-{number}", reply, text="The capital of France is Paris.")
            script.wait_for("conversation.item.truncate", number) if number else None
            program.wait_for("● speaking", number + 1)
            echo = f"echo-{number}"
            script.send("input_audio_buffer.speech_started", item_id=echo, audio_start_ms=0)
            script.send(transcribed, item_id=echo, transcript="Capital of France is Paris.")
            script.wait_for("conversation.item.truncate", number + 1)
            program.wait_for("You: Capital of France is Paris.", number + 1)
        program.wait_for("seems to hear and interrupt itself")
        program.press("h")
        program.wait_for("Half duplex")


@pytest.mark.parametrize("key", ["q", "\x04", "\x03"], ids=["q", "Ctrl-D", "Ctrl-C"])
def test_the_program_ends_at_a_key_and_leaves_the_terminal_as_it_was(
    script: ScriptedServer, sound: VirtualSound, key: str
) -> None:
    import termios

    arguments = ("--server", script.url, *DEVICES)
    with run_program(*arguments, environment=sound.environment, in_terminal=True) as program:
        script.wait_for("session.update")
        program.wait_for("quits")
        assert not termios.tcgetattr(program.keyboard)[3] & termios.ICANON
        if key == "\x03":
            # A session leader without a controlling terminal gets no signal from the key itself.
            program.process.send_signal(signal.SIGINT)
        else:
            program.press(key)
        assert program.end() == 0
        assert termios.tcgetattr(program.keyboard)[3] & termios.ICANON
    assert "To go on later: --conversation conversation-1" in program.output
    assert "Traceback" not in program.output


def test_sigterm_ends_the_program_cleanly_in_the_middle_of_a_reply(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment) as program:
        script.wait_for("session.update")
        script.speak("reply", reply)
        program.wait_for("[speaking]")
        program.process.terminate()
        assert program.end() == 0
    assert "Traceback" not in program.output


def test_the_devices_are_listed(sound: VirtualSound) -> None:
    with run_program("--list-devices", environment=sound.environment) as program:
        assert program.end() == 0
        program.wait_for("test_microphone  (microphone and loudspeaker, ")
        program.wait_for("><")


def test_a_device_that_is_not_there_is_named_beside_those_that_are(sound: VirtualSound) -> None:
    with run_program("--input", "Blue Yeti", environment=sound.environment) as program:
        assert program.end() == 1
        program.wait_for("No microphone is called 'Blue Yeti'. There are: 0 test_microphone,")


def test_a_machine_without_sound_is_told_of_text(tmp_path: Path) -> None:
    silent = tmp_path / "asound.conf"
    silent.write_text("pcm.broken { type hw card 99 }")
    environment = dict(os.environ) | {"ALSA_CONFIG_PATH": str(silent)}
    with run_program(environment=environment) as program:
        assert program.end() == 1
        program.wait_for("There is no loudspeaker. Plug one in, or use --text.")


def test_a_server_that_is_not_there_is_named(sound: VirtualSound) -> None:
    arguments = ("--server", "http://127.0.0.1:9", *DEVICES)
    with run_program(*arguments, environment=sound.environment) as program:
        assert program.end() == 1
        program.wait_for("Nobody answers at http://127.0.0.1:9. Is the assistant running there?")
    assert "Traceback" not in program.output


def test_typed_questions_are_answered_in_text_without_any_sound(script: ScriptedServer) -> None:
    with run_program("--server", script.url, "--text") as program:
        program.press("法国的首都是哪里？\n")
        assert script.wait_for("session.update").data["session"]["output_modalities"] == ["text"]
        item = script.wait_for("conversation.item.create").data["item"]
        assert item["content"] == [{"type": "input_text", "text": "法国的首都是哪里？"}]
        script.wait_for("response.create")
        script.send("response.created", response={"id": "response"})
        script.send("response.output_text.delta", item_id="reply", delta="是巴黎。")
        script.send("response.done", response={"id": "response", "status": "completed"})
        program.wait_for("Assistant: 是巴黎。\n")
        os.close(program.keyboard)
        assert program.end() == 0
