"""Sound to text and back. Knows no dialogue, no web server and no task queue."""

import os

# ONNX Runtime (from 1.29 on) tells Microsoft of every model that it loads; nothing leaves this
# machine that its user did not send. Its own switch, read when the library is first used.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
