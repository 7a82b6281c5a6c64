"""The floors of docs/architecture.md: what stands lower never imports what stands higher."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "assistant": ("assistant",),
    "speech": ("speech",),
    "workers": ("workers", "assistant", "speech"),
    # Of the lower floors web reads value types only.
    "web": (
        "web",
        "workers",
        "assistant.events",
        "assistant.errors",
        "assistant.generation",
        "assistant.json_schema",
        "assistant.manner",
        "assistant.messages",
        "assistant.plugins.mcp_servers",
        "assistant.plugins.mcp_values",
        "speech.audio",
        # Encodes what a client asked for, in the process that sends it; loads FFmpeg when it does.
        "speech.encoding",
        "speech.errors",
        "speech.languages",
        "speech.tts.voices",
        "speech.turn_taking.events",
    ),
}
"""Of our own packages, which modules (and what lies below them) each package may import."""

FRAMEWORKS = {
    "assistant": {"flask", "celery", "redis", "gunicorn"},
    "speech": {"flask", "celery", "redis", "gunicorn"},
    "workers": {"flask", "gunicorn"},
    "web": {"torch", "whisper", "faster_whisper", "ctranslate2", "onnxruntime", "piper", "av"},
}
"""Libraries that a package must not know."""


def imports(source: str) -> Iterator[str]:
    """Yield the dotted name of everything imported, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_every_import_goes_downwards(package: str) -> None:
    ours = tuple(MAY_IMPORT)
    wrong = []
    for path in sorted((ROOT / package).rglob("*.py")):
        for name in imports(path.read_text(encoding="utf-8")):
            top = name.split(".")[0]
            allowed = any(f"{name}.".startswith(f"{prefix}.") for prefix in MAY_IMPORT[package])
            if (top in ours and not allowed) or top in FRAMEWORKS[package]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_an_import_inside_a_function_is_seen() -> None:
    assert list(imports("def f():\n    from celery import Task")) == ["celery.Task"]


def test_the_web_process_starts_without_model_libraries_and_ffmpeg() -> None:
    heavy = "{'torch', 'whisper', 'ctranslate2', 'piper', 'kokoro_onnx', 'openai', 'av'}"
    code = f"import sys, web.app; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
