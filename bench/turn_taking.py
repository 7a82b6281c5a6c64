"""When a turn is taken to be over, and what interrupts a reply, on the clips of a folder.

    python -m bench.turn_taking ../shared/audio/dev

Patience and echo were tuned on every second clip, and the others are counted apart. But these were
looked at while choosing, and voice activity was tuned on all: they are no blind test. Nothing is
transcribed: speech that only its words can tell from a cough is counted as `asked`.
"""

import argparse
import hashlib
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from bench.machine import describe_machine
from bench.recognition import load_clips
from bench.turn_clips import Utterance, read, with_thought
from bench.turn_sounds import RATE_HZ, ROOM_DB, at_level, cough, echo, hum, room_noise
from speech.audio import Samples
from speech.turn_taking.end_of_turn import EndOfTurnModel
from speech.turn_taking.engine import TurnEngine
from speech.turn_taking.events import (
    EngineEvent,
    FalseAlarm,
    LikelyEnded,
    PossibleInterruption,
    ShortSpeech,
    SpeechStarted,
    TurnEnded,
    TurnTaking,
)
from speech.turn_taking.timing import ASKED_MS
from speech.turn_taking.vad import VoiceActivity
from workers import model_store
from workers.settings import load_settings

SETTINGS = {
    "server_vad 500 ms": TurnTaking(mode="server_vad"),
    "semantic_vad high": TurnTaking(eagerness="high"),
    "semantic_vad auto": TurnTaking(),
    "semantic_vad low": TurnTaking(eagerness="low"),
}
LEVELS_DB = (0, -6, -10, -15, -20, -30)
STOPS_AFTER = RATE_HZ // 10
"""After a hold: what is on its way through the network and the sound card is still played."""


class RememberingModel:
    """Asks the end-of-turn model once for each sound: settings differ only in what they do then."""

    def __init__(self, model: EndOfTurnModel) -> None:
        self._model = model
        self._answers: dict[bytes, float] = {}
        self.milliseconds: list[float] = []

    def probability(self, samples: Samples) -> float:
        key = hashlib.blake2b(samples.tobytes()).digest()
        if key not in self._answers:
            begin = time.perf_counter()
            self._answers[key] = self._model.probability(samples)
            self.milliseconds.append(1000 * (time.perf_counter() - begin))
        return self._answers[key]


def listen(engine: TurnEngine, samples: Samples) -> list[EngineEvent]:
    events: list[EngineEvent] = []
    for begin in range(0, len(samples), 320):
        events += engine.hear(samples[begin : begin + 320])
    return events


def ends_table(utterances: Sequence[Utterance], model: RememberingModel) -> str:
    lines = [
        "| clips | language | settings | n | cut off | cut off in 1 s of thought "
        "| waiting, median | p95 | likely, median |",
        "|---|---|---|" + "---:|" * 6,
    ]
    for half in (True, False):
        for language in ("en", "zh", "other", "all"):
            mine = [
                each
                for each in utterances
                if each.is_tuned_on == half and language in (each.language, "all")
            ]
            for name, settings in SETTINGS.items():
                cells = ends_row(mine, settings, model)
                title = "tuned on" if half else "others"
                lines.append(f"| {title} | {language} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ends_row(
    utterances: Sequence[Utterance], settings: TurnTaking, model: RememberingModel
) -> list[str]:
    cut, cut_in_thought, waits, likely = 0, 0, [], []
    for each in utterances:
        events = listen(TurnEngine(settings, VoiceActivity(), model), each.samples)
        ends = [event.at_ms for event in events if isinstance(event, TurnEnded)]
        cut += any(at < each.end_ms for at in ends)
        waits += [at - each.end_ms for at in ends if at >= each.end_ms][:1]
        last = max((e.end_ms for e in events if isinstance(e, LikelyEnded)), default=None)
        if last is not None and last >= each.end_ms - 200:
            likely.append(last + ASKED_MS[0] - each.end_ms)
        thought = with_thought(each)
        events = listen(TurnEngine(settings, VoiceActivity(), model), thought.samples)
        cut_in_thought += any(isinstance(e, TurnEnded) and e.at_ms < thought.end_ms for e in events)
    n = len(utterances)
    return [
        str(n),
        str(cut),
        str(cut_in_thought),
        f"{statistics.median(waits):.0f} ms",
        f"{np.percentile(waits, 95):.0f} ms",
        f"{statistics.median(likely):.0f} ms" if likely else "–",
    ]


