"""The program as a whole: a real socket and real sound devices, though virtual ones."""

import itertools
import time
from pathlib import Path

from speech.asr.base import RecognitionOptions
from speech.audio import Audio
from speech.decoding import resample
from speech.recognition import transcribe
from tests.speech import spoken
from tests.speech.talk.likeness import find_sound, longest_silence, sounding
from tests.speech.talk.scripted_server import ScriptedServer
from tests.speech.talk.terminal import Program, run_program
from tests.speech.talk.virtual_sound import RATE_HZ, VirtualSound

DEVICES = ("--input", "test_microphone", "--output", "test_speaker")
ALIKE = 0.95


def wait_until_heard(script: ScriptedServer) -> None:
    """Both devices run: PulseAudio's first block takes a second or two."""
    script.wait_for("session.update")
    script.wait_for_sound(0.2)


def seconds(position: dict[str, object]) -> float:
    milliseconds = position["audio_ms"]
    assert isinstance(milliseconds, int)
    return milliseconds / 1000


def test_what_is_said_into_the_microphone_reaches_the_server(
    script: ScriptedServer, sound: VirtualSound, question: Audio, models: Path
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment):
        wait_until_heard(script)
        sound.say(question)
        script.wait_for_sound(0.5)
    assert find_sound(script.sound, question.samples).likeness > ALIKE
    engine = spoken.load_engine(models, "faster-whisper")
    heard = resample(Audio(script.sound, RATE_HZ), spoken.RATE_HZ)
    text = transcribe(heard, engine, RecognitionOptions()).text
    assert "capital of france" in text.lower()


