"""Whose voice speaks a piece, and how fast, with real voices and real Redis."""

from pathlib import Path

import pytest

from assistant.events import SpeechQueued
from speech.errors import EngineUnavailableError
from tests.workers.conftest import Build
from workers.services import Services
from workers.synthesis import synthesize
from workers.turn_state import TurnState
from workers.turn_store import TurnRequest

TEXTS = {"en": "Hello, how are you today?", "zh": "你好，很高兴认识你。"}


def say(
    services: Services,
    voice: str | None,
    speed: float | None = None,
    language: str = "en",
    state: TurnState | None = None,
) -> tuple[str, bytes]:
    """Return the voice's id and what it says."""
    piece = SpeechQueued(turn_id="t", index=0, text=TEXTS[language], language=language)
    request = TurnRequest(conversation_id="", user_id="", voice=voice, speed=speed)
    # Of a text that is only spoken, whose sound is kept.
    state = state or TurnState(written_source="given")
    spoken_by, pcm16 = synthesize(services, piece, request, state)
    return spoken_by.id, pcm16


def test_one_of_openais_voices_is_another_in_each_language(build: Build) -> None:
    services = build([])
    assert say(services, "nova")[0] == "kokoro:af_nova"
    assert say(services, "nova", language="zh")[0] == "kokoro:zf_xiaoxiao"
    assert say(services, "alloy")[0] == services.settings.voice_en
    assert say(services, "alloy", language="zh")[0] == services.settings.voice_zh


def test_who_asks_for_no_voice_or_for_alloy_gets_that_of_the_manner(build: Build) -> None:
    services = build([])
    formal = TurnState(written_source="given", manner="formal")
    for nobody in (None, "alloy"):
        assert say(services, nobody, state=formal)[0] == "kokoro:bm_george"
    assert say(services, "ash", state=formal)[0] == "piper:en_US-joe-medium"


def test_one_of_openais_voices_speaks_also_where_its_model_is_missing(
    build: Build, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "piper-en_US-joe-medium").symlink_to(models / "piper-en_US-joe-medium")
    services = build([])
    services.settings = services.settings.model_copy(update={"model_dir": tmp_path})
    voice, pcm16 = say(services, "nova")
    assert voice == "piper:en_US-joe-medium"
    assert pcm16
    with pytest.raises(EngineUnavailableError, match="make models"):
        say(services, "kokoro:af_nova")
    with pytest.raises(EngineUnavailableError, match="make models"):
        say(services, "nova", language="zh")


@pytest.mark.parametrize("voice", ["alloy", "marin"])
def test_the_speed_is_real_also_beyond_what_the_voice_can(build: Build, voice: str) -> None:
    services = build([])
    plain, slow, fast = (len(say(services, voice, speed)[1]) for speed in (1.0, 0.25, 4.0))
    print(f"{voice}: {plain / slow:.2f} and {plain / fast:.2f} times as fast")
    assert plain / slow == pytest.approx(0.25, rel=0.25)
    assert plain / fast == pytest.approx(4.0, rel=0.25)


def test_each_speed_is_kept_as_a_sound_of_its_own(build: Build) -> None:
    services = build([])
    first = {speed: say(services, None, speed)[1] for speed in (1.0, 2.0, 3.0)}
    assert len(set(map(len, first.values()))) == 3
    # Piper draws noise: what is the same was kept.
    assert {speed: say(services, None, speed)[1] for speed in (1.0, 2.0, 3.0)} == first


def test_the_settings_the_manners_and_the_requests_speeds_multiply_within_the_bounds(
    build: Build,
) -> None:
    services = build([], speaking_speed=2.0)
    fastest = say(services, None, 2.0)[1]
    assert say(services, None, 3.0)[1] == fastest
