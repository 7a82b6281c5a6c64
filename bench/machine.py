"""What a measurement was made on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("faster-whisper", "ctranslate2", "openai-whisper", "torch", "onnxruntime", "xllamacpp")


def describe_machine() -> str:
    """Return one paragraph: processor, cores, memory, load of the last minute, versions."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB memory, "
        f"load {os.getloadavg()[0]:.1f}; {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"