def test_the_session_is_asked_for_as_the_options_say(
    script: ScriptedServer, sound: VirtualSound
) -> None:
    options = ("--language", "zh", "--voice", "kokoro:zf_xiaobei", "--conversation", "earlier")
    with run_program("--server", script.url, *DEVICES, *options, environment=sound.environment):
        update = script.wait_for("session.update").data["session"]
    assert script.queries[0]["extensions"] == "captions,hold,timings,resume"
    assert script.queries[0]["conversation_id"] == "earlier"
    assert update["output_modalities"] == ["audio"]
    assert update["audio"]["input"]["transcription"]["language"] == "zh"
    assert update["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"
    assert update["audio"]["output"]["voice"] == "kokoro:zf_xiaobei"


def test_a_reply_is_heard_and_its_place_is_told_exactly(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment) as program:
        wait_until_heard(script)
        with sound.record() as recording:
            script.speak("reply", reply, text="The capital of France is Paris.")
            recording.wait_for_sound()
            program.wait_for("[speaking]")
            time.sleep(reply.duration_s)
            program.wait_for("[listening]", 2)
        program.wait_for("Assistant: The capital of France is Paris.")
    match = find_sound(recording.samples, reply.samples)
    assert match.likeness > ALIKE
    positions = [message.data for message in script.all_of("x.playback.position")]
    plays = [position["is_playing"] for position in positions]
    assert len(plays) > reply.duration_s
    assert (plays[0], plays[-1]) == (True, False)
    assert seconds(positions[0]) < 0.15
    assert abs(seconds(positions[-1]) - reply.duration_s) < 0.002
    messages = script.all_of("x.playback.position")
    for before, after in itertools.pairwise(messages[:-1]):
        told_s = seconds(after.data) - seconds(before.data)
        assert abs(told_s - (after.at_s - before.at_s)) < 0.05
    # It is told to be over when it is: the last report comes a reply's length after the first.
    played_s = messages[-1].at_s - messages[0].at_s
    assert abs(played_s - (reply.duration_s - seconds(positions[0]))) < 0.15


def test_a_held_reply_stops_and_goes_on_where_it_stopped(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment) as program:
        wait_until_heard(script)
        with sound.record() as recording:
            script.speak("reply", reply)
            script.wait_for("x.playback.position")
            time.sleep(1.5)
            script.send("x.playback.hold", item_id="reply")
            program.wait_for("[waiting: did you say something?]")
            time.sleep(1.5)
            script.send("x.playback.resume", item_id="reply")
            time.sleep(reply.duration_s - 1.5 + 0.5)
    heard = recording.samples
    begins_s, ends_s = longest_silence(heard)
    assert 1.4 < ends_s - begins_s < 2.0
    # But for the silence it is the whole reply: what follows comes later by just its length, so
    # that nothing was lost and nothing said twice.
    start = find_sound(heard, reply.samples[:RATE_HZ])
    end = find_sound(heard, reply.samples[3 * RATE_HZ :])
    assert start.likeness > ALIKE
    assert end.likeness > ALIKE
    assert abs((end.at_s - start.at_s - 3) - (ends_s - begins_s)) < 0.05
    before, after = round(begins_s * RATE_HZ), round(ends_s * RATE_HZ)
    so_far = reply.samples[: before - round(start.at_s * RATE_HZ)]
    assert find_sound(heard[:before], so_far).likeness > ALIKE
    rest = reply.samples[after - round((end.at_s - 3) * RATE_HZ) :]
    assert find_sound(heard[after:], rest).likeness > ALIKE


def test_an_interruption_silences_the_reply_at_once_and_tells_what_was_heard(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment):
        wait_until_heard(script)
        with sound.record() as recording:
            script.speak("reply", reply)
            position = script.wait_for("x.playback.position", 2)
            script.send("input_audio_buffer.speech_started", item_id="words", audio_start_ms=0)
            sent_s = time.monotonic()
            told = script.wait_for("conversation.item.truncate")
            time.sleep(1.5)
    assert told.at_s - sent_s < 0.1
    _, stop_s = sounding(recording.samples)
    heard_s = told.data["audio_end_ms"] / 1000
    match = find_sound(recording.samples, reply.samples[: round((heard_s - 0.02) * RATE_HZ)])
    assert match.likeness > ALIKE
    # The device plays on what it has already, no more.
    late_s = heard_s - (seconds(position.data) + sent_s - position.at_s)
    print(f"silent {1000 * late_s:.0f} ms after the server said so")
    assert late_s < 0.2
    # Not a word after what the client says was heard.
    assert stop_s <= match.at_s + heard_s + 0.01
    assert heard_s < 1.5
    assert told.data["item_id"] == "reply"


def test_late_sound_of_an_interrupted_reply_is_not_played(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment):
        wait_until_heard(script)
        script.speak("reply", reply)
        script.wait_for("x.playback.position")
        script.send("input_audio_buffer.speech_started", item_id="words", audio_start_ms=0)
        script.wait_for("conversation.item.truncate")
        time.sleep(0.3)
        with sound.record() as recording:
            script.speak("reply", reply)
            time.sleep(1.0)
    assert sounding(recording.samples) == (0.0, 0.0)


def test_a_dropped_socket_resumes_and_repeats_nothing(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    first, rest = Audio(reply.samples[:RATE_HZ], RATE_HZ), Audio(reply.samples[RATE_HZ:], RATE_HZ)
    with run_program("--server", script.url, *DEVICES, environment=sound.environment) as program:
        wait_until_heard(script)
        with sound.record() as recording:
            script.speak("reply", first)
            script.wait_for("x.playback.position")
            script.drop()
            script.speak("reply", rest)  # While nobody listens.
            time.sleep(reply.duration_s + 2)
        program.wait_for("[connection lost, trying again]")
        script.wait_for_sound(0.2)
    assert script.queries[1]["resume"] == "token-of-the-session"
    # Where connecting again takes longer than what had come, there is a pause between the two.
    start, end = (find_sound(recording.samples, part.samples) for part in (first, rest))
    assert min(start.likeness, end.likeness) > 0.9
    assert end.at_s >= start.at_s + 0.99
    start_s, stop_s = sounding(recording.samples)
    assert stop_s - start_s < reply.duration_s + 1.0
    assert len(script.all_of("session.update")) == 1


def test_words_spoken_while_the_network_is_away_are_sent_afterwards(
    script: ScriptedServer, sound: VirtualSound, question: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment):
        wait_until_heard(script)
        sound.say(question, wait=False)
        time.sleep(0.5)
        script.drop()
        script.wait_for_sound(question.duration_s + 1)
    assert find_sound(script.sound, question.samples).likeness > 0.9


def test_a_session_that_is_over_goes_on_as_a_new_one_of_the_same_conversation(
    script: ScriptedServer, sound: VirtualSound
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment) as program:
        wait_until_heard(script)
        script.knows_token = False
        script.drop()
        script.wait_for("session.update", 2)
        program.wait_for("a new one continues the conversation")
        assert script.queries[1]["conversation_id"] == "conversation-1"


def test_devices_that_are_unplugged_are_used_again_when_they_are_back(
    script: ScriptedServer, sound: VirtualSound, reply: Audio
) -> None:
    with run_program("--server", script.url, *DEVICES, environment=sound.environment) as program:
        wait_until_heard(script)
        sound.stop()
        program.wait_for("is gone")
        sound.start()
        program.wait_for("The sound is back.", timeout_s=20)
        script.wait_for_sound(0.2)
        with sound.record() as recording:
            script.speak("reply", reply)
            recording.wait_for_sound()
            time.sleep(reply.duration_s)
        assert find_sound(recording.samples, reply.samples).likeness > ALIKE
        _assert_runs(program)


def test_half_duplex_sends_silence_while_the_reply_plays(
    script: ScriptedServer, sound: VirtualSound, question: Audio, reply: Audio
) -> None:
    with run_program(
        "--server", script.url, *DEVICES, "--half-duplex", environment=sound.environment
    ):
        wait_until_heard(script)
        script.speak("reply", reply)
        script.wait_for("x.playback.position")
        before = len(script.sound)
        sound.say(question)
        while_playing = script.sound[before:]
        time.sleep(reply.duration_s - question.duration_s + 0.5)
        before = len(script.sound)
        sound.say(question)
        script.wait_for_sound(0.3)
    assert len(while_playing) > RATE_HZ
    assert not while_playing.any()
    assert find_sound(script.sound[before:], question.samples).likeness > ALIKE


def test_a_device_that_refuses_24_khz_is_used_at_its_own_rate(
    script: ScriptedServer, sound: VirtualSound, question: Audio, reply: Audio
) -> None:
    with run_program(
        "--server", script.url, *DEVICES, environment=sound.environment, refuses_24_khz=True
    ) as program:
        wait_until_heard(script)
        sound.say(question)
        script.wait_for_sound(0.5)
        with sound.record() as recording:
            script.speak("reply", reply)
            recording.wait_for_sound()
            program.wait_for("[speaking]")
            time.sleep(reply.duration_s)
            program.wait_for("[listening]", 2)
    assert find_sound(script.sound, question.samples).likeness > 0.9
    assert find_sound(recording.samples, reply.samples).likeness > 0.9
    positions = script.all_of("x.playback.position")
    assert abs(seconds(positions[-1].data) - reply.duration_s) < 0.05


def _assert_runs(program: Program) -> None:
    assert program.process.poll() is None
