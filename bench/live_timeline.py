"""A picture of one turn: which work is done when, before and after the user's last word."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.floor import Floor
from bench.live_turn import LiveTurn

_LEFT, _WIDTH, _ROW, _TOP = 250, 640, 26, 44
_SPEECH_SHOWN_MS = 600.0
"""Of the user's speech, at the picture's left edge."""
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .faint { fill: #6e7781; font-size: 11px }
  .grid { stroke: #d0d7de }
  .now { stroke: #24292f; stroke-dasharray: 3 3 }
  .user { fill: #8c959f } .wait { fill: #d0d7de } .work { fill: #2f81f7 }
  .sound { fill: #1a7f37 } .floor { fill: #bf8700 }
  .other { opacity: 0.65 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #8d96a0 } .grid { stroke: #3d444d }
    .now { stroke: #e6edf3 } .wait { fill: #3d444d } .sound { fill: #3fb950 }
    .floor { fill: #d29922 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """Milliseconds after the user's last word; before it they are negative."""

    row: str
    begin_ms: float
    end_ms: float
    kind: str
    """A class of the picture's style: user, wait, work, sound or floor."""


# What is done between which of the stages that the server reports. The model reads when the words
# are known and the end is likely, whichever comes last.
_WORK: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("recognition", ("begun",), "transcribed"),
    ("end of turn is weighed", ("begun",), "likely_ended"),
    ("words are read", ("transcribed", "likely_ended"), "first_word"),
    ("first clause is written", ("first_word",), "first_clause"),
    ("its sound is made", ("first_clause",), "first_sound"),
    ("sent and played to its first sound", ("first_sound",), "audible"),
)


def bars(turn: LiveTurn, floor: Floor) -> list[Bar]:
    """Return the turn's bars; stages that the server did not report are left out."""
    stages = dict(turn.stages_ms)
    if turn.first_sound_s is not None:
        stages["audible"] = turn.first_sound_s * 1000
    shown = [
        Bar("the user speaks", -min(_SPEECH_SHOWN_MS, turn.clip.duration_s * 1000), 0.0, "user")
    ]
    if turn.ended_s is not None:
        shown.append(Bar("silence, until it is certain", 0.0, turn.ended_s * 1000, "wait"))
    for label, begins, end in _WORK:
        known = [stages[name] for name in begins if name in stages]
        if known and end in stages:
            shown.append(Bar(label, max(known), stages[end], "work"))
    if turn.first_sound_s is not None:
        audible_ms = turn.first_sound_s * 1000
        shown.append(Bar("the reply is heard", audible_ms, audible_ms + 400.0, "sound"))
    steps = (floor.recognition_s, floor.reading_s, floor.clause_s, floor.synthesis_s)
    begin_ms = 0.0
    for step_s in steps:
        shown.append(
            Bar("the same, one after another", begin_ms, begin_ms + step_s * 1000, "floor")
        )
        begin_ms += step_s * 1000
    return shown


def draw(shown: Sequence[Bar], title: str) -> str:
    """Return an SVG for light and dark pages."""
    rows = list(dict.fromkeys(bar.row for bar in shown))
    first_ms = min(bar.begin_ms for bar in shown)
    last_ms = max(bar.end_ms for bar in shown)
    scale = _WIDTH / (last_ms - first_ms)

    def x(at_ms: float) -> float:
        return round(_LEFT + (at_ms - first_ms) * scale, 1)

    height = _TOP + _ROW * len(rows) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 60} {height}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text x="8" y="20">{escape(title)}</text>',
    ]
    bottom = _TOP + _ROW * len(rows)
    step_ms = 200 if last_ms - first_ms < 2500 else 500
    for at_ms in range(int(first_ms // step_ms) * step_ms, int(last_ms) + 1, step_ms):
        if at_ms < first_ms:
            continue
        line = "now" if at_ms == 0 else "grid"
        lines.append(
            f'<line class="{line}" x1="{x(at_ms)}" y1="{_TOP - 6}" x2="{x(at_ms)}" y2="{bottom}"/>'
        )
        lines.append(
            f'<text class="faint" text-anchor="middle" x="{x(at_ms)}" y="{bottom + 16}">'
            f"{at_ms} ms</text>".replace(">-", ">−")
        )
    for place, row in enumerate(rows):
        y = _TOP + place * _ROW
        lines.append(f'<text text-anchor="end" x="{_LEFT - 8}" y="{y + 15}">{escape(row)}</text>')
        own = [bar for bar in shown if bar.row == row]
        for number, bar in enumerate(own):
            width = max(1.5, round((bar.end_ms - bar.begin_ms) * scale, 1))
            other = " other" if number % 2 else ""
            lines.append(
                f'<rect class="{bar.kind}{other}" x="{x(bar.begin_ms)}" y="{y}" '
                f'width="{width}" height="{_ROW - 8}" rx="2"/>'
            )
        if own[-1].kind in ("work", "floor", "wait"):
            lines.append(
                f'<text class="faint" x="{x(own[-1].end_ms) + 5}" y="{y + 14}">'
                f"{own[-1].end_ms:.0f}</text>"
            )
        if own[0].kind == "sound":
            lines.append(
                f'<text class="faint" text-anchor="end" x="{x(own[0].begin_ms) - 5}" '
                f'y="{y + 14}">{own[0].begin_ms:.0f}</text>'
            )
    return "\n".join([*lines, "</svg>", ""])
