"""The page's modules that show nothing, in the browser that runs them."""

from typing import Any

import pytest
from playwright.sync_api import Page


def run(page: Page, module: str, script: str) -> Any:
    """Return what the function `script` makes of a module of the page."""
    return page.evaluate(
        """async ([module, script]) => {
            const { assets } = JSON.parse(document.getElementById("config").textContent);
            const loaded = await import(`${assets}js/${module}`);
            return SCRIPT(loaded);
        }""".replace("SCRIPT", f"({script})"),
        [module, script],
    )


def test_slowed_speech_is_longer_as_loud_and_no_lower(page: Page) -> None:
    result = run(
        page,
        "audio/stretch.js",
        """({ stretch }) => {
            const rate_hz = 24000;
            const tone = Float32Array.from({ length: rate_hz }, (_, i) =>
                0.5 * Math.sin((2 * Math.PI * 200 * i) / rate_hz));
            const slow = stretch(tone, 0.75, rate_hz);
            const middle = slow.subarray(rate_hz / 4, rate_hz);
            let crossings = 0;
            let power = 0;
            for (let i = 1; i < middle.length; i += 1) {
                crossings += middle[i - 1] < 0 !== middle[i] < 0;
                power += middle[i] ** 2;
            }
            return {
                duration_s: slow.length / rate_hz,
                frequency_hz: (crossings / 2 / middle.length) * rate_hz,
                loudness: Math.sqrt(power / middle.length),
            };
        }""",
    )
    assert result["duration_s"] == pytest.approx(4 / 3, abs=0.05)
    assert result["frequency_hz"] == pytest.approx(200, rel=0.02)
    assert result["loudness"] == pytest.approx(0.5 / 2**0.5, rel=0.1)


@pytest.mark.parametrize(
    ("text", "pieces", "index", "share", "heard"),
    [
        ("One two. Three four.", ["One two.", "Three four."], 0, 0.0, ""),
        ("One two. Three four.", ["One two.", "Three four."], 0, 0.5, "One two"),
        ("One two. Three four.", ["One two.", "Three four."], 1, 0.1, "One two. Three"),
        ("One two. Three four.", ["One two.", "Three four."], 1, 1.0, "One two. Three four."),
        ("今天天气很好。我们走吧。", ["今天天气很好。", "我们走吧。"], 0, 0.5, "今天天气"),
        # What is spoken can differ from what is written.
        ("**Bold** words. The rest.", ["Bold words.", "The rest."], 1, 1.0, None),
    ],
)
def test_what_is_heard_ends_with_a_word(
    page: Page, text: str, pieces: list[str], index: int, share: float, heard: str | None
) -> None:
    found = run(
        page,
        "state/turns.js",
        f"""({{ createReply, addPiece, heardChars }}) => {{
            const reply = createReply({{ text: {text!r} }});
            const pieces = {pieces!r};
            // Out of order, and one twice.
            for (const index of [...pieces.keys()].reverse().concat(0)) {{
                addPiece(reply, {{ index, text: pieces[index], audioId: "x", duration_s: 1 }});
            }}
            return heardChars(reply, {index}, {share});
        }}""",
    )
    if heard is None:
        assert found <= len(text)
    else:
        assert text[:found] == heard


def test_events_may_be_unknown_or_come_twice(page: Page) -> None:
    segment = '{ start_s: 0, end_s: 4, text: "One." }'
    turn = run(
        page,
        "state/turn_events.js",
        f"""async ({{ applyEvent }}) => {{
            const {{ assets }} = JSON.parse(document.getElementById("config").textContent);
            const {{ createTurn }} = await import(`${{assets}}js/state/turns.js`);
            const turn = createTurn("voice");
            for (const event of [
                {{ type: "turn_started", turn_id: "t", kind: "voice", question: null }},
                {{ type: "an_event_of_tomorrow" }},
                {{ type: "audio_decoded", duration_s: 10, is_answered: true }},
                {{ type: "transcript_progress", done_s: 4, duration_s: 10, segments: [{segment}] }},
                {{ type: "transcript_progress", done_s: 4, duration_s: 10, segments: [{segment}] }},
            ]) applyEvent(turn, event);
            const {{ id, stage, progress, segments }} = turn;
            return {{ id, stage, progress, count: segments.length }};
        }}""",
    )
    assert turn == {"id": "t", "stage": "recognising", "progress": 0.4, "count": 1}
