"""What is said to a live session: questions in the default voices, and recorded people.

A clip ends with its last word: the latency counts from there.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.latency import QUESTIONS
from speech.audio import Audio, Samples
from speech.decoding import DecodingLimits, decode, resample
from speech.vad import PADDING_MS, find_speech
from workers.services import Services

SAMPLE_RATE_HZ = 24_000
"""Of the protocol's sound in both directions."""
LANGUAGES = ("en", "zh")
MAX_RECORDED_S = 7.0

_LIMITS = DecodingLimits(max_bytes=2**26, max_duration_s=60.0, max_channels=8)
_FRAME = SAMPLE_RATE_HZ // 100
_SPEECH_DB = 30.0
"""Below the loud parts of a voice, what ends a word is lost in the noise of a room."""
_NOISE_DB = 10.0
"""So far above the noise of the recording itself is speech."""
_DETECTOR_LAG_MS = 100


@dataclass(frozen=True, eq=False)
class Clip:
    """`samples`: mono at `SAMPLE_RATE_HZ`, cut where the last word ends."""

    language: str
    words: str
    is_recorded: bool
    samples: Samples
    voice_begins_s: float = 0.0

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ

    @property
    def audio(self) -> Audio:
        """As recognition wants it: at 16 kHz."""
        return resample(Audio(self.samples, SAMPLE_RATE_HZ), 16_000)


def find_voice(samples: Samples) -> tuple[int, int]:
    """Return where the first sound of a voice begins and where the last one ends.

    By energy (frames of 10 ms, two in a row, 10 dB above the quietest tenth of the clip and at most
    30 dB below its loudest tenth), within what Silero takes to be speech when it hears the whole
    clip: a click or a breath after the last word is none.
    """
    n_frames = len(samples) // _FRAME
    frames = samples[: n_frames * _FRAME].reshape(n_frames, _FRAME).astype(np.float64)
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    threshold = max(
        float(np.quantile(level_db, 0.9)) - _SPEECH_DB,
        # A clip without a pause has no noise to hear: its quietest frames are speech.
        min(float(np.quantile(level_db, 0.1)) + _NOISE_DB, float(np.median(level_db))),
    )
    is_loud = level_db > threshold
    is_loud &= np.append(is_loud[1:], False) | np.insert(is_loud[:-1], 0, False)
    is_speech = np.zeros(n_frames, bool)
    for span in find_speech(resample(Audio(samples, SAMPLE_RATE_HZ), 16_000).samples, 60.0):
        is_speech[round(span.start_s * 100) : round(span.end_s * 100)] = True
    # What the spans are padded with, but for the little by which the detector is late.
    unpadded = (PADDING_MS - _DETECTOR_LAG_MS) // 10
    last = n_frames - int(np.argmax(is_speech[::-1])) - 1
    if last < n_frames - 1:
        is_speech[last - unpadded + 1 :] = False
    found = np.flatnonzero(is_loud & is_speech)
    if not len(found):
        raise ValueError("nobody speaks in this clip")
    return int(found[0]) * _FRAME, (int(found[-1]) + 1) * _FRAME


def spoken(services: Services, language: str, text: str) -> Clip:
    """Return `text` in the default voice of its language."""
    voice = services.voice(language, None)
    sound = services.synthesizer(voice.engine).synthesize(text, voice, language, 1.0)
    return _clip(language, text, sound, is_recorded=False)


def recorded(folder: Path) -> Iterator[Clip]:
    """Yield the whole sentences among a folder's recordings, as its `manifest.tsv` has them."""
    manifest = folder / "manifest.tsv"
    if not manifest.is_file():
        return
    with manifest.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        words = row["reference"].strip()
        is_sentence = row["language"] == "zh" or (words[:1].isupper() and words[-1:] in ".?!")
        if (
            row["language"] in LANGUAGES
            and is_sentence
            and float(row["seconds"]) <= MAX_RECORDED_S
            and "NOSCORE" not in (row["note"] or "")
        ):
            sound = decode((folder / row["file"]).read_bytes(), _LIMITS)
            yield _clip(row["language"], words, sound, is_recorded=True)


def load_clips(services: Services, folder: Path, each: int) -> list[Clip]:
    """Return `each` clips a language and kind, the languages in turn."""
    people = list(recorded(folder)) if each else []
    clips: list[Clip] = []
    for place in range(each):
        for language in LANGUAGES:
            if place < len(QUESTIONS[language]):
                clips.append(spoken(services, language, QUESTIONS[language][place]))
            of_language = [clip for clip in people if clip.language == language]
            if place < len(of_language):
                clips.append(of_language[place])
    return clips


def _clip(language: str, words: str, sound: Audio, *, is_recorded: bool) -> Clip:
    samples = resample(sound, SAMPLE_RATE_HZ).samples
    begin, end = find_voice(samples)
    return Clip(language, words, is_recorded, samples[:end], begin / SAMPLE_RATE_HZ)
