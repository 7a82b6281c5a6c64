"""Transcripts as files, checked against the formats' own grammar."""

import re
from dataclasses import dataclass
from itertools import pairwise

import pytest

from speech.subtitles import LINE_COLUMNS, as_srt, as_text, as_vtt, wrap
from speech.text_width import columns


@dataclass(frozen=True)
class Segment:
    start_s: float
    end_s: float
    text: str


SEGMENTS = [
    Segment(0.52, 3.48, "The museum opens at nine in the morning."),
    Segment(
        3.9,
        10.0004,
        "门票在门口出售，儿童可以免费入场；我们沿着河边走，直到开始下雨，没有人想到火车会准时。",
    ),
    Segment(13.2, 13.2, "Really?"),
    Segment(13.4, 14.0, "1 < 2 & 3 --> 4"),
    Segment(3_599.9996, 3_661.0, "The end."),
]

_TIME = r"(\d\d):([0-5]\d):([0-5]\d)"
_SRT_CUE = rf"(\d+)\n{_TIME},(\d{{3}}) --> {_TIME},(\d{{3}})\n((?:[^\n]+\n)+)"
_VTT_CUE = rf"{_TIME}\.(\d{{3}}) --> {_TIME}\.(\d{{3}})\n((?:(?![^\n]*-->)[^\n<]+\n)+)"


def seconds(hours: str, minutes: str, whole: str, ms: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + int(whole) + int(ms) / 1000


def test_every_cue_of_an_srt_is_numbered_and_has_time() -> None:
    text = as_srt(SEGMENTS)
    assert re.fullmatch(rf"{_SRT_CUE}(?:\n{_SRT_CUE})*", text)
    cues = re.findall(_SRT_CUE, text)
    assert [int(cue[0]) for cue in cues] == [1, 2, 3, 4, 5]
    times = [(seconds(*cue[1:5]), seconds(*cue[5:9])) for cue in cues]
    assert all(start < end for start, end in times)
    assert all(before[1] <= after[0] for before, after in pairwise(times))
    assert times[0] == (0.52, 3.48)
    assert times[4] == (3600.0, 3661.0)


def test_a_vtt_has_its_header_and_no_mark_that_means_something() -> None:
    text = as_vtt(SEGMENTS, "zh")
    assert re.fullmatch(rf"WEBVTT\nLanguage: zh\n\n{_VTT_CUE}(?:\n{_VTT_CUE})*", text)
    assert "1 &lt; 2 &amp; 3 --&gt; 4" in text
    assert as_vtt([]) == "WEBVTT\n"


def test_plain_text_is_in_paragraphs_where_the_speaker_paused() -> None:
    segments = [
        Segment(0, 2, "One."),
        Segment(2.4, 4, "Two."),
        Segment(7, 9, "三。"),
        Segment(9.1, 10, "四。"),
    ]
    assert as_text(segments) == "One. Two.\n三。四。\n"
    assert (as_text([]), as_srt([])) == ("", "")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Short.", ["Short."]),
        (
            "The engineers tested the bridge for eleven days, then it was open.",
            ["The engineers tested the bridge", "for eleven days, then it was open."],
        ),
        (
            "工程师们花了十一天测试这座桥，然后才向公众开放，请把窗户关上。",
            ["工程师们花了十一天测试这座桥，", "然后才向公众开放，请把窗户关上。"],
        ),
        (
            "他说“Python”很好用，但是他自己更喜欢“Rust”这门语言。",
            ["他说“Python”很好用，", "但是他自己更喜欢“Rust”这门语言。"],
        ),
    ],
)
def test_lines_are_short_and_about_equally_long(text: str, lines: list[str]) -> None:
    assert wrap(text).splitlines() == lines


@pytest.mark.parametrize("text", [segment.text for segment in SEGMENTS] + ["x" * 60 + " y"])
def test_no_line_is_too_long_or_begins_with_a_closing_mark(text: str) -> None:
    for line in wrap(text).splitlines():
        assert columns(line) <= LINE_COLUMNS or " " not in line
        assert line[0] not in "，。！？、；：）》,.!?;:)"
    assert re.sub(r"\s", "", wrap(text)) == re.sub(r"\s", "", text)
