"""How well and how fast each recognition engine and window hears the clips of a folder.

    python -m bench.recognition ../shared/audio/dev [--engines faster-whisper] [--json FILE]

Error rates need a `manifest.tsv` beside the clips (columns file, language, reference, note);
without one, only the speed is measured. Each clip goes through all settings before the next one,
so that what else the machine does hits all alike.
"""

import argparse
import csv
import itertools
import json
import statistics
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bench.error_rate import Errors
from bench.machine import describe_machine
from speech.asr.base import RecognitionEngine, RecognitionOptions
from speech.asr.registry import ENGINES, create_engine
from speech.audio import Audio
from speech.decoding import DecodingLimits, decode
from speech.recognition import transcribe, warm_up
from workers import model_store
from workers.settings import load_settings

WINDOWS: tuple[Literal["short", "full"], ...] = ("short", "full")
SHORT_CLIP_S = 10.0
LIMITS = DecodingLimits(max_bytes=2**30, max_duration_s=3600.0, max_channels=8)


@dataclass(frozen=True)
class Clip:
    file: str
    audio: Audio
    language: str | None = None
    reference: str | None = None
    """None where there is none, or the manifest says NOSCORE."""


@dataclass(frozen=True)
class Run:
    """One clip heard once."""

    file: str
    engine: str
    window: str
    beam_size: int
    duration_s: float
    seconds: float
    processor_s: float
    """Work of all threads; unlike `seconds`, what else the machine does hardly changes it."""
    language: str | None
    text: str

    @property
    def setting(self) -> tuple[str, str, int]:
        return self.engine, self.window, self.beam_size


def load_clips(folder: Path) -> list[Clip]:
    def load(name: str) -> Audio:
        return decode((folder / name).read_bytes(), LIMITS)

    manifest = folder / "manifest.tsv"
    if not manifest.exists():
        return [Clip(path.name, load(path.name)) for path in sorted(folder.iterdir())]
    with manifest.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Clip(
            row["file"],
            load(row["file"]),
            row["language"],
            None if "NOSCORE" in (row["note"] or "") else row["reference"],
        )
        for row in rows
    ]


def measure(
    clips: list[Clip], engines: list[RecognitionEngine], beam_sizes: list[int], rounds: int
) -> list[Run]:
    for engine in engines:
        warm_up(engine)
    runs = []
    settings = list(itertools.product(engines, beam_sizes, WINDOWS))
    for _, clip, (engine, beam_size, window) in itertools.product(range(rounds), clips, settings):
        options = RecognitionOptions(beam_size=beam_size, window=window)
        begin, processor_begin = time.perf_counter(), time.process_time()
        heard = transcribe(clip.audio, engine, options)
        seconds = time.perf_counter() - begin
        processor_s = time.process_time() - processor_begin
        runs.append(
            Run(
                clip.file,
                engine.name,
                window,
                beam_size,
                clip.audio.duration_s,
                seconds,
                processor_s,
                heard.language,
                heard.text,
            )
        )
    return runs


def table(clips: list[Clip], runs: list[Run]) -> str:
    by_file = {clip.file: clip for clip in clips}
    by_setting: dict[tuple[str, str, int], list[Run]] = defaultdict(list)
    for run in runs:
        by_setting[run.setting].append(run)
    languages = sorted({clip.language for clip in clips if clip.language and clip.reference})
    header = ["engine", "window", "beam", *languages, "all", "language"]
    header += ["RTF", "p95", "< 10 s", "work"]
    lines = ["| " + " | ".join(header) + " |", "|---|---|" + "---:|" * (len(header) - 2)]
    for (engine, window, beam_size), mine in by_setting.items():
        errors: dict[str, Errors] = defaultdict(Errors)
        for run in mine:
            clip = by_file[run.file]
            if clip.language and clip.reference:
                for group in (clip.language, "all"):
                    errors[group].add(clip.reference, run.text, clip.language)
        detected = [run.language == by_file[run.file].language for run in mine]
        factors = [run.seconds / run.duration_s for run in mine]
        pairs = [
            (run, long)
            for run, long in zip(mine, by_setting[engine, "full", beam_size], strict=True)
            if run.duration_s < SHORT_CLIP_S
        ]
        cells = [
            *(f"{errors[language].percent:.1f} %" for language in [*languages, "all"]),
            f"{sum(detected)}/{len(detected)}",
            f"{statistics.median(factors):.3f}",
            f"{statistics.quantiles(factors, n=20, method='inclusive')[-1]:.3f}",
            f"{statistics.median(run.seconds / long.seconds for run, long in pairs):.2f}",
            f"{statistics.median(run.processor_s / long.processor_s for run, long in pairs):.2f}",
        ]
        lines.append(f"| {engine} | {window} | {beam_size} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    settings = load_settings()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engines", nargs="+", default=sorted(ENGINES), choices=sorted(ENGINES))
    parser.add_argument("--beams", nargs="+", type=int, default=[1, 5])
    parser.add_argument("--threads", type=int, default=settings.asr_threads)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write every single run here")
    options = parser.parse_args()

    model_dir = model_store.resolve(settings.asr_model, settings.models)
    engines = [
        create_engine(name, model_dir, settings.device, options.threads) for name in options.engines
    ]
    clips = load_clips(options.folder)
    runs = measure(clips, engines, options.beams, options.rounds)
    print(describe_machine(), "", sep="\n")
    print(f"{len(clips)} clips, {options.threads} threads, {options.rounds} rounds.", "", sep="\n")
    print(table(clips, runs))
    print(
        "\nErrors are words, in Chinese and Japanese characters; language: how often it was "
        "detected right; RTF: seconds of work per second of sound, median and 95th percentile; "
        "< 10 s: time by that of the full window, median over clips under 10 s; work: the same "
        "in processor time."
    )
    if options.json:
        options.json.write_text(json.dumps([asdict(run) for run in runs], ensure_ascii=False))


if __name__ == "__main__":
    main()
