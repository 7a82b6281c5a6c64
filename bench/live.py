"""How soon a live conversation answers, driven over its real socket in real time.

    python -m bench.live [--only 1,3] [--url http://127.0.0.1:8000]

1 and 4: end of the user's speech to the first audible sample of the reply, beside the floor that
the same engines set when they run alone, one after another; turns cut off, and waiting. 2: several
sessions at once. 3: interruption to silence. 5: idle sessions. Without an address it starts an
assistant of its own, with the settings of the environment but for the answer cache; with one, the
floor still runs here, with the settings of this environment.
"""

import argparse
import asyncio
import contextlib
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from redis import Redis

from bench import live_report as report
from bench import live_timeline as timeline
from bench.floor import FloorEngines, floor_engines
from bench.live_client import EXTENSIONS, open_client
from bench.live_clips import LANGUAGES, Clip, load_clips, spoken
from bench.live_idle import IdleCost, measure_idle
from bench.live_interruptions import Backstage, Interruption, interrupt_all
from bench.live_processes import descendants
from bench.live_turn import LiveTurn, ask
from bench.machine import describe_machine
from tests.conftest import run_server, wait_until_ready
from workers.services import Services, load_services

PAUSE_S = 1.5
"""Between two turns, as of a person who has just heard the answer."""
SESSIONS = 4
JITTER_S = 2.0
TALKATIVE = (
    "You are a voice assistant that likes to talk. Reply in the user's language, in plain words, "
    "with at least ten long sentences."
)
"""So that the model is still writing when the user interrupts."""
LONG_QUESTIONS = {
    "en": ["Tell me a long story about a fox.", "Explain in detail how a bicycle works."],
    "zh": ["给我讲一个关于月亮的长故事。", "请详细介绍一下长城的历史。"],
}
OBJECTIONS = {
    "en": ["Wait, stop. Tell me about dogs instead.", "No, that is not what I asked you."],
    "zh": ["等一下，先别说了，我想问别的。", "不对，我问的不是这个。"],
}


@dataclass(frozen=True)
class Target:
    url: str
    launcher_pid: int | None = None
    backstage: Backstage | None = None
    """Of an own server."""


@contextlib.contextmanager
def own_server() -> Iterator[Target]:
    with (
        tempfile.TemporaryDirectory() as folder,
        # What is asked twice would come from the cache.
        run_server(Path(folder), load_services().settings.models, ANSWER_CACHE="off") as server,
    ):
        wait_until_ready(server)
        address = load_services().settings.redis_url or f"unix://{folder}/redis.sock"
        processes = descendants(server.process.pid)

        def pids(part: str) -> tuple[int, ...]:
            return tuple(pid for pid, command in processes.items() if part in command)

        backstage = Backstage(Redis.from_url(address), pids("workers.llm_server"), pids("-Q tts"))
        yield Target(server.url, server.process.pid, backstage)


async def measure_alone(
    target: Target, clips: Sequence[Clip], engines: FloorEngines, options: argparse.Namespace
) -> list[report.Pair]:
    """One session: each question is asked, and its floor measured right after."""
    pairs = []
    async with open_client(
        target.url, extensions=options.extensions, turn_detection=options.turn_detection
    ) as client:
        for clip in clips[:2]:
            await ask(client, clip)
            await asyncio.sleep(PAUSE_S)
        for clip in clips:
            turn = await ask(client, clip)
            await asyncio.sleep(PAUSE_S)
            floor = await asyncio.to_thread(engines.measure, clip, turn.reply or clip.words)
            pairs.append((turn, floor))
            say(clip, turn, f"floor {floor.total_s:.2f} s")
            await asyncio.sleep(PAUSE_S / 2)
        if client.latest_chunk_s > 0.1:
            print(f"The microphone was up to {client.latest_chunk_s:.2f} s late: a busy machine.")
    return pairs


async def measure_together(
    target: Target, clips: Sequence[Clip], options: argparse.Namespace
) -> list[LiveTurn]:
    """In each round all sessions ask something else, at about the same time."""
    chance = random.Random(4)
    turns: list[LiveTurn] = []
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                open_client(
                    target.url,
                    extensions=options.extensions,
                    turn_detection=options.turn_detection,
                )
            )
            for _ in range(SESSIONS)
        ]
        rounds = [clips[place : place + SESSIONS] for place in range(0, len(clips), SESSIONS)]
        for number, questions in enumerate([rounds[-1], *rounds]):

            async def one(place: int, clip: Clip) -> LiveTurn:
                await asyncio.sleep(chance.uniform(0, JITTER_S))
                return await ask(clients[place], clip)

            asked = [one(place, clip) for place, clip in enumerate(questions)]
            found = await asyncio.gather(*asked)
            if number:  # The first round warms.
                turns += found
                for turn in found:
                    say(turn.clip, turn, f"{SESSIONS} at once")
            await asyncio.sleep(PAUSE_S)
    return turns


