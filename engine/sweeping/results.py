"""The table of a sweep: a row for each training, and a file that makes two thousand of them open at once.

The runs are the truth. The file remembers what was read from them, with the probe's picture, and a row of it counts
only while the run's state is the one that it was made from.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import storage
from engine.answers import Pictures
from engine.run import Run
from engine.runfiles import records
from engine.runfiles.notices import DamagedFile
from engine.sweep import Trial

NAME = "results.jsonl"
ORIGINAL = -1
"""Stands among the numbers of the pictures for what the probe image is to look like."""
OVER = ("finished", "diverged", "failed", "stopped", "impossible")
"""What is not trained any further by the sweep."""


@dataclass(frozen=True)
class Row:
    """A training in the table of a sweep: what was varied, and what came of it."""

    number: int
    cell: int
    values: Mapping[str, Any]
    status: str
    """A run's status; 'pending' before it has one, 'impossible' for an experiment that cannot be."""
    epoch: float = 0.0
    validation_loss: float | None = None
    training_loss: float | None = None
    test_loss: float | None = None
    elapsed_s: float = 0.0
    folder: Path | None = None

    @property
    def over(self) -> bool:
        """Whether the sweep is done with it."""
        return self.status in OVER


def row_of(trial: Trial, run: Run) -> Row:
    """What a run's folder says of a training."""
    blank = Row(trial.number, trial.cell, trial.values, "impossible" if trial.problems else "pending")
    if trial.problems or not run.folder.is_dir():
        return blank
    state = run.state
    return replace(blank, status=run.status, epoch=state.epoch, validation_loss=state.validation_loss,
                   training_loss=state.training_loss, test_loss=state.test_loss, elapsed_s=state.elapsed_s,
                   folder=run.folder)


@dataclass(frozen=True)
class Results:
    """What the file remembers: number of a training -> its row with the stamp of its state, and its picture."""

    rows: Mapping[int, tuple[Row, tuple[int, ...]]]
    pictures: Mapping[int, Pictures]

    def row(self, trial: Trial, run: Run) -> Row:
        """The row of a training: remembered while its run's state is as it was then, else read anew."""
        known, stamp = self.rows.get(trial.number, (None, ()))
        if known is None or stamp != _stamp(run):
            return row_of(trial, run)
        return replace(known, values=trial.values, folder=None if trial.problems else run.folder)


def read(folder: Path) -> Results:
    """What a sweep's folder remembers; nothing of a file that cannot be read, for the runs tell it again."""
    rows: dict[int, tuple[Row, tuple[int, ...]]] = {}
    pictures: dict[int, Pictures] = {}
    try:
        found = storage.read_lines(folder / NAME).records
    except DamagedFile:
        found = ()
    for _, record in found:
        try:
            if "original" in record:
                pictures[ORIGINAL] = _picture(record["original"])
                continue
            row, stamp = _row(record["row"]), tuple(record["stamp"])
            if (picture := record.get("picture")) is not None:
                pictures[row.number] = _picture(picture)
            rows[row.number] = row, stamp
        except (KeyError, TypeError, ValueError, OverflowError, zlib.error):
            continue
    return Results(rows, pictures)


def count(folder: Path) -> int:
    """How many trainings a sweep's folder remembers, counted without reading them. Raises DamagedFile."""
    lines = storage.read(folder / NAME, missing=b"").split(b"\n")
    return len({line.partition(b",")[0] for line in lines if line.startswith(b'{"row"')})  # begins with its number


def remember(folder: Path, row: Row, run: Run, picture: Pictures | None) -> None:
    """Append a training that is over, durably. Raises OSError."""
    plain = {name: getattr(row, name) for name in _FIELDS}
    record = {"row": plain, "stamp": _stamp(run), "picture": None if picture is None else _packed(picture)}
    storage.append_line(folder / NAME, json.dumps(record, allow_nan=False).encode())
    storage.sync(folder / NAME)


def remember_original(folder: Path, picture: Pictures) -> None:
    """Append what the probe image is to look like. Raises OSError."""
    storage.append_line(folder / NAME, json.dumps({"original": _packed(picture)}).encode())


_FIELDS = ("number", "cell", "status", "epoch", "validation_loss", "training_loss", "test_loss", "elapsed_s")


def _row(plain: Mapping[str, Any]) -> Row:
    return Row(values={}, **{name: plain[name] for name in _FIELDS})


def _stamp(run: Run) -> tuple[int, ...]:
    """Tells one state of a run from another."""
    return tuple(storage.stamp(run.folder / records.STATE)[:2])


def _packed(picture: Pictures) -> dict[str, Any]:
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(picture).tobytes(), 1)).decode()
    return {"shape": picture.shape, "data": data}


def _picture(plain: Mapping[str, Any]) -> Pictures:
    shape = tuple(map(int, plain["shape"]))
    return np.frombuffer(zlib.decompress(base64.b64decode(plain["data"])), np.uint8).reshape(shape)
