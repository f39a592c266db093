"""The weights a run keeps: which files of ``history/`` and ``checkpoints/`` there are, and which may go."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import storage
from engine.runfiles.notices import DamagedFile

HISTORY, CHECKPOINTS = "history", "checkpoints"

_SNAPSHOT = re.compile(r"step-(\d{9,18})-epoch-([0-9.e-]{1,30})\.safetensors")
_CHECKPOINT = re.compile(r"step-(\d{9,18})\.safetensors")


@dataclass(frozen=True)
class SnapshotFile:
    """The weights at one step, on disk; ``pinned`` ones are never thinned."""

    step: int
    epoch: float
    path: Path
    pinned: bool
    bytes: int


@dataclass(frozen=True)
class CheckpointFile:
    """Everything that resumes a run at one step, on disk."""

    step: int
    path: Path
    bytes: int


def snapshot_path(folder: Path, step: int, epoch: float) -> Path:
    """Where a run keeps the snapshot of a step."""
    exact = repr(float(epoch)).removesuffix(".0")
    return folder / HISTORY / f"step-{step:09d}-epoch-{exact}.safetensors"


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where a run keeps the checkpoint of a step."""
    return folder / CHECKPOINTS / f"step-{step:09d}.safetensors"


def snapshots(folder: Path, keep: Collection[int] = ()) -> tuple[SnapshotFile, ...]:
    """The snapshots of a run by step; ``keep``: epochs the experiment pins. Raises OSError."""
    found = [_snapshot(folder / HISTORY / name, size, keep) for name, size in storage.listing(folder / HISTORY)]
    return tuple(sorted((file for file in found if file), key=lambda file: file.step))


def _snapshot(path: Path, size: int, keep: Collection[int]) -> SnapshotFile | None:
    """What a file in history/ is by its name; None for another file."""
    named = _SNAPSHOT.fullmatch(path.name)
    try:
        epoch = float(named[2]) if named else math.nan
    except ValueError:
        return None
    if not named or not math.isfinite(epoch) or epoch < 0:
        return None
    return SnapshotFile(int(named[1]), epoch, path, is_pinned(epoch, keep), size)


def is_pinned(epoch: float, keep: Collection[int]) -> bool:
    """Whether a snapshot is never thinned: the untrained weights, all up to the first epoch, and what was asked for."""
    return epoch <= 1 or epoch in keep


def checkpoints(folder: Path) -> tuple[CheckpointFile, ...]:
    """The checkpoints of a run by step, damaged ones included. Raises OSError."""
    found = []
    for name, size in storage.listing(folder / CHECKPOINTS):
        if named := _CHECKPOINT.fullmatch(name):
            found.append(CheckpointFile(int(named[1]), folder / CHECKPOINTS / name, size))
    return tuple(sorted(found, key=lambda file: file.step))


def verified(folder: Path) -> dict[str, dict[str, Any]]:
    """Name -> metadata of the checkpoints that are as they were written; all are read. Raises OSError."""
    found = {}
    for file in checkpoints(folder):
        with contextlib.suppress(DamagedFile):
            found[file.path.name] = storage.verify(file.path)
    return found


def to_thin(files: Sequence[SnapshotFile], count: int, size: int) -> tuple[SnapshotFile, ...]:
    """Which snapshots (given by step) go so that at most ``count`` with ``size`` bytes stay, as evenly as it gets.

    Pinned ones and the newest stay in any case; of the others the one goes whose neighbours are closest together.
    """
    kept, gone = list(files), []
    total = sum(file.bytes for file in kept)
    while len(kept) > count or total > size:
        free = [index for index in range(1, len(kept) - 1) if not kept[index].pinned]
        if not free:
            break
        closest = min(free, key=lambda index: kept[index + 1].step - kept[index - 1].step)
        gone.append(kept.pop(closest))
        total -= gone[-1].bytes
    return tuple(gone)


def to_prune(files: Sequence[CheckpointFile], best_step: int | None, newest: int = 2) -> tuple[CheckpointFile, ...]:
    """Which checkpoints (given by step, all verified) go: all but the newest ones and the best."""
    return tuple(file for file in files[:-newest] if file.step != best_step)


def prune(folder: Path, verified: Collection[str], best_step: int | None) -> None:
    """Delete all verified checkpoints (given by name) but the newest two and the best. Raises OSError.

    Damaged ones are neither counted nor deleted.
    """
    for file in to_prune([file for file in checkpoints(folder) if file.path.name in verified], best_step):
        storage.remove(file.path)
