"""What is learned of a user, what a long conversation still knows, and how manners differ.

    python -m bench.memory [--model qwen2.5-coder-1.5b-instruct] [--only facts|summary|manner]

Starts a model server of its own. `data/facts.tsv`: utterances, and a pattern of the fact that each
tells, or `none`; the rules were written with `dev` at hand, `test` was written after them.
`data/conversation.tsv`: 60 turns a language; `told` names what a turn told, which must be known at
the end.
"""

import argparse
import csv
import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from assistant.history import Exchange
from assistant.llm.asking import ask
from assistant.llm.base import GenerationOptions, LanguageModel
from assistant.llm.resilience import ResilientModel, RetryPolicy
from assistant.manner import Manner, manner_prompt
from assistant.memory.fact_extraction import extract_facts
from assistant.memory.summary import fold
from assistant.messages import Message
from assistant.prompts import SYSTEM_PROMPT, preamble
from bench.machine import describe_machine
from bench.model_server import serve

DATA = Path(__file__).parent / "data"
LANGUAGES: tuple[Literal["en", "zh"], ...] = ("en", "zh")
MANNERS: tuple[Manner | None, ...] = (None, "formal", "friendly", "humorous", "concise")
FOLDED_AT_ONCE = 5
MANNER_STEP = 8
"""Every eighth question is answered in every manner."""
CONTRACTION = re.compile("[a-z]['’][a-z]")

Row = dict[str, str]


def load(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


class Counted:
    """Asks the model, and keeps how long each answer took."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.seconds: list[float] = []

    def __call__(self, messages: Sequence[Message], options: GenerationOptions) -> str:
        began = time.perf_counter()
        answer = ask(self._model, messages, options)
        self.seconds.append(time.perf_counter() - began)
        return answer


def facts(rows: Sequence[Row], model: LanguageModel) -> str:
    lines = [
        "| utterances | tell a fact | recall | precision | model asked | median s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    wrong = []
    for split in ("dev", "test"):
        for language in LANGUAGES:
            chosen = [row for row in rows if (row["split"], row["language"]) == (split, language)]
            asked = Counted(model)
            found = right = 0
            for row in chosen:
                extracted = extract_facts(row["utterance"], [], asked)
                is_right = any(re.search(row["expected"], fact, re.I) for fact in extracted)
                found += bool(extracted)
                right += is_right
                if is_right != (row["expected"] != "none") or bool(extracted) != is_right:
                    wrong.append(f"- {row['utterance']} → {extracted}")
            telling = sum(row["expected"] != "none" for row in chosen)
            lines.append(
                f"| {split}, {language}: {len(chosen)} | {telling} | {right / telling:.0%} "
                f"| {right / max(found, 1):.0%} | {len(asked.seconds)} "
                f"| {statistics.median(asked.seconds):.1f} |"
            )
    return "\n".join([*lines, "", "Wrong:", *wrong])


def summaries(rows: Sequence[Row], model: LanguageModel) -> str:
    lines = [
        "| 60 turns, 12 folds | told and kept | answered from it | size | median s a fold |",
        "|---|---:|---:|---:|---:|",
    ]
    wrong = []
    for language in LANGUAGES:
        chosen = [row for row in rows if row["language"] == language]
        exchanges = [Exchange(row["question"], row["answer"]) for row in chosen]
        asked = Counted(model)
        summary = ""
        for start in range(0, len(exchanges), FOLDED_AT_ONCE):
            new = exchanges[start : start + FOLDED_AT_ONCE]
            summary = fold(summary, new, language, asked)
        told = [row for row in chosen if row["told"]]
        kept = sum(bool(re.search(row["told"], summary)) for row in told)
        right = 0
        for row in told:
            system = f"{SYSTEM_PROMPT}\n\n{preamble('', summary)}"
            answer = reply(model, system, row["asked"])
            is_right = re.search(row["told"], answer) is not None
            right += is_right
            if not is_right:
                wrong.append(f"- {row['asked']} → {answer}")
        size = f"{len(summary.split())} words" if language == "en" else f"{len(summary)} characters"
        lines.append(
            f"| {language} | {kept} of {len(told)} | {right} of {len(told)} | {size} "
            f"| {statistics.median(asked.seconds):.1f} |"
        )
    return "\n".join([*lines, "", "Wrong:", *wrong])


def manners(rows: Sequence[Row], model: LanguageModel) -> str:
    lines = [
        "| manner | words, en | contractions, en | characters, zh | with 您 | with ! |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for manner in MANNERS:
        replies: dict[str, list[str]] = {}
        for language in LANGUAGES:
            questions = [
                row["question"] for row in rows if row["language"] == language and not row["told"]
            ]
            system = "\n\n".join(filter(None, (SYSTEM_PROMPT, manner_prompt(manner, language))))
            replies[language] = [
                reply(model, system, question) for question in questions[:40:MANNER_STEP]
            ]
        english, chinese = replies["en"], replies["zh"]
        lines.append(
            f"| {manner or 'none'} | {statistics.mean(len(text.split()) for text in english):.0f} "
            f"| {sum(len(CONTRACTION.findall(text)) for text in english)} "
            f"| {statistics.mean(map(len, chinese)):.0f} | {sum('您' in text for text in chinese)} "
            f"| {sum(bool(re.search('[!！]', text)) for text in (*english, *chinese))} |"
        )
    return "\n".join(lines)


def reply(model: LanguageModel, system: str, question: str) -> str:
    messages = [Message(role="system", content=system), Message(role="user", content=question)]
    return ask(model, messages, GenerationOptions(temperature=0.0, max_tokens=120))


PARTS = {
    "facts": ("facts.tsv", facts),
    "summary": ("conversation.tsv", summaries),
    "manner": ("conversation.tsv", manners),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="qwen2.5-coder-1.5b-instruct")
    parser.add_argument("--only", choices=PARTS, help="one of the tables")
    arguments = parser.parse_args()
    print(describe_machine())
    with serve(arguments.model) as server:
        # Now and then the server closes a kept connection just as it is used again.
        model = ResilientModel([server.model], RetryPolicy())
        for part, (data, measure) in PARTS.items():
            if arguments.only in (None, part):
                print(f"\n### {part.capitalize()}\n", flush=True)
                print(measure(load(data), model), flush=True)


if __name__ == "__main__":
    main()
