import asyncio
import csv
from pathlib import Path

import jiwer
import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from speech.audio import Audio, encode_pcm16, wrap_wav
from speech.decoding import resample
from tests.speech.spoken import RATE_HZ, read_clip, say, silence
from tests.web.wyoming.home import ask, ask_async, kinds, problem, recording, words
from workers.settings import Settings

STREAM = ["transcript-start", "transcript-chunk", "transcript", "transcript-stop"]
SAID = "Please switch on the lamp in the living room."


def references(shared_audio: Path) -> dict[str, str]:
    with (shared_audio / "dev" / "manifest.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["file"]: row["reference"] for row in rows}


def clip(path: Path) -> bytes:
    return wrap_wav(encode_pcm16(Audio(read_clip(path), RATE_HZ)), RATE_HZ)


def transcript(events: list[Event]) -> Transcript:
    """Return what was heard; the streamed bits of it are the same text."""
    [whole] = [Transcript.from_event(event) for event in events if event.type == "transcript"]
    bits = [event.data["text"] for event in events if event.type == "transcript-chunk"]
    assert "".join(bits) == whole.text
    return whole


@pytest.mark.parametrize(
    ("language", "names", "most_wrong"),
    [
        ("en", ["en_harvard_birch_canoe.wav", "en_jfk.flac", "en_living_room_lamp.wav"], 0.1),
        ("zh", ["zh_aishell_a4.wav", "zh_aishell_a7.wav", "zh_aishell_a9.wav"], 0.2),
    ],
)
def test_recorded_speech_is_written_down(
    uri: str, shared_audio: Path, language: str, names: list[str], most_wrong: float
) -> None:
    said = references(shared_audio)
    heard = []
    for name in names:
        events = ask(
            uri, *recording(clip(shared_audio / "dev" / name), language), until="transcript-stop"
        )
        assert kinds(events) == STREAM
        assert transcript(events).language == language
        heard.append(words(transcript(events).text))
    rate = jiwer.wer([words(said[name]) for name in names], heard)
    print(f"{language}: {rate:.3f} wrong of {heard}")
    assert rate <= most_wrong


def test_the_language_is_detected_where_none_is_named(uri: str, models: Path) -> None:
    spoken = wrap_wav(encode_pcm16(Audio(say(models, SAID), RATE_HZ)), RATE_HZ)
    heard = transcript(ask(uri, *recording(spoken), until="transcript-stop"))
    assert heard.language == "en"
    assert jiwer.wer(words(SAID), words(heard.text)) <= 0.2


@pytest.mark.parametrize(
    ("rate_hz", "width", "channels"),
    [(48_000, 2, 2), (8_000, 2, 1), (22_050, 4, 1), (16_000, 1, 1)],
)
def test_any_rate_width_and_number_of_channels_is_heard(
    uri: str, models: Path, rate_hz: int, width: int, channels: int
) -> None:
    samples = resample(Audio(say(models, SAID), RATE_HZ), rate_hz).samples
    if width == 1:  # Unsigned, as in WAV.
        numbers = (samples * 127 + 128).astype(np.uint8)
    else:
        numbers = (samples * (2 ** (8 * width - 1) - 1)).astype(f"<i{width}")
    sound = np.repeat(numbers, channels).tobytes()
    step = rate_hz // 10 * width * channels
    chunks = [
        AudioChunk(rate_hz, width, channels, sound[at : at + step])
        for at in range(0, len(sound), step)
    ]
    start = AudioStart(rate_hz, width, channels)
    events = ask(uri, start, *chunks, AudioStop(), until="transcript-stop")
    assert jiwer.wer(words(SAID), words(transcript(events).text)) <= 0.25


def test_sound_whose_format_changes_in_the_middle_is_heard(uri: str, models: Path) -> None:
    spoken = Audio(say(models, SAID), RATE_HZ)
    half = len(spoken.samples) // 2
    first = encode_pcm16(Audio(spoken.samples[:half], RATE_HZ))
    second = encode_pcm16(resample(Audio(spoken.samples[half:], RATE_HZ), 48_000))
    events = ask(
        uri,
        AudioStart(RATE_HZ, 2, 1),
        AudioChunk(RATE_HZ, 2, 1, first),
        AudioChunk(48_000, 2, 1, second),
        AudioStop(),
        until="transcript-stop",
    )
    assert jiwer.wer(words(SAID), words(transcript(events).text)) <= 0.25


def test_a_long_recording_is_told_window_by_window(uri: str, shared_audio: Path) -> None:
    name = "en_longform_lj001.flac"
    events = ask(uri, *recording(clip(shared_audio / "dev" / name), "en"), until="transcript-stop")
    assert kinds(events) == STREAM
    assert sum(event.type == "transcript-chunk" for event in events) >= 2
    wrong = jiwer.wer(words(references(shared_audio)[name]), words(transcript(events).text))
    assert wrong <= 0.15


def test_silence_is_an_empty_transcript(uri: str) -> None:
    quiet = wrap_wav(encode_pcm16(Audio(silence(1.0), RATE_HZ)), RATE_HZ)
    events = ask(uri, *recording(quiet), until="transcript-stop")
    assert kinds(events) == ["transcript-start", "transcript", "transcript-stop"]
    assert transcript(events).text == ""


def test_two_satellites_are_heard_at_once(uri: str, models: Path) -> None:
    other = "The door to the garden is still open."
    sounds = [
        wrap_wav(encode_pcm16(Audio(say(models, text), RATE_HZ)), RATE_HZ) for text in (SAID, other)
    ]

    async def both() -> list[list[Event]]:
        asked = [ask_async(uri, *recording(sound), until="transcript-stop") for sound in sounds]
        return list(await asyncio.gather(*asked))

    first, second = asyncio.run(both())
    assert jiwer.wer(words(SAID), words(transcript(first).text)) <= 0.25
    assert jiwer.wer(words(other), words(transcript(second).text)) <= 0.25


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Transcribe(name="no-such-model"), "model_not_found"),
        (Transcribe(language="klingon"), "unknown_language"),
    ],
)
def test_a_wish_that_cannot_be_met_is_an_error_and_an_end(
    uri: str, wish: Transcribe, code: str
) -> None:
    chunk = AudioChunk(RATE_HZ, 2, 1, bytes(3200))
    events = ask(uri, wish, AudioStart(RATE_HZ, 2, 1), chunk, AudioStop(), until="transcript-stop")
    assert kinds(events) == ["error", "transcript", "transcript-stop"]
    assert problem(events) == code


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (AudioStart(0, 2, 1), "audio_unreadable"),
        (AudioStart(16_000, 5, 1), "audio_unreadable"),
        (AudioStart(4_000_000_000, 2, 1), "audio_unreadable"),
        (AudioStart(16_000, 2, 65_535), "audio_too_many_channels"),
        (AudioStart(1, 1, 1), "audio_too_long"),
        (AudioStart(16_000, 2, 1), "audio_empty"),
    ],
)
def test_absurd_sound_is_an_error_and_an_end(uri: str, start: AudioStart, code: str) -> None:
    sound = b"" if code == "audio_empty" else bytes(int(Settings().max_audio_s) + 1)
    chunk = AudioChunk(start.rate, start.width, start.channels, sound)
    events = ask(uri, start, chunk, AudioStop(), until="transcript-stop")
    assert kinds(events) == ["error", "transcript", "transcript-stop"]
    assert problem(events) == code


def test_no_sound_makes_an_absurd_beginning_good(uri: str) -> None:
    chunk = AudioChunk(16_000, 2, 1, bytes(3200))
    events = ask(uri, AudioStart(0, 2, 1), chunk, AudioStop(), until="transcript-stop")
    assert problem(events) == "audio_unreadable"


def test_what_is_small_cannot_become_large(uri: str) -> None:
    start, chunk = AudioStart(48_000, 2, 2), AudioChunk(1, 1, 1, bytes(3000))
    events = ask(uri, start, chunk, AudioStop(), until="transcript-stop")
    assert problem(events) == "audio_too_large"


def test_sound_whose_channels_become_others_is_an_error_and_an_end(uri: str) -> None:
    start, chunk = AudioStart(16_000, 2, 1), AudioChunk(16_000, 2, 4, bytes(3200))
    events = ask(uri, start, chunk, AudioStop(), until="transcript-stop")
    assert problem(events) == "audio_unreadable"