def interruptions_table(utterances: Sequence[Utterance], model: RememberingModel) -> str:
    """Each user speaks, is answered, and then something is heard while the reply sounds."""
    lines = [
        "| heard during the reply | level | n | nothing | false alarm | asked | interruption "
        "| voice → hold, median | p95 |",
        "|---|---:|" + "---:|" * 7,
    ]
    others = [each for each in utterances if not each.is_tuned_on]
    replies = [each.voice for each in others[1:] + others[:1]]
    short = RATE_HZ * 2
    kinds: dict[str, Callable[[Utterance, Samples, int], Samples]] = {
        "words": lambda user, reply, seed: user.voice[:short],
        "cough": lambda user, reply, seed: cough(seed),
        "mhm": lambda user, reply, seed: hum(seed),
        "echo": lambda user, reply, seed: reply[: 2 * short],
        "words, and an echo": lambda user, reply, seed: reply[: 2 * short],
    }
    for kind, make in kinds.items():
        for level in LEVELS_DB:
            results, holds = [], []
            for seed, (user, reply) in enumerate(zip(others, replies, strict=True)):
                voice_db = 10 * np.log10(float(np.mean(user.voice**2)) + 1e-12)
                sound = at_level(make(user, reply, seed), voice_db + level)
                if "echo" not in kind:
                    result, hold_ms = interrupt(user, sound, None, model, seed)
                else:
                    words = user.voice[:short] if "words" in kind else None
                    result, hold_ms = interrupt(user, words, sound, model, seed)
                results.append(result)
                holds += [hold_ms] if hold_ms is not None else []
            counts = [
                str(results.count(name)) for name in ("nothing", "false alarm", "asked", "certain")
            ]
            times = (
                [f"{statistics.median(holds):.0f} ms", f"{np.percentile(holds, 95):.0f} ms"]
                if holds
                else ["–", "–"]
            )
            lines.append(
                f"| {kind} | {level} dB | {len(results)} | " + " | ".join(counts + times) + " |"
            )
    return "\n".join(lines)


def interrupt(
    user: Utterance,
    sound: Samples | None,
    reply: Samples | None,
    model: RememberingModel,
    seed: int,
) -> tuple[str, float | None]:
    """Return what became of the sound, and how long after its beginning the reply was held.

    `reply`: what is heard of it, from a loudspeaker, until it is held; the sound then begins a
    second later.
    """
    engine = TurnEngine(TurnTaking(), VoiceActivity(), model)
    listen(engine, user.samples)
    engine.set_audible(True)
    listen(engine, room_noise(1.0, ROOM_DB, seed))
    began_ms = engine.now_ms
    n_quiet = RATE_HZ if reply is not None and sound is not None else 0
    heard = np.concatenate([np.zeros(n_quiet, np.float32), sound if sound is not None else []])
    played = np.zeros(0, np.float32) if reply is None else reply
    n_samples = max(len(heard), len(played)) + RATE_HZ
    heard = np.pad(heard, (0, n_samples - len(heard))).astype(np.float32)
    heard += room_noise(n_samples / RATE_HZ, ROOM_DB, seed + 1)
    echoed = echo(np.pad(played, (0, n_samples - len(played))), seed)
    events: list[EngineEvent] = []
    stops: int | None = None
    for begin in range(0, n_samples, 320):
        if stops is None and any(isinstance(each, PossibleInterruption) for each in events):
            stops = begin + STOPS_AFTER
            echoed[stops:] = 0
        if reply is not None:
            engine.set_audible(True, partial(_last, reply[: min(begin, stops or begin)]))
        events += engine.hear(heard[begin : begin + 320] + echoed[begin : begin + 320])
    holds = [event.at_ms for event in events if isinstance(event, PossibleInterruption)]
    if any(isinstance(event, SpeechStarted) for event in events):
        result = "certain"
    elif any(isinstance(event, ShortSpeech) for event in events):
        result = "asked"
    else:
        result = (
            "false alarm" if any(isinstance(event, FalseAlarm) for event in events) else "nothing"
        )
    began_ms += 1000 * n_quiet // RATE_HZ
    holds = [at_ms for at_ms in holds if at_ms > began_ms]
    return result, holds[0] - began_ms if holds else None


def _last(played: Samples, duration_ms: int) -> Samples:
    return np.pad(played, (16 * duration_ms, 0))[-16 * duration_ms :]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    store = model_store.resolve(model_store.END_OF_TURN_MODEL, load_settings().models)
    model = RememberingModel(EndOfTurnModel(store / "smart-turn-v3.2-cpu.onnx"))
    utterances = read(load_clips(options.folder))
    print(describe_machine(), "", sep="\n")
    print(ends_table(utterances, model), "", sep="\n")
    print(f"End-of-turn model: {statistics.median(model.milliseconds):.0f} ms a call.\n")
    print(interruptions_table(utterances, model))
    print(
        "\nWaiting: from the last sound of the voice to the end of the turn; likely: to the first "
        "suspicion of it. Levels: by that of the user's own voice. Asked: it was short, and its "
        "words are to tell."
    )


if __name__ == "__main__":
    main()
