"""The tables of the live benchmark."""

import statistics
from collections.abc import Sequence

from bench.floor import Floor
from bench.live_clips import LANGUAGES
from bench.live_idle import IdleCost
from bench.live_interruptions import Interruption
from bench.live_turn import LiveTurn

Pair = tuple[LiveTurn, Floor]
"""One question: as it was answered, and what its parts cost alone just after."""


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    """Return median and 95th percentile; nan where there is nothing."""
    if not values:
        return float("nan"), float("nan")
    if len(values) == 1:
        return values[0], values[0]
    return statistics.median(values), statistics.quantiles(values, n=20, method="inclusive")[-1]


def first_sounds(turns: Sequence[LiveTurn]) -> list[float]:
    return [turn.first_sound_s for turn in turns if turn.first_sound_s is not None]


def speed(pairs: Sequence[Pair]) -> str:
    """The first sound beside the floor; what was cut off or not answered is counted, not timed."""
    lines = [
        "| questions | n | first sound: median | p95 | floor: median | p95 | ratio of medians "
        "| median of ratios | cut off | no answer |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    groups: dict[str, list[Pair]] = {"all": list(pairs)}
    for language in LANGUAGES:
        for is_recorded, name in ((False, "spoken by voices"), (True, "recorded people")):
            groups[f"{language}, {name}"] = [
                pair
                for pair in pairs
                if (pair[0].clip.language, pair[0].clip.is_recorded) == (language, is_recorded)
            ]
    for name, group in groups.items():
        if not group:
            continue
        timed = [
            (turn.first_sound_s, floor.total_s)
            for turn, floor in group
            if turn.first_sound_s is not None and not turn.is_cut_off
        ]
        sound, sound_p95 = quantiles([sound for sound, _ in timed])
        floor, floor_p95 = quantiles([floor for _, floor in timed])
        ratio, _ = quantiles([sound / floor for sound, floor in timed])
        lines.append(
            f"| {name} | {len(group)} | {sound:.2f} s | {sound_p95:.2f} s | {floor:.2f} s "
            f"| {floor_p95:.2f} s | {sound / floor:.2f} | {ratio:.2f} "
            f"| {sum(turn.is_cut_off for turn, _ in group)} "
            f"| {sum(turn.first_sound_s is None for turn, _ in group)} |"
        )
    return "\n".join(lines)


def floor_parts(pairs: Sequence[Pair]) -> str:
    lines = [
        "| floor, median | recognition | the words are read | first clause | its sound | all |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for language in LANGUAGES:
        floors = [floor for turn, floor in pairs if turn.clip.language == language]
        if floors:
            parts = (
                [floor.recognition_s for floor in floors],
                [floor.reading_s for floor in floors],
                [floor.clause_s for floor in floors],
                [floor.synthesis_s for floor in floors],
                [floor.total_s for floor in floors],
            )
            cells = " | ".join(f"{statistics.median(part):.2f} s" for part in parts)
            lines.append(f"| {language} | {cells} |")
    return "\n".join(lines)


def stages(turns: Sequence[LiveTurn]) -> str:
    """The server's own times; in the order of their medians."""
    names = {name for turn in turns for name in turn.stages_ms}
    rows = {
        name: quantiles([turn.stages_ms[name] for turn in turns if name in turn.stages_ms])
        for name in names
    }
    lines = ["| stage, after the last word | median | p95 |", "|---|---:|---:|"]
    for name, (median, p95) in sorted(rows.items(), key=lambda row: row[1]):
        lines.append(f"| {name} | {median:.0f} ms | {p95:.0f} ms |")
    return "\n".join(lines)


def turn_ends(turns: Sequence[LiveTurn]) -> str:
    lines = [
        "| language | turns | cut off | waiting until the end was certain: median | p95 |",
        "|---|---:|---:|---:|---:|",
    ]
    for language in LANGUAGES:
        own = [turn for turn in turns if turn.clip.language == language]
        waits = [turn.ended_s for turn in own if turn.ended_s is not None and not turn.is_cut_off]
        median, p95 = quantiles(waits)
        cut_off = sum(turn.is_cut_off for turn in own)
        lines.append(f"| {language} | {len(own)} | {cut_off} | {median:.2f} s | {p95:.2f} s |")
    return "\n".join(lines)


def together(turns: Sequence[LiveTurn], alone: Sequence[LiveTurn], n_sessions: int) -> str:
    median, p95 = quantiles(first_sounds(turns))
    alone_median, _ = quantiles(first_sounds(alone))
    lost = sum(turn.first_sound_s is None for turn in turns)
    return "\n".join(
        [
            "| sessions at once | turns | first sound: median | p95 | p95 by the single session's "
            "median | cut off | no answer |",
            "|---:|---:|---:|---:|---:|---:|---:|",
            f"| {n_sessions} | {len(turns)} | {median:.2f} s | {p95:.2f} s "
            f"| {p95 / alone_median:.2f} | {sum(turn.is_cut_off for turn in turns)} | {lost} |",
        ]
    )


def interruptions(found: dict[str, list[Interruption]]) -> str:
    """By the client's kind. Times from the first sound of the user's voice."""
    lines = [
        "| client | interruptions | silence: median | p95 | certain | cancelled | last word "
        "written | last sound made | model at rest | voices at rest |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, those in found.items():

        def cell(values: Sequence[float | None]) -> str:
            known = [value for value in values if value is not None]
            return f"{statistics.median(known):.2f} s" if known else "–"

        silences = [each.silence_s for each in those if each.silence_s is not None]
        median, p95 = quantiles(silences)
        lines.append(
            f"| {name} | {len(silences)} of {len(those)} | {median:.2f} s | {p95:.2f} s "
            f"| {cell([each.certain_s for each in those])} "
            f"| {cell([each.cancelled_s for each in those])} "
            f"| {cell([each.last_delta_s for each in those])} "
            f"| {cell([each.last_sound_s for each in those])} "
            f"| {cell([each.model_idle_s for each in those])} "
            f"| {cell([each.voices_idle_s for each in those])} |"
        )
    return "\n".join(lines)


def idle(costs: Sequence[IdleCost]) -> str:
    lines = [
        "| open sessions | they send | web: cores | memory | threads | all processes | their own "
        "clients: cores | machine: cores | lost | one more: first sound, median | p95 |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for cost in costs:
        median, p95 = quantiles(first_sounds(cost.turns))
        here = "– | – | – | –"
        if cost.web_cores is not None:
            here = (
                f"{cost.web_cores:.2f} | {cost.web_memory_mib:.0f} MiB | {cost.web_threads} "
                f"| {(cost.server_memory_mib or 0) / 1024:.1f} GiB"
            )
        lines.append(
            f"| {cost.n_sessions} | {cost.kind} | {here} | {cost.crowd_cores:.2f} "
            f"| {cost.machine_cores:.2f} | {cost.n_lost} | {median:.2f} s | {p95:.2f} s |"
        )
    return "\n".join(lines)
