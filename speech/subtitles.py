"""Segments of speech as files: plain text, SubRip (srt) and WebVTT (www.w3.org/TR/webvtt1)."""

import html
import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from speech.text_width import CJK, columns, join_lines

LINE_COLUMNS = 42
"""Of a line: 42 Latin letters or 21 Chinese characters, as broadcasters have it."""
PARAGRAPH_PAUSE_S = 2.0
"""In plain text a longer pause begins a new paragraph."""
_MIN_SHOWN_S = 0.5
"""Alignment may find no time at all for a short word."""
_MARKS = tuple(",.;:!?，。；：！？、…")
_MARK_COLUMNS = 10
"""So much longer than the other may a line be that ends with a mark."""
# Where a line may end: at white space, and beside a Chinese character unless a closing mark follows
# or an opening one stands before.
_BREAK = re.compile(
    rf"\s+|(?<=[{CJK}，。！？、；：）》」』])(?![\s，。！？、；：）》」』”’,.!?;:)])"
    rf"|(?<=[^\s（《「『“‘(])(?=[{CJK}（《「『])"
)


class TimedText(Protocol):
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def text(self) -> str: ...


def as_text(segments: Sequence[TimedText]) -> str:
    """Return the words alone, in paragraphs."""
    lines: list[str] = []
    for before, segment in pairwise([None, *segments]):
        assert segment is not None
        if before is None or segment.start_s - before.end_s > PARAGRAPH_PAUSE_S:
            lines.append("")
        lines[-1] = join_lines(lines[-1], segment.text)
    return "".join(f"{line}\n" for line in lines)


def as_srt(segments: Sequence[TimedText]) -> str:
    cues = (
        f"{number}\n{_clock(start_s, ',')} --> {_clock(end_s, ',')}\n{text}\n"
        for number, (start_s, end_s, text) in enumerate(_cues(segments), start=1)
    )
    return "\n".join(cues)


def as_vtt(segments: Sequence[TimedText], language: str | None = None) -> str:
    header = "WEBVTT\n" + (f"Language: {language}\n" if language else "")
    cues = (
        f"{_clock(start_s, '.')} --> {_clock(end_s, '.')}\n{html.escape(text, quote=False)}\n"
        for start_s, end_s, text in _cues(segments)
    )
    return "\n".join([header, *cues])


def wrap(text: str) -> str:
    """Return the text in lines of at most `LINE_COLUMNS`, about equally long and cut at marks.

    A word that is longer than a line has one of its own.
    """
    lines: list[str] = []
    pieces = _pieces(text.strip())
    while len(pieces) > 1 and _width(pieces) > LINE_COLUMNS:
        cut = _best_cut(pieces)
        lines.append("".join(pieces[:cut]).rstrip())
        pieces = pieces[cut:]
    return "\n".join([*lines, "".join(pieces)])


def _best_cut(pieces: Sequence[str]) -> int:
    n_lines = math.ceil(_width(pieces) / LINE_COLUMNS)
    wanted = _width(pieces) / n_lines
    fitting = [cut for cut in range(1, len(pieces)) if _width(pieces[:cut]) <= LINE_COLUMNS] or [1]
    # The rest should not need one line more.
    short = [cut for cut in fitting if _width(pieces[cut:]) <= (n_lines - 1) * LINE_COLUMNS]

    def badness(cut: int) -> float:
        is_marked = pieces[cut - 1].rstrip().endswith(_MARKS)
        return abs(_width(pieces[:cut]) - wanted) - (_MARK_COLUMNS if is_marked else 0)

    return min(short or fitting, key=badness)


def _width(pieces: Sequence[str]) -> int:
    return columns("".join(pieces).rstrip())


def _cues(segments: Sequence[TimedText]) -> Iterator[tuple[float, float, str]]:
    """Yield start, end and lines; no cue is without time, and none lasts into the next."""
    for segment, following in pairwise([*segments, None]):
        assert segment is not None
        end_s = max(segment.end_s, segment.start_s + _MIN_SHOWN_S)
        if following is not None and segment.start_s < following.start_s < end_s:
            end_s = following.start_s
        yield segment.start_s, end_s, wrap(segment.text)


def _pieces(text: str) -> list[str]:
    """Return the text cut wherever a line may end; a space belongs to what stands before it."""
    cuts = [0, *(match.end() for match in _BREAK.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(cuts) if start < end]


def _clock(seconds: float, decimal_mark: str) -> str:
    minutes, ms = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}{decimal_mark}{ms % 1000:03}"
