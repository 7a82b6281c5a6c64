import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bench import live_report as report
from bench.floor import Floor, first_piece
from bench.live_clips import SAMPLE_RATE_HZ, Clip, find_voice, recorded
from bench.live_playback import Playback
from bench.live_processes import descendants, idle_from, usage
from bench.live_timeline import bars, draw
from bench.live_turn import LiveTurn
from speech.audio import Audio
from speech.decoding import resample
from tests.speech.spoken import say

QUESTION = Clip("en", "How are <you>?", False, np.zeros(SAMPLE_RATE_HZ, np.float32))
FLOOR = Floor(recognition_s=0.4, reading_s=0.3, clause_s=0.2, synthesis_s=0.1, text="How are you?")


def turn(first_sound_s: float | None, **fields: object) -> LiveTurn:
    return LiveTurn(
        **{"clip": QUESTION, "ended_s": 0.2, "is_cut_off": False} | fields,
        first_sound_s=first_sound_s,
    )


@pytest.mark.parametrize("noise_level", [0.0, 0.0006, 0.003])
def test_a_voice_is_found_where_it_is_in_silence_and_noise(models: Path, noise_level):
    voice = resample(Audio(say(models, "How old is the bridge?"), 16_000), SAMPLE_RATE_HZ).samples
    loud = np.flatnonzero(np.abs(voice) > 0.01)
    room = np.random.default_rng(1).normal(0, noise_level, len(voice) + 2 * SAMPLE_RATE_HZ)
    room[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + len(voice)] += voice
    begin, end = find_voice(room.astype(np.float32))
    assert begin / SAMPLE_RATE_HZ == pytest.approx(1 + loud[0] / SAMPLE_RATE_HZ, abs=0.1)
    assert end / SAMPLE_RATE_HZ == pytest.approx(1 + loud[-1] / SAMPLE_RATE_HZ, abs=0.1)


def test_a_click_after_the_last_word_is_no_voice(models: Path):
    voice = resample(Audio(say(models, "How old is the bridge?"), 16_000), SAMPLE_RATE_HZ).samples
    room = np.random.default_rng(1).normal(0, 0.0006, len(voice) + 2 * SAMPLE_RATE_HZ)
    room[: len(voice)] += voice
    _, end = find_voice(room.astype(np.float32))
    room[-SAMPLE_RATE_HZ // 2 :][:960] += 0.3
    assert find_voice(room.astype(np.float32))[1] == end


def test_recorded_clips_are_whole_sentences_of_both_languages(shared_audio: Path):
    clips = list(recorded(shared_audio / "dev"))
    assert {clip.language for clip in clips} == {"en", "zh"}
    assert len(clips) >= 16
    assert all(0.5 < clip.duration_s <= 7.0 for clip in clips)


def test_sound_is_heard_one_chunk_after_the_other_and_gaps_are_counted():
    playback = Playback()
    second = np.ones(SAMPLE_RATE_HZ, np.float32)
    playback.feed(10.0, "r", np.zeros(SAMPLE_RATE_HZ // 2, np.float32))
    playback.feed(10.1, "r", second)
    assert playback.replies["r"].audible_at == pytest.approx(10.5)
    assert playback.unplayed_s(11.0) == pytest.approx(0.5)
    assert playback.played_s(11.0) == pytest.approx(1.0)
    playback.feed(11.7, "r", second)
    assert playback.replies["r"].gaps_s == pytest.approx(0.2)
    assert playback.unplayed_s(11.7) == pytest.approx(1.0)


def test_held_sound_waits_and_goes_on_where_it_stopped():
    playback = Playback()
    second = np.ones(SAMPLE_RATE_HZ, np.float32)
    playback.feed(0.0, "r", second)
    playback.hold(0.4)
    assert not playback.is_playing(0.5)
    playback.feed(2.0, "r", second)
    assert playback.played_s(3.0) == pytest.approx(0.4)
    playback.resume(3.0)
    assert playback.is_playing(3.1)
    assert playback.unplayed_s(3.0) == pytest.approx(1.6)
    playback.stop(3.5)
    assert playback.unplayed_s(3.5) == 0.0


def test_the_first_clause_is_what_is_spoken_first():
    assert first_piece("Paris, the capital of France, is old. Yes.") == (
        "Paris, the capital of France,"
    )
    assert first_piece("法国的首都是巴黎。它很美。") == "法国的首都是巴黎。"
    assert first_piece("Yes.") == "Yes."


def test_ratios_leave_out_what_was_cut_off_and_count_it():
    pairs = [
        (turn(0.8), FLOOR),
        (turn(0.6), FLOOR),
        (turn(0.1, is_cut_off=True), FLOOR),
        (turn(None), FLOOR),
    ]
    row = report.speed(pairs).splitlines()[2]
    assert row == "| all | 4 | 0.70 s | 0.79 s | 1.00 s | 1.00 s | 0.70 | 0.70 | 1 | 1 |"


def test_the_timeline_is_a_picture_of_the_turn_and_the_floor():
    stages = {"begun": 100.0, "transcribed": 450.0, "first_word": 500.0, "first_sound": 700.0}
    shown = bars(turn(0.75, stages_ms=stages), FLOOR)
    picture = ElementTree.fromstring(draw(shown, "“How are <you>?”"))
    texts = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert {"the user speaks", "recognition", "the reply is heard", "750"} <= set(texts)
    assert [bar.end_ms for bar in shown if bar.kind == "floor"] == pytest.approx(
        [400.0, 700.0, 900.0, 1000.0]
    )
    boxes = [element for element in picture.iter() if element.tag.endswith("rect")]
    assert len(boxes) == len(shown)


def test_a_process_is_found_with_what_it_uses():
    busy = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    process = subprocess.Popen(
        [sys.executable, "-c", busy + "print('done', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert "input()" in descendants(os.getpid())[process.pid]
        used = usage([process.pid])
        assert used.processor_s == pytest.approx(0.33, abs=0.15)
        assert 2 < used.memory_mib < 100
        assert used.n_threads == 1
    finally:
        process.communicate(b"\n")
    time.sleep(0.01)
    assert usage([process.pid]).n_threads == 0


def test_a_process_is_idle_from_where_it_does_nothing_for_a_while():
    ticks = [0, 2, 4, 6, 7, 7, 7, 7, 9, 9, 9, 9, 9]
    samples = [(1.0 + 0.1 * place, each / 100) for place, each in enumerate(ticks)]
    assert idle_from(samples, 0.0, for_s=0.25) == pytest.approx(1.3)
    assert idle_from(samples, 1.7, for_s=0.25) == pytest.approx(1.8)
    assert idle_from(samples, 2.1, for_s=0.25) is None
