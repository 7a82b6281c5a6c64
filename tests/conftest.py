"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

SHARED_AUDIO = Path(__file__).parents[2] / "shared" / "audio"


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder with the verified model files."""
    return Path(os.environ["MODEL_DIR"])


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """Recorded clips beside the checkout; tests that want them are skipped elsewhere."""
    if not SHARED_AUDIO.is_dir():
        pytest.skip("the recorded clips of ../shared/audio are not on this machine")
    return SHARED_AUDIO
