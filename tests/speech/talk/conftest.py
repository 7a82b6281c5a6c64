"""A virtual microphone and loudspeaker, a server that keeps to a script, and some speech."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from speech.audio import Audio
from speech.decoding import resample
from tests.speech import spoken
from tests.speech.talk.scripted_server import ScriptedServer, run_scripted_server
from tests.speech.talk.virtual_sound import RATE_HZ, VirtualSound, plug_in


@pytest.fixture(scope="session")
def shared_sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualSound]:
    with plug_in(tmp_path_factory.mktemp("sound")) as devices:
        yield devices


@pytest.fixture
def sound(shared_sound: VirtualSound) -> VirtualSound:
    """Devices that are plugged in, whatever an earlier test did to them."""
    if shared_sound.daemon is None:
        shared_sound.start()
    return shared_sound


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    with run_scripted_server() as server:
        yield server


@pytest.fixture(scope="session")
def question(models: Path) -> Audio:
    return _say(models, "What is the capital of France?")


@pytest.fixture(scope="session")
def reply(models: Path) -> Audio:
    """Long enough to be interrupted: about five seconds."""
    return _say(
        models,
        "The capital of France is Paris. It lies on the river Seine, and more than two million "
        "people live there.",
    )


def _say(models: Path, text: str) -> Audio:
    return resample(Audio(spoken.say(models, text), spoken.RATE_HZ), RATE_HZ)
