import pytest

from assistant.events import AudioReady, ReplyDelta, ReplyReady, SpeechFailed, SpeechQueued
from workers.heard import heard_text
from workers.turn_state import TurnState, fold

ENGLISH = ("It is noon in Paris. ", "The sun is very high today, ", "and it is warm.")
CHINESE = ("现在是巴黎的中午。", "今天太阳很高，", "也很暖和。")


def spoken(pieces: tuple[str, ...], sounds: int = 3, is_whole: bool = True) -> TurnState:
    """A reply whose first pieces have their sound, two seconds each."""
    events: list[ReplyDelta | SpeechQueued | AudioReady | ReplyReady] = []
    for index, text in enumerate(pieces):
        events.append(ReplyDelta(turn_id="t", text=text))
        events.append(SpeechQueued(turn_id="t", index=index, text=text, language="en"))
        if index < sounds:
            ready = AudioReady(
                turn_id="t", index=index, audio_id="a", text=text, voice="v", duration_s=2.0
            )
            events.append(ready)
    if is_whole:
        events.append(ReplyReady(turn_id="t", text="".join(pieces) + " 🙂", source="model"))
    return fold(events)


@pytest.mark.parametrize(
    "pieces, heard_ms, heard",
    [
        (ENGLISH, 0, ""),
        (ENGLISH, 100, ""),
        (ENGLISH, 1000, "It is noon…"),
        (ENGLISH, 2000, "It is noon in Paris."),
        (ENGLISH, 3000, "It is noon in Paris. The sun is…"),
        (ENGLISH, 4000, "It is noon in Paris. The sun is very high today…"),
        (ENGLISH, 6000, "It is noon in Paris. The sun is very high today, and it is warm. 🙂"),
        (CHINESE, 1000, "现在是巴…"),
        (CHINESE, 2000, "现在是巴黎的中午。"),
        (CHINESE, 4000, "现在是巴黎的中午。今天太阳很高…"),
    ],
)
def test_what_was_heard_ends_where_the_sound_was_stopped(
    pieces: tuple[str, ...], heard_ms: int, heard: str
) -> None:
    assert heard_text(spoken(pieces), heard_ms) == heard


def test_nothing_was_heard_of_a_piece_without_sound() -> None:
    assert heard_text(spoken(ENGLISH, sounds=1), 5000) == "It is noon in Paris."


def test_a_piece_that_could_not_be_spoken_is_passed_over() -> None:
    state = spoken(ENGLISH)
    del state.audio[0]
    state.unspoken[0] = SpeechFailed(turn_id="t", index=0, code="synthesis_failed", message="No.")
    assert heard_text(state, 2000) == "The sun is very high today…"


def test_a_reply_that_is_read_is_known_as_far_as_it_is_written() -> None:
    assert heard_text(spoken(ENGLISH, is_whole=False), None) == "".join(ENGLISH)
    assert heard_text(spoken(ENGLISH[:2], is_whole=False), None).endswith("high today…")
    assert heard_text(spoken(ENGLISH), None).endswith("🙂")
