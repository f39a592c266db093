"""Where a run computes: which device, how many threads, and what running out of its memory means."""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch

from engine.data import Split
from engine.experiment import Experiment
from engine.fields import Remedy
from engine.learning.batches import Batches
from engine.learning.classifying import learner_for
from engine.learning.evaluate import code_room, targets_of

DEVICES = ("auto", "cpu", "cuda", "mps")
TRIAL_S = 0.3
"""How long each number of threads is tried."""


class DeviceError(Exception):
    """A device that is not there; ``code`` and ``values`` say it in another language."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(message)


class OutOfMemory(Exception):
    """A batch that does not fit; ``remedy`` halves it, and is None for a batch of one image."""

    def __init__(self, batch_size: int, device: str) -> None:
        half = batch_size // 2
        self.values = {"batch_size": batch_size, "half": half, "device": device}
        self.code = "memory.cpu" if device == "cpu" else "memory.gpu"
        self.remedy = Remedy(f"Try {half}", {"train.batch_size": half}) if half else None
        kind = "" if device == "cpu" else "GPU "
        advice = f"Try {half}." if half else "Make the model or the images smaller."
        super().__init__(f"Not enough {kind}memory for batch {batch_size}. {advice}")


def choose(name: str, began: str | None = None) -> torch.device:
    """'auto', 'cpu', 'cuda' or 'mps' -> device; auto takes the fastest there is. Raises DeviceError.

    ``began``: where the run began, which auto prefers if it is here, so that a resume stays exact.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto" and began is not None and present.get(began):
        return torch.device(began)
    if name == "auto":
        return torch.device(next(device for device, there in present.items() if there))
    if name not in present:
        raise DeviceError("device.unknown", f"device is '{name}'; use one of {', '.join(DEVICES)}.", device=name)
    if not present[name]:
        raise DeviceError("device.absent", f"device is '{name}', but torch {torch.__version__} finds none on this "
                          "machine; use 'auto' or 'cpu'.", device=name, torch=torch.__version__)
    return torch.device(name)


def describe(device: torch.device) -> str:
    """'NVIDIA H100 (78 GiB)', 'Apple GPU', or the processor's name with its cores."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name} ({properties.total_memory / 2**30:.0f} GiB)"
    if device.type == "mps":
        return "Apple GPU"
    cores = physical_cores()
    return f"{_processor()} ({cores} core{'s' if cores > 1 else ''})"


def _processor() -> str:
    """The processor's name as far as the system tells it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "CPU"


def physical_cores() -> int:
    """Cores this process may use, two hyper-threads counted once where the system says which belong together."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    cores = {_siblings(cpu) for cpu in os.sched_getaffinity(0)}
    return max(1, len(cores))


def _siblings(cpu: int) -> str:
    """The hyper-threads that share a core with this one, as Linux writes them."""
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return str(cpu)


def measure_threads(experiment: Experiment, split: Split) -> int:
    """Training images, at least one -> how many threads learn these fastest on this machine as busy as it is now.

    On a busy machine two threads can be many times slower than one, so nothing is assumed, not even about two cores.
    Takes below a second for small networks; the global generator and the caller's number of threads stay as they were.
    """
    before = torch.get_num_threads()
    try:
        with torch.random.fork_rng(devices=[]):
            times = {threads: _batch_s(experiment, split, threads) for threads in sorted({1, physical_cores()})}
    finally:
        torch.set_num_threads(before)
    return min(times, key=times.__getitem__)


def _batch_s(experiment: Experiment, split: Split, threads: int) -> float:
    """Median seconds per batch with this many threads."""
    torch.set_num_threads(threads)
    cpu = torch.device("cpu")
    learner = learner_for(experiment, cpu)
    some = slice(4 * experiment.train.batch_size)
    inputs, targets = split.inputs[some], targets_of(experiment, split)
    inputs = code_room(learner, len(inputs)).zero_() if learner.learns_from_codes else inputs
    batches = Batches(experiment, inputs, None if targets is None else targets[some], cpu, learner.memory_format)
    batches.shuffle()
    learner.update(learner.loss(*batches[0]))
    end, times = time.monotonic() + TRIAL_S, list[float]()
    while not times or time.monotonic() < end:
        started = time.perf_counter()
        position = len(times) % batches.per_epoch
        learner.update(learner.loss(*batches[position]))
        times.append(time.perf_counter() - started)
    return sorted(times)[len(times) // 2]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python could not get memory; on the CPU and in CUDA's libraries torch has only words for it."""
    words = ("can't allocate memory", "not enough memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
             "CUDNN_STATUS_ALLOC_FAILED", "unable to find an engine to execute this computation")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(word in str(error) for word in words)


def release(device: torch.device) -> None:
    """Give back the memory that nothing refers to any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
