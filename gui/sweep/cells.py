"""Which cells of a grid cannot be trained, or are corrected: looked at piece by piece on the question thread."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine import sweep as sweeps
from engine.experiment import Experiment
from engine.sweep import Sweep

PIECE = 50
"""Cells that are looked at before other questions get their turn, about 20 ms."""
LISTED = 30
"""More are counted, not listed."""


@dataclass(frozen=True)
class Cell:
    """One combination, and why it cannot be as it stands."""

    values: Mapping[str, Any]
    message: str


@dataclass(frozen=True)
class Look:
    """What was found of ``seen`` among ``total`` cells; ``left_out`` and ``corrected`` count, the others list some."""

    total: int
    seen: int
    left_out: int = 0
    corrected: int = 0
    impossible: tuple[Cell, ...] = ()
    mended: tuple[Cell, ...] = ()


def look(sweep: Sweep) -> Iterator[Look]:
    """Look at every cell of a grid or a list; the last answer has seen them all."""
    total, seen = sweeps.cells(sweep), 0
    impossible: list[Cell] = []
    mended: list[Cell] = []
    plain = sweep.model_copy(update={"seeds": (), "correct": False})
    correcting = sweep.model_copy(update={"seeds": ()}) if sweep.correct else None
    for values, base in _combinations(sweep):
        trial = sweeps.of_cell(plain, seen, values, base)[0]
        if trial.problems:
            whole = correcting is not None and not sweeps.of_cell(correcting, seen, values, base)[0].problems
            (mended if whole else impossible).append(Cell(values, trial.problems[0].message))
        seen += 1
        if seen % PIECE == 0 and seen < total:
            yield _look(total, seen, impossible, mended)
    yield _look(total, seen, impossible, mended)


def _look(total: int, seen: int, impossible: list[Cell], mended: list[Cell]) -> Look:
    return Look(total, seen, len(impossible), len(mended), tuple(impossible[:LISTED]), tuple(mended[:LISTED]))


def _combinations(sweep: Sweep) -> Iterator[tuple[Mapping[str, Any], Experiment]]:
    """The values of each cell and what they change, in the order of the trials."""
    if sweep.experiments:
        yield from (({"name": one.name}, one) for one in sweep.experiments)
        return
    for values in itertools.product(*(sweeps.points(axis, sweep.base) for axis in sweep.axes)):
        yield dict(zip(sweep.fields, values, strict=True)), sweep.base
