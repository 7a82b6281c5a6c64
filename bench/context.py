"""Does the first word come later as a conversation grows? And is its beginning still known?

    python -m bench.context [--url http://127.0.0.1:8000] [--turns 60] [--pause 5]

One long conversation; from its 41st turn on each of its turns is paired with the first turn of a
new conversation that asks the same question, so both are measured at the same time.
"""

import argparse
import contextlib
import csv
import statistics
import time
import uuid
from pathlib import Path

import httpx

from bench.latency import own_server
from bench.machine import describe_machine
from tests.web.client import TIMEOUT, sse

TOLD = {
    2: "By the way, my sister Ottilie keeps three donkeys on a farm in Wales.",
    4: "For my birthday I want to bake a carrot cake with walnuts.",
}
ASKED = [
    ("What is the name of my sister?", "Ottilie"),
    ("Which animals does she keep?", "donkey"),
    ("Which cake do I want to bake?", "carrot"),
]
FIRST_PAIR = 41
"""The first turn that is compared with the beginning of a new conversation."""


def distinct_questions() -> list[str]:
    """No two begin alike, as what was read before is in the model server's cache."""
    with (Path(__file__).parent / "data" / "pairs.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        questions = [row["a"] for row in rows if row["language"] == "en"]
    by_beginning = {question[:20]: question for question in questions}
    return list(by_beginning.values())


def ask(client: httpx.Client, conversation: str, question: str) -> tuple[float, str, dict]:
    """Return the seconds to the first word, the reply, and what it says of the history."""
    body = {"question": question, "conversation_id": conversation, "speak": False}
    began = time.perf_counter()
    first, answer, history = 0.0, "", {}
    headers = {"Accept": "text/event-stream"}
    with client.stream("POST", "/api/chat", json=body, headers=headers) as response:
        for _, event in sse(response.iter_lines()):
            if event["type"] == "reply_delta" and not first:
                first = time.perf_counter() - began
            elif event["type"] == "history_recalled":
                history = event
            elif event["type"] == "reply_ready":
                answer = event["text"]
    return first, answer, history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="of a running assistant")
    parser.add_argument("--turns", type=int, default=55)
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two turns")
    options = parser.parse_args()
    late: list[float] = []
    early: list[float] = []
    all_turns: list[float] = []
    # Every turn is the model's, and knows what was told from the conversation alone.
    settings = {
        "ANSWER_CACHE": "off",
        "PROFILE": "false",
        "TOOLS": "false",
        "MAX_REPLY_TOKENS": "60",
    }
    with (
        contextlib.nullcontext(options.url) if options.url else own_server(**settings) as url,
        httpx.Client(base_url=url, timeout=TIMEOUT) as client,
    ):
        conversation = uuid.uuid4().hex
        questions = distinct_questions()
        for turn in range(1, options.turns + 1):
            question = TOLD.get(turn, questions[turn])
            first, _, history = ask(client, conversation, question)
            all_turns.append(first)
            time.sleep(options.pause)
            if turn >= FIRST_PAIR:
                late.append(first)
                early.append(ask(client, uuid.uuid4().hex, question)[0])
                time.sleep(options.pause)
        recalled = [
            (question, wanted, ask(client, conversation, question)[1]) for question, wanted in ASKED
        ]
    print(describe_machine(), "")
    print("| time to the first word | median | p95 |", "|---|---:|---:|", sep="\n")
    for name, values in (
        ("turns 2 to 10", all_turns[1:10]),
        (f"turns {FIRST_PAIR} to {options.turns}", late),
        ("turn 1 of new conversations, meanwhile", early),
    ):
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        print(f"| {name} | {statistics.median(values):.2f} s | {p95:.2f} s |")
    ratio = statistics.median(late) / statistics.median(early)
    print(f"\nLate turns by first turns: {ratio:.2f} (wanted: at most 1.2).")
    print(
        f"At the end the model was shown {history['turns']} turns word by word, and a summary: "
        f"{history['is_summarised']}.\n"
    )
    for question, wanted, answer in recalled:
        known = "known" if wanted.lower() in answer.lower() else "lost"
        print(f"- {known}: {question} {answer}")


if __name__ == "__main__":
    main()
