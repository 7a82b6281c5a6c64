"""How far each word's start and end are from where it was said.

    python -m bench.word_times [--engines faster-whisper openai-whisper] [--set tuning]
        [--recordings FOLDER --places FILE.tsv]

The words of Kokoro's sentences are where the model put them; in Chinese, what is compared is the
first and last character of each word. `--places` adds recorded English of which somebody has
written down where its words are: lines of file, start, end (seconds) and word, tab between them.
Only words that were heard right are compared.
"""

import argparse
import csv
import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import zhconv

from bench.machine import describe_machine
from bench.timed_speech import SETS, SpokenWord, TimedClip, timed_clips
from speech.asr.base import RecognitionEngine, RecognitionOptions
from speech.asr.registry import ENGINES, create_engine
from speech.decoding import DecodingLimits, decode
from speech.recognition import transcribe
from workers import model_store
from workers.settings import load_settings

LIMITS = DecodingLimits(max_bytes=2**30, max_duration_s=3600.0, max_channels=8)


@dataclass(frozen=True)
class _Unit:
    """A word, or a character of one."""

    text: str
    start_s: float | None
    """None inside a word."""
    end_s: float | None


@dataclass
class Distances:
    words: int = 0
    starts_s: list[float] = field(default_factory=list)
    """Positive where the word was said to start too late."""
    ends_s: list[float] = field(default_factory=list)

    def add(self, said: Sequence[SpokenWord], heard: Sequence[SpokenWord], language: str) -> None:
        before, after = _units(said, language), _units(heard, language)
        self.words += len(said)
        matcher = difflib.SequenceMatcher(
            None, [each.text for each in before], [each.text for each in after], autojunk=False
        )
        for block in matcher.get_matching_blocks():
            for place in range(block.size):
                truth, found = before[block.a + place], after[block.b + place]
                if truth.start_s is not None and found.start_s is not None:
                    self.starts_s.append(found.start_s - truth.start_s)
                if truth.end_s is not None and found.end_s is not None:
                    self.ends_s.append(found.end_s - truth.end_s)


def recorded_clips(folder: Path, places: Path) -> list[TimedClip]:
    words = defaultdict(list)
    with places.open(encoding="utf-8") as file:
        for name, start_s, end_s, word in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            words[name].append(SpokenWord(word, float(start_s), float(end_s)))
    return [
        TimedClip("en", "recorded", decode((folder / name).read_bytes(), LIMITS), tuple(found))
        for name, found in words.items()
    ]


def measure(engine: RecognitionEngine, clips: Iterable[TimedClip]) -> dict[str, Distances]:
    """Return the distances by language, and those of recorded speech by themselves."""
    distances: dict[str, Distances] = defaultdict(Distances)
    for clip in clips:
        options = RecognitionOptions(
            language=clip.language, beam_size=5, window="full", has_times=True
        )
        heard = [
            SpokenWord(word.text, word.start_s, word.end_s)
            for segment in transcribe(clip.audio, engine, options).segments
            for word in segment.words
        ]
        group = f"{clip.language}, recorded" if clip.speaker == "recorded" else clip.language
        distances[group].add(clip.words, heard, clip.language)
    return distances


def report(engine: str, distances: dict[str, Distances]) -> str:
    lines = []
    for group, found in sorted(distances.items()):
        for edge, off_s in (("start", found.starts_s), ("end", found.ends_s)):
            off_ms = 1000 * np.array(off_s)
            median, worst = np.quantile(np.abs(off_ms), [0.5, 0.95])
            within = np.mean(np.abs(off_ms) <= 100)
            lines.append(
                f"| {engine} | {group} | {edge} | {len(off_s)} of {found.words} | {median:.0f} ms "
                f"| {worst:.0f} ms | {within:.0%} | {np.median(off_ms):+.0f} ms |"
            )
    return "\n".join(lines)


def _units(words: Sequence[SpokenWord], language: str) -> list[_Unit]:
    units: list[_Unit] = []
    for word in words:
        text = re.sub(r"[^\w']", "", word.text).lower()
        pieces = list(zhconv.convert(text, "zh-cn")) if language == "zh" else [text][: bool(text)]
        for place, piece in enumerate(pieces):
            units.append(
                _Unit(
                    piece,
                    word.start_s if place == 0 else None,
                    word.end_s if place == len(pieces) - 1 else None,
                )
            )
    return units


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["faster-whisper"], choices=sorted(ENGINES))
    parser.add_argument("--set", default="test", choices=sorted(SETS))
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--places", type=Path)
    arguments = parser.parse_args()
    settings = load_settings()
    clips = timed_clips(settings.models, SETS[arguments.set])
    if arguments.recordings and arguments.places:
        clips += recorded_clips(arguments.recordings, arguments.places)
    print(describe_machine())
    print("\n| engine | speech | edge | words | median | 95 % within | within 100 ms | bias |")
    print("|---|---|---|---|---|---|---|---|")
    model = model_store.resolve(settings.asr_model, settings.models)
    for name in arguments.engines:
        engine = create_engine(name, model, settings.device, settings.asr_threads)
        print(report(name, measure(engine, clips)), flush=True)


if __name__ == "__main__":
    main()
