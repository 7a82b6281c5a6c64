"""The application that is asked, and its description. Nothing answers before `conftest` runs."""

import os
from pathlib import Path

import schemathesis
from schemathesis.config import SchemathesisConfig

from web.app import create_app
from workers.settings import Settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
"""Of each operation, beside those that try every bound of its description."""

_CONFIG = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
_CONFIG.projects.default.generation.update(max_examples=EXAMPLES)

APP = create_app(
    Settings(
        tools=False,
        answer_cache="off",
        api_keys={"fuzz": "the-key-of-the-fuzzer"},
        turn_timeout_s=20,
    )
)
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", APP, config=_CONFIG)
