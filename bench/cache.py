"""How many paraphrases the answer cache finds, and how often it would answer another question.

    python -m bench.cache [--pairs bench/data/pairs.tsv] [--model-url http://127.0.0.1:8001/v1]

Each labelled pair is a store with one answer and a question that is looked up. With
`--model-url` the pairs that the rules leave open are judged by the language model there; a pair's
verdict is learned once, so that table is the second time a question is asked.
"""

import argparse
import csv
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.cache.embedding import MultilingualE5
from assistant.cache.normal_form import normalise
from assistant.cache.question_index import MIN_SIMILARITY
from assistant.cache.same_question import compare
from assistant.cache.verdict import ask_same
from assistant.llm import registry as language_models
from assistant.llm.base import Ask, GenerationOptions
from assistant.messages import Message
from bench.machine import describe_machine

DATA = Path(__file__).parent / "data" / "pairs.tsv"
THRESHOLDS = (0.90, 0.93, 0.96)

Pair = dict[str, str]


def load_pairs(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def ask_at(url: str, name: str) -> Ask:
    model = language_models.create_model(
        "openai_chat",
        base_url=url,
        model=name,
        api_key="none",
        first_token_timeout_s=60.0,
        token_timeout_s=60.0,
    )

    def ask(messages: Sequence[Message], options: GenerationOptions) -> str:
        return "".join(piece for piece in model.stream(messages, options) if isinstance(piece, str))

    return ask


def table(title: str, pairs: Sequence[Pair], hits: set[int]) -> str:
    """Count the pairs whose `id` is among the hits."""
    lines = [f"| {title} | paraphrases found | false hits |", "|---|---:|---:|"]
    for split in ("dev", "test"):
        for language in ("en", "zh"):
            rows = [row for row in pairs if (row["split"], row["language"]) == (split, language)]
            cells = []
            for label in ("same", "different"):
                found = [id(row) in hits for row in rows if row["label"] == label]
                cells.append(f"{sum(found)} of {len(found)} ({sum(found) / len(found):.1%})")
            lines.append(f"| {split}, {language} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, default=DATA)
    parser.add_argument("--model-url", help="of an OpenAI-compatible server, up to and with /v1")
    parser.add_argument("--model", default="default", help="its name there")
    arguments = parser.parse_args()
    pairs = load_pairs(arguments.pairs)
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
        print(table(f"similarity of {threshold} alone", pairs, closest), end="\n\n")
    found = {
        id(row) for row, judged in zip(pairs, judgements, strict=True) if judged == "same"
    } & near
    print(table("rules", pairs, found), end="\n\n")
    if arguments.model_url:
        ask = ask_at(arguments.model_url, arguments.model)
        begin = time.perf_counter()
        open_pairs = [
            row
            for row, judged in zip(pairs, judgements, strict=True)
            if judged == "unsure" and id(row) in near
        ]
        learned = {
            id(row) for row in open_pairs if ask_same(ask, row["b"], row["a"], row["language"])
        }
        each_s = (time.perf_counter() - begin) / max(1, len(open_pairs))
        print(table("rules, then the model's verdict", pairs, found | learned), end="\n\n")
        print(f"{len(open_pairs)} verdicts, {each_s:.1f} s each.\n")
    print(
        f"Embedding and second look: median {statistics.median(took_s) * 1000:.0f} ms, "
        f"p95 {statistics.quantiles(took_s, n=20)[-1] * 1000:.0f} ms."
    )


if __name__ == "__main__":
    main()
