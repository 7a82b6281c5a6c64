"""How fast the embedded model writes for one, two, four and eight users at once.

    python -m bench.throughput [--slots 1 2 4 8] [--users 1 2 4 8] [--rounds 1]

For each number of slots a server of its own is started. All users ask at the same moment, each
something else; they share the beginning of the prompt, as they do in the assistant.
"""

import argparse
import itertools
import random
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from assistant.llm.base import Completion, GenerationOptions, LanguageModel
from assistant.messages import Message
from assistant.prompts import SYSTEM_PROMPT
from bench.machine import describe_machine
from bench.model_server import serve
from workers.settings import load_settings

# No question comes twice on one server, which would have its prompt in its cache.
TOPICS = {
    "Tell me a long story about a {}.": ["fox", "dragon", "sailor", "river", "tailor", "dog"],
    "讲一个关于{}的长故事。": ["月亮", "城堡", "面包师", "石桥", "时钟", "大树"],
    "Explain to a child how a {} works.": ["bicycle", "fridge", "compass", "kite", "lift", "piano"],
    "给我介绍一下{}的历史。": ["长城", "茶叶", "丝绸", "足球", "邮票", "咖啡"],
}
QUESTIONS = [question.format(topic) for question, topics in TOPICS.items() for topic in topics]
random.Random(3).shuffle(QUESTIONS)
OPTIONS = GenerationOptions(temperature=0, max_tokens=40)


@dataclass(frozen=True)
class Reply:
    tokens: int
    first_s: float
    """From the question to the first word."""
    whole_s: float

    @property
    def tokens_per_s(self) -> float:
        """While it is written."""
        return (self.tokens - 1) / (self.whole_s - self.first_s)


def ask(model: LanguageModel, question: str, together: threading.Barrier) -> Reply:
    messages = [
        Message(role="system", content=SYSTEM_PROMPT),
        Message(role="user", content=question),
    ]
    together.wait()
    began = time.perf_counter()
    first_s = None
    tokens = 0
    for piece in model.stream(messages, OPTIONS):
        if first_s is None:
            first_s = time.perf_counter() - began
        if isinstance(piece, Completion):
            tokens = piece.completion_tokens or 0
    assert first_s is not None
    return Reply(tokens, first_s, time.perf_counter() - began)


def ask_together(model: LanguageModel, questions: Sequence[str]) -> tuple[list[Reply], float]:
    """Return the replies, and the seconds until the last one was written."""
    together = threading.Barrier(len(questions))
    began = time.perf_counter()
    with ThreadPoolExecutor(len(questions)) as pool:
        replies = list(pool.map(lambda question: ask(model, question, together), questions))
    return replies, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--users", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    model = load_settings().llm_model
    runs: dict[tuple[int, int], list[tuple[list[Reply], float]]] = {}
    memory_gib: dict[int, float] = {}
    print(describe_machine(), "", sep="\n", flush=True)
    for _ in range(options.rounds):
        for slots in options.slots:
            with serve(model, LLM_SLOTS=str(slots)) as server:
                questions = itertools.cycle(QUESTIONS)
                # Afterwards every slot has read the beginning of the prompt.
                ask_together(server.model, list(itertools.islice(questions, slots)))
                for users in options.users:
                    run = ask_together(server.model, list(itertools.islice(questions, users)))
                    runs.setdefault((slots, users), []).append(run)
                memory_gib[slots] = server.memory_gib
    print(
        f"| {model}: slots | memory | users | tokens/s, all | tokens/s, each | first word "
        "| slowest first word | whole answer |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for (slots, users), repeated in runs.items():
        replies = [reply for replies, _ in repeated for reply in replies]
        together = statistics.fmean(
            sum(reply.tokens for reply in replies) / seconds for replies, seconds in repeated
        )
        print(
            f"| {slots} | {memory_gib[slots]:.1f} GiB | {users} | {together:.1f} "
            f"| {statistics.median(reply.tokens_per_s for reply in replies):.1f} "
            f"| {statistics.median(reply.first_s for reply in replies):.1f} s "
            f"| {max(reply.first_s for reply in replies):.1f} s "
            f"| {statistics.median(reply.whole_s for reply in replies):.1f} s |"
        )


if __name__ == "__main__":
    main()
