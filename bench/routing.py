"""What the router gains: accuracy and latency of the small model, the large one, and both.

    python -m bench.routing [--questions bench/data/questions.tsv]

Each question goes once to each model, at temperature 0, where a second answer would be the same,
in turn, so that both meet the same machine; the routed figures are of the same answers. The rules
were written with the split `dev` and `question_kinds.tsv` in view; the split `test` judges them.
"""

import argparse
import csv
import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from assistant.history import estimate_tokens
from assistant.llm.base import GenerationOptions, LanguageModel
from assistant.llm.router import ModelSpec, Route, Router, RoutingRequest, Tier
from assistant.messages import Message
from assistant.prompts import SYSTEM_PROMPT
from bench.machine import describe_machine
from bench.model_server import serve

OPTIONS = GenerationOptions(temperature=0, max_tokens=300)
FOLLOW_UP = {"en": "Tell me more about that.", "zh": "再多说一点。"}
TIERS: tuple[Tier, ...] = ("small", "large")


@dataclass(frozen=True)
class Question:
    split: Literal["dev", "test"]
    language: Literal["en", "zh"]
    kind: str
    question: str
    accept: str
    """What a right answer matches, in any case of letters."""


@dataclass(frozen=True)
class Answer:
    text: str
    is_right: bool
    seconds: float
    """To its end."""


@dataclass(frozen=True)
class Row:
    question: Question
    answers: dict[Tier, Answer]
    routed: Tier
    reason: str


Policy = Callable[[Row], Tier]
POLICIES: dict[str, Policy] = {
    "small only": lambda row: "small",
    "large only": lambda row: "large",
    "routed": lambda row: row.routed,
}


def read_questions(path: Path) -> list[Question]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Question(**cast(dict[str, Any], row)) for row in rows]


def prompt(question: Question) -> list[Message]:
    return [
        Message(role="system", content=SYSTEM_PROMPT),
        Message(role="user", content=question.question),
    ]


def ask(model: LanguageModel, question: Question) -> Answer:
    began = time.perf_counter()
    pieces = [piece for piece in model.stream(prompt(question), OPTIONS) if isinstance(piece, str)]
    seconds = time.perf_counter() - began
    text = "".join(pieces).strip()
    return Answer(text, re.search(question.accept, text, re.IGNORECASE) is not None, seconds)


def route(router: Router, question: Question) -> Route:
    request = RoutingRequest(
        question=question.question,
        language=question.language,
        prompt_tokens=sum(estimate_tokens(message) for message in prompt(question)),
    )
    chosen = router.choose(request)
    assert isinstance(chosen, Route)
    return chosen


def figures(rows: Sequence[Row], policy: Policy) -> str:
    answers = [row.answers[policy(row)] for row in rows]
    right = sum(answer.is_right for answer in answers)
    seconds = [answer.seconds for answer in answers]
    return (
        f"{right} ({right / len(rows):.0%}) | {statistics.fmean(seconds):.2f} s "
        f"| {statistics.median(seconds):.2f} s"
    )


def overview(rows: Sequence[Row]) -> None:
    """Print both splits, one line for each policy."""
    print("| questions | | asked of small | right | mean latency | median |")
    print("|---|---|---:|---:|---:|---:|")
    for split in sorted({row.question.split for row in rows}):
        chosen = [row for row in rows if row.question.split == split]
        for name, policy in POLICIES.items():
            share = sum(policy(row) == "small" for row in chosen) / len(chosen)
            print(f"| {split}, {len(chosen)} | {name} | {share:.0%} | {figures(chosen, policy)} |")
    print()


def by(name: str, key: Callable[[Row], str], rows: Sequence[Row]) -> None:
    """Print one line for each value of `key`: right answers and mean latency of each policy."""
    print(
        f"| {name} | questions | "
        + " | ".join(f"{policy}: right, mean" for policy in POLICIES)
        + " |"
    )
    print("|---|---:|" + "---:|" * len(POLICIES))
    for value in sorted({key(row) for row in rows}):
        chosen = [row for row in rows if key(row) == value]
        cells = [
            figures(chosen, policy).rpartition(" | ")[0].replace(" |", ",")
            for policy in POLICIES.values()
        ]
        print(f"| {value} | {len(chosen)} | " + " | ".join(cells) + " |")
    print()


def measure_changes(rows: Sequence[Row], small: LanguageModel, large: LanguageModel) -> None:
    """Print what a follow-up to the large model costs where the small one gave the last answer.

    Whoever answered, the large model reads the follow-up; after the small one the last question
    and answer, too. The waits are those for the first word.
    """
    waits: dict[Tier, list[float]] = {tier: [] for tier in TIERS}
    one_token = GenerationOptions(temperature=0, max_tokens=1)
    easy = [row for row in rows if row.routed == "small"]
    for index, row in enumerate(easy):
        # A question of which neither has the beginning in its cache.
        question = Message(role="user", content=f"{index + 1}. {row.question.question}")
        tier = TIERS[index % 2]
        messages = [prompt(row.question)[0], question]
        answering = small if tier == "small" else large
        answer = "".join(
            piece for piece in answering.stream(messages, OPTIONS) if isinstance(piece, str)
        )
        follow_up = FOLLOW_UP[row.question.language]
        messages += [
            Message(role="assistant", content=answer),
            Message(role="user", content=follow_up),
        ]
        began = time.perf_counter()
        list(large.stream(messages, one_token))
        waits[tier].append(time.perf_counter() - began)
    print(
        "| the last answer was given by | follow-ups | mean wait for the large model's first word |"
    )
    print("|---|---:|---:|")
    for tier, seconds in waits.items():
        print(f"| {tier} | {len(seconds)} | {statistics.fmean(seconds):.2f} s |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = Path(__file__).parent / "data" / "questions.tsv"
    parser.add_argument("--questions", type=Path, default=data)
    parser.add_argument("--small", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--large", default="qwen2.5-coder-1.5b-instruct")
    parser.add_argument("--json", type=Path, help="write every single answer here")
    arguments = parser.parse_args()
    names: dict[Tier, str] = {"small": arguments.small, "large": arguments.large}
    router = Router([ModelSpec(name=name, tier=tier) for tier, name in names.items()])
    rows = []
    print(describe_machine(), "", sep="\n", flush=True)
    with serve(names["small"]) as small, serve(names["large"]) as large:
        models = {"small": small.model, "large": large.model}
        questions = read_questions(arguments.questions)
        for tier in TIERS:
            ask(models[tier], questions[0])  # Reads the beginning of every prompt.
        for question in questions:
            answers = {tier: ask(models[tier], question) for tier in TIERS}
            chosen = route(router, question)
            rows.append(Row(question, answers, chosen.tier, chosen.reason))
        measure_changes(rows, small.model, large.model)
        memory = {"small": small.memory_gib, "large": large.memory_gib}
    for tier in TIERS:
        print(f"{tier}: {names[tier]}, {memory[tier]:.1f} GiB of memory", end="\n\n")
    overview(rows)
    by("language", lambda row: row.question.language, rows)
    by("kind", lambda row: row.question.kind, rows)
    by("rule", lambda row: f"{row.reason} → {row.routed}", rows)
    if arguments.json:
        listed = [asdict(row) for row in rows]
        arguments.json.write_text(json.dumps(listed, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
