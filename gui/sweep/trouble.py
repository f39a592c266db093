"""What keeps a sweep from starting: of which row of the page, or of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from engine import sweep as sweeps
from engine.fields import Problem
from engine.sweep import Sweep
from gui.sweep.axisrow import AxisRow


@dataclass(frozen=True)
class Trouble:
    """``of_rows``: place of an axis -> its first problem; ``rows`` and ``whole`` say everything in words."""

    of_rows: Mapping[int, Problem]
    rows: tuple[str, ...]
    whole: tuple[str, ...]
    untyped: bool
    """Whether something that is typed is no value yet."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason not to start."""
        return self.whole + self.rows


def trouble(sweep: Sweep, rows: Sequence[AxisRow], others: Sequence[str]) -> Trouble:
    """What is wrong with a sweep as the page says it; ``others`` are reasons that are no part of it."""
    found = sweeps.problems(sweep)
    of_rows: dict[int, Problem] = {}
    for problem in found:
        if (place := _row_of(problem)) is not None:
            of_rows.setdefault(place, problem)
    of_rows = {place: replace(problem, message=_words(problem, rows[place].label))
               for place, problem in of_rows.items()}
    said = tuple(f"{row.label}: {row.refusal}" if row.refusal else of_rows[place].message
                 for place, row in enumerate(rows) if row.refusal or place in of_rows)
    whole = tuple(problem.message for problem in found if _row_of(problem) is None)
    return Trouble(of_rows, said, (*whole, *others), any(row.refusal for row in rows))


def _words(problem: Problem, label: str) -> str:
    """What is wrong with an axis, by the name that its field has on the screen."""
    translate = QCoreApplication.translate
    text = {
        "sweep.field": translate("sweep", "The base has no field {path}. Choose another one, or another base."),
        "sweep.duplicate": translate("sweep", "{label} varies twice. Remove one of the axes."),
        "sweep.seeds": translate("sweep", "{label} is an axis, and there are several seeds. Remove the axis, or take "
                                          "one seed."),
        "sweep.empty": translate("sweep", "{label} has no values. Give a list or a range."),
        "sweep.repeated": translate("sweep", "{label} has {values} more than once. Train each combination with more "
                                             "seeds instead."),
    }.get(problem.code)
    if text is None:
        return problem.message
    values = ", ".join(map(str, problem.values.get("values", ())))
    return text.format(label=label, path=problem.value, values=values)


def _row_of(problem: Problem) -> int | None:
    """Which axis a problem is of; None for one of the whole sweep."""
    parts = problem.field.split(".")
    return int(parts[1]) if parts[0] == "axes" and len(parts) > 1 else None