async def measure_interruptions(
    target: Target, services: Services, options: argparse.Namespace
) -> dict[str, list[Interruption]]:
    """A client that can hold the sound, and one that cannot."""
    questions, objections = [], []
    for _ in range(2):
        for number in range(2):
            for language in LANGUAGES:
                questions.append(spoken(services, language, LONG_QUESTIONS[language][number]))
                objections.append(spoken(services, language, OBJECTIONS[language][number]))
    found = {}
    for name, extensions in (("holds", EXTENSIONS), ("plain protocol", "")):
        async with open_client(
            target.url,
            extensions=extensions,
            turn_detection=options.turn_detection,
            instructions=TALKATIVE,
        ) as client:
            found[name] = await interrupt_all(client, questions, objections, target.backstage)
    return found


async def measure_idles(target: Target, clips: Sequence[Clip], n_sessions: int) -> list[IdleCost]:
    costs = []
    for n, kind in ((0, "none"), (n_sessions, "silent"), (n_sessions, "room noise")):
        cost = await measure_idle(
            target.url, clips, n_sessions=n, kind=kind, launcher_pid=target.launcher_pid
        )
        costs.append(cost)
        for turn in cost.turns:
            say(turn.clip, turn, f"{n} others, {kind}")
    return costs


def say(clip: Clip, turn: LiveTurn, note: str) -> None:
    def seconds(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f} s"

    cut = ", CUT OFF" if turn.is_cut_off else ""
    print(
        f"  {clip.words[:40]!r}: first sound {seconds(turn.first_sound_s)}, "
        f"end {seconds(turn.ended_s)}{cut}, {note}; heard {turn.transcript[:40]!r}",
        flush=True,
    )


def write_picture(pairs: Sequence[report.Pair], path: Path) -> None:
    """Draw the turn that is nearest to both medians, of the first sound and of the floor."""
    timed = [
        (turn.first_sound_s, floor.total_s, turn, floor)
        for turn, floor in pairs
        if turn.first_sound_s is not None and turn.stages_ms and not turn.is_cut_off
    ]
    if not timed:
        return
    sound_s, _ = report.quantiles([each[0] for each in timed])
    floor_s, _ = report.quantiles([each[1] for each in timed])
    _, _, turn, floor = min(
        timed, key=lambda each: abs(each[0] / sound_s - 1) + abs(each[1] / floor_s - 1)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    title = f"A median turn of {len(timed)}: “{turn.clip.words}”"
    path.write_text(timeline.draw(timeline.bars(turn, floor), title), encoding="utf-8")


async def run(target: Target, engines: FloorEngines | None, options: argparse.Namespace) -> None:
    services = load_services()
    clips = load_clips(services, options.clips, options.each)
    singles = [clip for clip in clips if not clip.is_recorded]
    figures: dict[str, object] = {}
    alone: list[LiveTurn] = []
    if engines is not None:
        pairs = await measure_alone(target, clips, engines, options)
        alone = [turn for turn, _ in pairs]
        show("1. End of speech to the first sound", report.speed(pairs), report.floor_parts(pairs))
        show("Where the time goes", report.stages(alone))
        show("4. The end of a turn", report.turn_ends(alone))
        figures["alone"] = [(plain(turn), asdict(floor)) for turn, floor in pairs]
        write_picture(pairs, options.picture)
    if 2 in options.only:
        turns = await measure_together(target, singles, options)
        show("2. Sessions at once", report.together(turns, alone or turns, SESSIONS))
        figures["together"] = [plain(turn) for turn in turns]
    if 3 in options.only:
        found = await measure_interruptions(target, services, options)
        show("3. Interruption to silence", report.interruptions(found))
        figures["interruptions"] = {
            name: [asdict(each) for each in those] for name, those in found.items()
        }
    if 5 in options.only:
        costs = await measure_idles(target, singles[:6], options.sessions)
        show("5. Idle sessions", report.idle(costs))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False))


def plain(turn: LiveTurn) -> dict[str, object]:
    """Return it without its sound."""
    return {
        **{name: value for name, value in vars(turn).items() if name != "clip"},
        "words": turn.clip.words,
        "language": turn.clip.language,
        "is_recorded": turn.clip.is_recorded,
    }


def show(title: str, *tables: str) -> None:
    print(f"\n### {title}\n", *(f"{table}\n" for table in tables), sep="\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="of a running assistant")
    parser.add_argument("--only", default="1,2,3,4,5", help="parts to measure, as in 1,3")
    parser.add_argument("--each", type=int, default=8, help="clips a language and kind")
    parser.add_argument("--sessions", type=int, default=200, help="that are open and idle")
    parser.add_argument("--clips", type=Path, default=Path("../shared/audio/dev"))
    parser.add_argument("--extensions", default=EXTENSIONS, help="that the client asks for")
    parser.add_argument("--turn-detection", default="semantic_vad")
    parser.add_argument("--picture", type=Path, default=Path("docs/images/latency-timeline.svg"))
    parser.add_argument("--json", type=Path, help="write every single figure here")
    options = parser.parse_args()
    options.only = {int(part) for part in options.only.split(",")}
    print(describe_machine(), flush=True)
    with contextlib.ExitStack() as stack:
        target = Target(options.url) if options.url else stack.enter_context(own_server())
        engines = None
        if options.only & {1, 4}:
            engines = stack.enter_context(floor_engines(load_services()))
        asyncio.run(run(target, engines, options))
    print(describe_machine())


if __name__ == "__main__":
    main()
