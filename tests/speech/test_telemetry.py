"""What libraries would tell their makers of whoever uses them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LISTEN = """
import numpy as np
from speech.vad import find_speech
find_speech(np.zeros(16_000, np.float32), 30.0)
"""


@pytest.mark.parametrize(("own_wish", "reports"), [({}, 0), ({"ORT_DISABLE_TELEMETRY": "0"}, 1)])
def test_onnx_runtime_prepares_no_reports_unless_somebody_wants_it_to(
    tmp_path: Path, own_wish: dict[str, str], reports: int
) -> None:
    # In CI the runtime prepares none either.
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    subprocess.run(
        [sys.executable, "-c", LISTEN], env=kept | {"HOME": str(tmp_path)} | own_wish, check=True
    )
    assert len(list(tmp_path.rglob("onnxruntime.db"))) == reports
