"""Whether a process of this host still lives, by its number and the time it began."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def started(pid: int) -> str | None:
    """When a process of this host began, in whatever form the system tells it; None when there is none."""
    if sys.platform == "linux":
        return _started_linux(pid)
    return _started_windows(pid) if sys.platform == "win32" else _started_posix(pid)


def _started_linux(pid: int) -> str | None:
    """Clock ticks since the start of the system, and which start that was; a zombie has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return None
    return None if status[0] in "ZX" else f"{boot} {status[19]}"


def _started_posix(pid: int) -> str | None:
    """What ``ps`` says."""
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
    return told.stdout.strip() or None


def _started_windows(pid: int) -> str | None:
    """The creation time of the process, in units of 100 ns."""
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  exists on Windows only
    kernel.OpenProcess.restype = ctypes.c_void_p
    process = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not process:
        return None
    times = [ctypes.c_uint64() for _ in range(4)]
    told = kernel.GetProcessTimes(ctypes.c_void_p(process), *(ctypes.byref(time) for time in times))
    kernel.CloseHandle(ctypes.c_void_p(process))
    created, exited = times[0].value, times[1].value
    return str(created) if told and not exited else None
