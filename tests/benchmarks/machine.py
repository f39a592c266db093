"""The machine and the command, which belong to every figure."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PACKAGES = ("torch", "torchvision", "PySide6-Essentials", "pyqtgraph", "numpy")


def described() -> Iterator[str]:
    """Lines of Markdown: date, processor, system, versions, command."""
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    yield f"Measured on {datetime.date.today()}: {processor()}, {os.cpu_count()} cores{load}, {platform.platform()},"
    yield f"Python {platform.python_version()}, {', '.join(f'{name} {metadata.version(name)}' for name in PACKAGES)}."
    yield f"Command: `{' '.join(['python -m tests.benchmarks', *sys.argv[1:]])}`"
    yield ""


def processor() -> str:
    """What the system calls its processor."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
