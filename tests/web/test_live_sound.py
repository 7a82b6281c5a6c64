"""The worklets of the live session, rendered in a real browser at the rates of real devices."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from speech.audio import Audio, encode_pcm16, wrap_wav
from tests.speech.spoken import silence
from tests.web.browser import open_chromium
from tests.web.live.blank_page import serve_blank

SOURCE_HZ = 24_000
FADE_S = 0.005
QUANTUM = 128
"""Samples that a browser renders at once."""

PLAY = """
async ({ rate, duration_s, steps }) => {
  const context = new OfflineAudioContext(1, Math.round(rate * duration_s), rate);
  for (const name of ["resampler", "playback_worklet"]) {
    await context.audioWorklet.addModule(`/static/js/live/${name}.js`);
  }
  // Messages to the worklet's thread and back keep their order: an echo comes after all before it.
  const echo = `registerProcessor("echo", class extends AudioWorkletProcessor {
    constructor() { super(); this.port.onmessage = () => this.port.postMessage(null); }
    process() { return true; }
  })`;
  const script = new Blob([echo], { type: "text/javascript" });
  await context.audioWorklet.addModule(URL.createObjectURL(script));
  const answers = new AudioWorkletNode(context, "echo", { numberOfInputs: 0 });
  const roundTrip = () => new Promise((resolve) => {
    answers.port.onmessage = resolve;
    answers.port.postMessage(null);
  });
  const options = { numberOfInputs: 0, outputChannelCount: [1] };
  const node = new AudioWorkletNode(context, "playback", options);
  node.connect(context.destination);
  const reports = [];
  node.port.onmessage = ({ data }) => reports.push(data);
  for (const [at_s, messages] of steps) {
    context.suspend(at_s).then(async () => {
      for (const message of messages) {
        if (message.samples) message.samples = Int16Array.from(message.samples);
        node.port.postMessage(message);
      }
      await roundTrip();
      context.resume();
    });
  }
  const rendered = await context.startRendering();
  for (let tries = 0; tries < 100 && reports.at(-1)?.change !== "ended"; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { samples: Array.from(rendered.getChannelData(0)), reports };
}
"""

CAPTURE = """
async ({ rate, channels }) => {
  const context = new OfflineAudioContext(1, channels[0].length, rate);
  for (const name of ["resampler", "capture_worklet"]) {
    await context.audioWorklet.addModule(`/static/js/live/${name}.js`);
  }
  const buffer = new AudioBuffer({
    length: channels[0].length, numberOfChannels: channels.length, sampleRate: rate,
  });
  channels.forEach((samples, i) => buffer.copyToChannel(Float32Array.from(samples), i));
  const source = new AudioBufferSourceNode(context, { buffer });
  const node = new AudioWorkletNode(context, "capture");
  const frames = [];
  node.port.onmessage = ({ data }) => frames.push(data);
  source.connect(node).connect(context.destination);
  source.start();
  await context.startRendering();
  for (let count = -1; count < frames.length; ) {
    count = frames.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return frames.map(({ samples, loudness, isDigitalSilence }) =>
    ({ samples: Array.from(samples), loudness, isDigitalSilence }));
}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    microphone = tmp_path_factory.mktemp("microphone") / "silence.wav"
    microphone.write_bytes(wrap_wav(encode_pcm16(Audio(silence(0.1), 16_000)), 16_000))
    with serve_blank() as (url, _), open_chromium(microphone) as browser:
        page = browser.new_page()
        page.goto(url)
        yield page


def voice(duration_s: float, sample_rate_hz: int = SOURCE_HZ) -> np.ndarray:
    """Return a sum of tones as of speech, up to 7 kHz, in [-0.6, 0.6]."""
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    tones = [(170, 0.2), (410, 0.15), (1130, 0.1), (2710, 0.08), (4900, 0.05), (7000, 0.02)]
    return sum(level * np.sin(2 * np.pi * hz * time_s + hz) for hz, level in tones)


def play(page: Page, rate: int, duration_s: float, *steps: Any) -> tuple[np.ndarray, list[Any]]:
    arguments = {"rate": rate, "duration_s": duration_s, "steps": steps}
    played = page.evaluate(PLAY, arguments)
    reports = [(r["item_id"], r["change"], r["played_samples"]) for r in played["reports"]]
    return np.array(played["samples"]), reports


def push(sound: np.ndarray, item_id: str = "a") -> dict[str, Any]:
    return {"type": "push", "item_id": item_id, "samples": np.int16(sound * 32767).tolist()}


def end(item_id: str = "a") -> dict[str, Any]:
    return {"type": "end", "item_id": item_id}


def test_sound_is_played_to_the_sample_and_its_end_is_told(page: Page) -> None:
    sound = voice(2.2)
    halves = np.split(sound, 2)
    output, reports = play(page, SOURCE_HZ, 3.0, [0, [push(halves[0]), push(halves[1]), end()]])
    expected = np.int16(sound * 32767) / 32768
    np.testing.assert_array_equal(output[: len(sound)], expected.astype(np.float32))
    assert not output[len(sound) :].any()
    assert [report[1] for report in reports] == ["started", "progressed", "progressed", "ended"]
    assert reports[0] == ("a", "started", 0)
    assert reports[-1] == ("a", "ended", len(sound))
    np.testing.assert_allclose(
        [report[2] for report in reports[1:3]], [SOURCE_HZ, 2 * SOURCE_HZ], atol=2 * QUANTUM
    )


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_device_of_another_rate_plays_the_same_sound(page: Page, rate: int) -> None:
    sound = voice(1.5)
    output, reports = play(page, rate, 2.0, [0, [push(sound), end()]])
    expected = voice(1.5, rate)
    inner = slice(rate // 10, -rate // 10)
    np.testing.assert_allclose(output[: len(expected)][inner], expected[inner], atol=0.02)
    assert reports[-1] == ("a", "ended", len(sound))


@pytest.mark.parametrize("rate", [SOURCE_HZ, 44_100, 48_000])
def test_held_sound_stops_at_once_and_goes_on_where_it_stopped(page: Page, rate: int) -> None:
    sound = voice(2.0)
    output, reports = play(
        page,
        rate,
        3.0,
        [0, [push(sound), end()]],
        [0.7, [{"type": "hold"}]],
        [1.5, [{"type": "resume"}]],
    )
    silent_from, silent_to = round(0.72 * rate), round(1.49 * rate)
    assert not output[silent_from:silent_to].any()  # It has fallen silent within 20 ms.
    assert output[: round(0.7 * rate)].any()
    held = next(report[2] for report in reports if report[1] == "held")
    assert held / SOURCE_HZ == pytest.approx(0.7 + FADE_S, abs=2 * QUANTUM / rate)
    assert [report for report in reports if report[1] == "started"][1] == ("a", "started", held)
    # What was not played before comes now, from that sample on.
    resumed_at = silent_to + int(np.flatnonzero(output[silent_to:])[0])
    faded = round(0.006 * rate)
    rest = voice(2.0, rate)[round(held / SOURCE_HZ * rate) + faded :][: rate // 2]
    np.testing.assert_allclose(output[resumed_at + faded :][: len(rest)], rest, atol=0.03)
    assert reports[-1] == ("a", "ended", len(sound))


def test_cleared_sound_is_forgotten_and_what_was_played_is_told(page: Page) -> None:
    output, reports = play(
        page,
        SOURCE_HZ,
        2.0,
        [0, [push(voice(1.0)), push(voice(1.0), "b")]],
        [0.5, [{"type": "clear"}]],
        [1.0, [push(voice(0.4), "c"), end("c")]],
    )
    assert not output[round(0.52 * SOURCE_HZ) : round(0.99 * SOURCE_HZ)].any()
    cleared = [report for report in reports if report[1] == "cleared"]
    assert [report[0] for report in cleared] == ["a", "b"]
    assert cleared[0][2] == np.flatnonzero(output[: SOURCE_HZ - 100])[-1] + 2
    assert cleared[1][2] == 0
    assert reports[-1] == ("c", "ended", round(0.4 * SOURCE_HZ))


def test_a_reply_that_is_late_is_waited_for(page: Page) -> None:
    sound = voice(0.5)
    output, reports = play(page, SOURCE_HZ, 2.0, [0, [push(sound)]], [1.0, [push(sound), end()]])
    changes = [report[1:] for report in reports]
    assert changes == [
        ("started", 0),
        ("waiting", len(sound)),
        ("started", len(sound)),
        ("ended", 2 * len(sound)),
    ]
    assert not output[len(sound) : SOURCE_HZ - QUANTUM].any()


def capture(page: Page, rate: int, *channels: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    arguments = {"rate": rate, "channels": [samples.tolist() for samples in channels]}
    frames = page.evaluate(CAPTURE, arguments)
    assert {len(frame["samples"]) for frame in frames} == {960}
    return np.concatenate([frame["samples"] for frame in frames]) / 32767, frames


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100, 48_000, 96_000])
def test_the_microphone_of_any_device_is_heard_at_24_khz(page: Page, rate: int) -> None:
    heard, frames = capture(page, rate, voice(1.0, rate))
    assert len(heard) >= 0.9 * SOURCE_HZ
    inner = slice(2400, len(heard) - 2400)
    np.testing.assert_allclose(heard[inner], voice(1.0)[: len(heard)][inner], atol=0.02)
    level = np.sqrt(np.mean(heard[2400:3360] ** 2))
    assert frames[5]["loudness"] == pytest.approx(level, rel=0.2)


def test_what_24_khz_cannot_hold_is_left_out_rather_than_mirrored(page: Page) -> None:
    time_s = np.arange(48_000) / 48_000
    heard, _ = capture(page, 48_000, 0.5 * np.sin(2 * np.pi * 17_000 * time_s))
    assert np.abs(heard[2400:]).max() < 0.5 * 10 ** (-55 / 20)


def test_two_channels_are_mixed(page: Page) -> None:
    left, right = voice(0.5, 48_000), np.zeros(24_000)
    heard, _ = capture(page, 48_000, left, right)
    inner = slice(2400, len(heard) - 2400)
    np.testing.assert_allclose(heard[inner], voice(0.5)[: len(heard)][inner] / 2, atol=0.02)


def test_digital_silence_is_told_from_a_quiet_room(page: Page) -> None:
    random = np.random.default_rng(0)
    _, frames = capture(page, 48_000, np.zeros(24_000))
    assert all(frame["isDigitalSilence"] for frame in frames)
    _, frames = capture(page, 48_000, random.normal(0, 1e-5, 24_000))
    assert not any(frame["isDigitalSilence"] for frame in frames)
