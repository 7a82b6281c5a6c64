"""How many paraphrases the answer cache finds, and how often it would answer another question.

    python -m bench.cache [--pairs FILE...] [--rules-only]

Each labelled pair is a store with one answer and a question that is looked up. The pairs that the
rules leave open are judged by the language model, on a server of the benchmark's own; a pair's
verdict is learned once, so that table is the second time a question is asked.

Each file of pairs has its own tables; the last one takes the near misses of all together.
"""

import argparse
import csv
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from assistant.cache.embedding import MultilingualE5
from assistant.cache.normal_form import normalise
from assistant.cache.question_index import MIN_SIMILARITY
from assistant.cache.same_question import compare
from assistant.cache.verdict import ask_same
from assistant.llm.asking import ask
from assistant.llm.resilience import ResilientModel, RetryPolicy
from bench.machine import describe_machine
from bench.model_server import serve
from workers.settings import load_settings

DATA = (
    Path(__file__).parent / "data" / "pairs.tsv",
    Path(__file__).parent / "data" / "near_misses.tsv",
)
THRESHOLDS = (0.90, 0.93, 0.96)

Pair = dict[str, str]


def load_pairs(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def table(title: str, pairs: Sequence[Pair], hits: set[int]) -> str:
    """Count the pairs whose `id` is among the hits."""
    lines = [f"| {title} | paraphrases found | false hits |", "|---|---:|---:|"]
    for split in ("dev", "test"):
        for language in ("en", "zh"):
            rows = [row for row in pairs if (row["split"], row["language"]) == (split, language)]
            cells = []
            for label in ("same", "different"):
                found = [id(row) in hits for row in rows if row["label"] == label]
                share = f" ({sum(found) / len(found):.1%})" if found else ""
                cells.append(f"{sum(found)} of {len(found)}{share}")
            lines.append(f"| {split}, {language} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def upper_bound(hits: int, tries: int) -> float:
    """Return the share that `hits` of `tries` stay under with 95 % confidence (Clopper-Pearson)."""
    low, high = hits / tries, 1.0
    while high - low > 1e-6 and hits < tries:
        share = (low + high) / 2
        as_few = sum(
            math.comb(tries, k) * share**k * (1 - share) ** (tries - k) for k in range(hits + 1)
        )
        low, high = (share, high) if as_few > 0.05 else (low, share)
    return high


def bounds(sets: Mapping[str, Sequence[Pair]], hits: set[int]) -> str:
    """Count the false hits of each set and of all of them, and list their words."""
    lines = ["| near misses of | false hits | with 95 % confidence under |", "|---|---:|---:|"]
    parts = {
        f"{name}, {split}": [row for row in rows if row["split"] == split]
        for name, rows in sets.items()
        for split in ("dev", "test")
    }
    parts |= sets
    parts["all"] = [row for rows in sets.values() for row in rows]
    for name, rows in parts.items():
        near_misses = [row for row in rows if row["label"] == "different"]
        if near_misses:
            false = sum(id(row) in hits for row in near_misses)
            bound = upper_bound(false, len(near_misses))
            lines.append(f"| {name} | {false} of {len(near_misses)} | {bound:.1%} |")
    lines.append("")
    lines += [
        f"False hit ({row['split']}, {row['language']}): {row['a']} | {row['b']}"
        for row in parts["all"]
        if row["label"] == "different" and id(row) in hits
    ]
    return "\n".join(lines)


def report(title: str, sets: Mapping[str, Sequence[Pair]], hits: set[int]) -> None:
    for name, rows in sets.items():
        print(table(f"{name}: {title}", rows, hits), end="\n\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, nargs="+", default=DATA)
    parser.add_argument("--rules-only", action="store_true")
    arguments = parser.parse_args()
    sets = {path.name: load_pairs(path) for path in arguments.pairs}
    pairs = [row for rows in sets.values() for row in rows]
    print(describe_machine(), end="\n\n")

    embedding = MultilingualE5()
    embedding.embed(["warm"])
    similarity: list[float] = []
    took_s: list[float] = []
    judgements = []
    for row in pairs:
        kept = embedding.embed([normalise(row["a"])])[0]
        begin = time.perf_counter()
        asked = embedding.embed([normalise(row["b"])])[0]
        judgements.append(compare(row["b"], row["a"], row["language"]))
        took_s.append(time.perf_counter() - begin)
        similarity.append(float(kept @ asked))
    near = {
        id(row) for row, score in zip(pairs, similarity, strict=True) if score >= MIN_SIMILARITY
    }
    for threshold in THRESHOLDS:
        closest = {
            id(row) for row, score in zip(pairs, similarity, strict=True) if score >= threshold
        }
        report(f"similarity of {threshold} alone", sets, closest)
    found = {
        id(row) for row, judged in zip(pairs, judgements, strict=True) if judged == "same"
    } & near
    report("rules", sets, found)
    if not arguments.rules_only:
        open_pairs = [
            row
            for row, judged in zip(pairs, judgements, strict=True)
            if judged == "unsure" and id(row) in near
        ]
        with serve(load_settings().llm_model) as server:
            # As the assistant asks it: a dropped connection is tried again.
            judge = partial(ask, ResilientModel([server.model], RetryPolicy(attempts=3)))
            begin = time.perf_counter()
            learned = {
                id(row)
                for row in open_pairs
                if ask_same(judge, row["b"], row["a"], row["language"])
            }
            each_s = (time.perf_counter() - begin) / max(1, len(open_pairs))
        found |= learned
        report("rules, then the model's verdict", sets, found)
        print(f"{len(open_pairs)} verdicts, {each_s:.1f} s each.\n")
    print(bounds(sets, found), end="\n\n")
    print(
        f"Embedding and second look: median {statistics.median(took_s) * 1000:.0f} ms, "
        f"p95 {statistics.quantiles(took_s, n=20)[-1] * 1000:.0f} ms."
    )


if __name__ == "__main__":
    main()
