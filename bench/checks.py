"""How well it is told what must not be asked from what may: `python -m bench.checks [FILE]`.

By the lists alone, by the local classifier alone, and by both together.

The sentences of `bench/data/checks.tsv` in two halves: gaps in the lists were mended, and the
classifier's caution was chosen, by looking at `dev`; nobody looked at `test`. Figures are by
category and language, and of every category together: a sentence of any is right where it is
not simply allowed.
"""

import csv
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.cache.embedding import MultilingualE5
from assistant.checks.content import ContentChecks
from assistant.checks.local_classifier import LocalClassifier
from assistant.checks.reply_check import ReplyCheck
from assistant.checks.terms import TermFiles

LABELLED = Path(__file__).with_name("data") / "checks.tsv"

ORDINARY_REPLIES = (
    "Paris is the capital of France. It lies on the river Seine, and about two million people "
    "live there. To make the most of a visit, start early and walk along the water.",
    "You can make a simple pancake with flour, milk and one egg. Mix them well, let the batter "
    "rest for ten minutes, and then bake it in a hot pan with a little butter on each side.",
    "I can't tell you the weather, but I would take an umbrella. How do you feel about a walk?",
    "法国的首都是巴黎。它坐落在塞纳河边，大约有两百万人住在那里。想玩得开心，就早点出发，沿着河边走走。",
    "做煎饼很简单，用面粉、牛奶和一个鸡蛋就可以。把它们搅匀，放十分钟，再用一点黄油两面煎一下就好了。",
    "我不能查天气，不过出门最好带一把伞。你觉得去散步怎么样？",
)


def read(path: Path = LABELLED) -> list[dict[str, str]]:
    """Return rows with `split`, `language`, `category` (or `none`) and `text`."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def by_lists(checks: ContentChecks, text: str) -> set[str]:
    return set(checks.check(text).categories)


def by_classifier(checks: ContentChecks, text: str) -> set[str]:
    return set(checks.classify(text)().categories)


def by_both(checks: ContentChecks, text: str) -> set[str]:
    return by_lists(checks, text) | by_classifier(checks, text)


def report(
    rows: Sequence[dict[str, str]],
    checks: ContentChecks,
    judge: Callable[[ContentChecks, str], set[str]] = by_lists,
) -> list[str]:
    """Return the lines of a markdown table."""
    found = [(row, judge(checks, row["text"])) for row in rows]
    lines = [
        "| split | language | category | sentences | precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    for split in sorted({row["split"] for row in rows}):
        for language in ("en", "zh"):
            here = [
                (row["category"], categories)
                for row, categories in found
                if row["split"] == split and row["language"] == language
            ]
            for category in sorted({label for label, _ in here} - {"none"}):
                wanted = [label == category for label, _ in here]
                got = [category in categories for _, categories in here]
                lines.append(_line(split, language, category, wanted, got))
            wanted = [label != "none" for label, _ in here]
            lines.append(_line(split, language, "any", wanted, [bool(got) for _, got in here]))
            innocent = [categories for label, categories in here if label == "none"]
            alarms = sum(map(bool, innocent))
            lines.append(
                f"| {split} | {language} | none | {len(innocent)} | false alarms: {alarms} | |"
            )
    return lines


def _line(
    split: str, language: str, category: str, wanted: Sequence[bool], got: Sequence[bool]
) -> str:
    counts = Counter(zip(wanted, got, strict=True))
    right = counts[True, True]
    precision = _percent(right, right + counts[False, True])
    recall = _percent(right, right + counts[True, False])
    return f"| {split} | {language} | {category} | {sum(wanted)} | {precision} | {recall} |"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def cost(checks: ContentChecks) -> list[str]:
    """Return the lines of a table: what checking costs, and how much of a reply it holds back."""
    lines = ["| what | median | mean | most |", "|---|---|---|---|"]
    long = "".join(ORDINARY_REPLIES * 10)
    for n_chars in (60, 4000):
        asked = []
        for begin in range(0, 600, 20):
            began = time.thread_time()
            checks.check(long[begin : begin + n_chars])
            asked.append(1000 * (time.thread_time() - began))
        lines.append(_spread(f"question of {n_chars} characters, ms of CPU", asked))
    spent, held = [], []
    for reply in ORDINARY_REPLIES:
        check = ReplyCheck(checks)
        for end in range(3, len(reply) + 3, 3):
            began = time.thread_time()
            check.feed(reply[end - 3 : end])
            spent.append(1000 * (time.thread_time() - began))
            held.append(len(reply[:end]) - len(check.released))
    lines.append(_spread("delta of 3 characters, ms of CPU", spent))
    lines.append(_spread("characters held back after a delta", held))
    waiting = sum(map(bool, held))
    lines.append(f"| deltas after which any are held back | {_percent(waiting, len(held))} | | |")
    return lines


def _spread(what: str, values: Sequence[float]) -> str:
    middle, mean = statistics.median(values), statistics.mean(values)
    return f"| {what} | {middle:.2f} | {mean:.2f} | {max(values):.2f} |"


def classifying(checks: ContentChecks, texts: Sequence[str]) -> list[str]:
    """Return the lines of a table: how long the classifier takes, beside the model's reading."""
    lines = ["| what | median | mean | most |", "|---|---|---|---|"]
    spent = []
    checks.classify(texts[0])()  # Loads the model.
    for text in texts:
        began = time.perf_counter()
        checks.classify(text)()
        spent.append(1000 * (time.perf_counter() - began))
    lines.append(_spread("question to the classifier, ms", spent))
    return lines


def main() -> None:
    checks = ContentChecks(TermFiles(), classifier=LocalClassifier(MultilingualE5()))
    rows = read(Path(sys.argv[1]) if len(sys.argv) > 1 else LABELLED)
    for title, judge in (
        ("The lists", by_lists),
        ("The local classifier", by_classifier),
        ("Both", by_both),
    ):
        print("\n".join([f"### {title}", "", *report(rows, checks, judge), ""]))
    print("\n".join([*cost(checks), "", *classifying(checks, [row["text"] for row in rows])]))


if __name__ == "__main__":
    main()
