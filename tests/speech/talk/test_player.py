"""What is played of a reply, told to the millisecond; the device is played by the test."""

import time

import numpy as np

from speech.talk.player import Player, Position
from speech.talk.resampling import StreamResampler

SECOND = np.full(24_000, 1000, np.int16)
BLOCK = 480


def play(player: Player, duration_s: float, at_s: float) -> np.ndarray:
    blocks = round(duration_s * 50)
    return np.concatenate([player.pull(BLOCK, at_s + block / 50) for block in range(blocks)])


def test_nothing_to_play_is_silence_without_a_position() -> None:
    player = Player()
    assert not play(player, 0.1, 0.0).any()
    assert player.position(1.0) is None


def test_the_position_is_that_of_the_loudspeaker_and_not_of_the_buffer() -> None:
    player = Player()
    player.add("reply", SECOND.tobytes())
    play(player, 0.5, at_s=10.1)
    assert player.position(10.0) is None
    position = player.position(10.35)
    assert position is not None
    assert (position.audio_ms, position.is_playing) == (250, True)
    position = player.position(11.0)
    assert position is not None
    assert (position.audio_ms, position.is_playing) == (500, False)


def test_a_moment_between_two_spans_is_no_end() -> None:
    player = Player()
    player.add("reply", np.ones(480, np.int16).tobytes())
    player.pull(240, 1.0)
    player.pull(240, 1.012)  # The device's clock: 2 ms after the end of the first.

    assert player.position(1.011) == Position("reply", 10, True)
    assert player.position(1.1) == Position("reply", 20, False)


def test_replies_play_in_order_and_each_has_its_own_position() -> None:
    player = Player()
    player.add("first", SECOND.tobytes())
    player.add("second", SECOND.tobytes())
    assert play(player, 2.5, 10.0)[: 2 * 24_000].all()
    first, second = player.position(10.75), player.position(11.25)
    assert first is not None
    assert second is not None
    assert (first.item_id, first.audio_ms) == ("first", 750)
    assert (second.item_id, second.audio_ms) == ("second", 250)


def test_held_sound_fades_and_goes_on_with_the_next_sample() -> None:
    player = Player()
    ramp = np.arange(1, 24_001, dtype=np.int16)
    player.add("reply", ramp.tobytes())
    now_s = time.monotonic()
    before = play(player, 0.5, now_s)
    player.hold()
    held = play(player, 0.2, now_s + 0.5)
    player.release()
    after = play(player, 1.0, now_s + 0.7)
    assert np.array_equal(before, ramp[:12_000])
    assert 0 < np.abs(held).max() <= ramp[12_119]
    assert not held[120:].any()
    # 5 ms of it faded out and 5 ms fade in; the rest is as it was.
    assert np.array_equal(after[120 : 12_000 - 120], ramp[12_240:])


def test_clearing_tells_what_was_handed_to_the_device_of_each_reply() -> None:
    player = Player()
    player.add("first", SECOND.tobytes())
    player.add("second", SECOND.tobytes())
    now_s = time.monotonic()
    play(player, 0.4, now_s)
    cut = [(position.item_id, position.audio_ms) for position in player.clear()]
    assert cut == [("first", 405), ("second", 0)]
    assert not play(player, 1.0, now_s + 0.4)[120:].any()


def test_a_reply_that_was_played_to_its_end_is_not_cut() -> None:
    player = Player()
    player.add("reply", SECOND.tobytes())
    play(player, 1.2, time.monotonic())
    assert player.clear() == []


def test_a_stream_resampled_in_pieces_has_no_seams() -> None:
    time_s = np.arange(24_000) / 24_000
    tone = (8_000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
    resampler = StreamResampler(24_000, 44_100)
    pieces = [resampler.resample(tone[start : start + 480]) for start in range(0, 24_000, 480)]
    heard = np.concatenate(pieces).astype(float)[44:]  # After the filter has begun.
    assert 43_900 < len(heard) <= 44_100
    # A click would be louder than the steepest step of the tone.
    assert np.abs(np.diff(heard)).max() < 1.1 * 8_000 * 2 * np.pi * 440 / 44_100
