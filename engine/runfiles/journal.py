"""``metrics.jsonl``: what a training told, one record a line; written in few lines, read back as arrays.

A record covers everything since the one before: ``{"step": 40, "losses": […], "evaluations": […],
"interventions": […], "elapsed_s": …, "images_per_second": …}``; its losses are those of the batches up to and
including ``step``. A number that is not finite is written as null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import storage
from engine.events import Evaluation, Intervention, Step
from engine.runfiles.notices import Notice

if TYPE_CHECKING:  # the window is painted before numpy is loaded
    import numpy as np
    from numpy.typing import NDArray

NAME = "metrics.jsonl"

_TOLD = ("losses", "evaluations", "interventions")


@dataclass
class Record:
    """What has been told since the last line."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)
    elapsed_s: float | None = None
    images_per_second: float | None = None

    def __bool__(self) -> bool:
        return bool(self.losses or self.evaluations or self.interventions)

    def add(self, event: Step | Evaluation | Intervention) -> None:
        """Take in one more event; Steps come in order and without gaps."""
        self.step = event.step
        if isinstance(event, Step):
            self.losses.extend(event.losses)
            self.elapsed_s, self.images_per_second = event.elapsed_s, event.images_per_second
        elif isinstance(event, Evaluation):
            self.evaluations.append(event)
            self.elapsed_s = event.elapsed_s
        else:
            self.interventions.append(event)

    def line(self) -> bytes:
        """The record as it stands in the file, without its newline."""
        values = {
            "step": self.step,
            "losses": [_finite(loss) for loss in self.losses],
            "evaluations": [_evaluation_values(told) for told in self.evaluations],
            "interventions": [{"step": it.step, "field": it.field, "value": it.value} for it in self.interventions],
            "elapsed_s": self.elapsed_s,
            "images_per_second": self.images_per_second,
        }
        told = {key: value for key, value in values.items() if value not in (None, [])}
        return json.dumps(told, separators=(",", ":"), allow_nan=False).encode()


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _evaluation_values(told: Evaluation) -> dict[str, Any]:
    """An Evaluation as it stands in a record."""
    accuracies = {"training_accuracy": told.training_accuracy, "validation_accuracy": told.validation_accuracy}
    return {"step": told.step, "epoch": told.epoch, "running_loss": _finite(told.running_loss),
            "training_loss": _finite(told.training_loss), "validation_loss": _finite(told.validation_loss),
            "elapsed_s": told.elapsed_s, **{key: value for key, value in accuracies.items() if value is not None}}


def cut(path: Path, step: int, size: int) -> int:
    """Drop what was told after a checkpoint of this step, taken when the file had this size; -> bytes left.

    In a file that has been changed since, the steps alone decide. Raises OSError, DamagedFile.
    """
    data = storage.read(path, missing=b"")
    unchanged = len(data) >= size and (size == 0 or data[size - 1:size] == b"\n")
    end = size if unchanged else data.rfind(b"\n") + 1
    for start, line in _last_lines_first(data[:end]):
        if _step_of(line) <= step:
            break
        end = start
        if part := _up_to(line, step):
            kept = data[:start] + part + b"\n"
            storage.write_atomic(path, kept)
            return len(kept)
    return storage.cut_lines(path, end)


def _up_to(line: bytes, step: int) -> bytes:
    """The part of a record of a later step that this step had seen; empty when it all came later."""
    values = json.loads(line)
    try:
        losses = values.get("losses", [])
        values["losses"] = losses[: max(0, step - values["step"] + len(losses))]
        for kind in ("evaluations", "interventions"):
            values[kind] = [told for told in values.get(kind, []) if told["step"] <= step]
    except (KeyError, TypeError):  # a damaged line, and one of a later step: nothing of it is wanted
        return b""
    seen = {key: value for key, value in values.items() if value not in (None, [])} | {"step": step}
    return json.dumps(seen, separators=(",", ":")).encode() if any(map(seen.get, _TOLD)) else b""


def _last_lines_first(data: bytes) -> Iterable[tuple[int, bytes]]:
    """Each line with its place, from the end."""
    end = len(data)
    while end > 0:
        start = data.rfind(b"\n", 0, end - 1) + 1
        yield start, data[start:end]
        end = start


def _step_of(line: bytes) -> int:
    """The step of a record; 0, which is never too late, for a line that cannot be read."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0
    return step if isinstance(step, int) else 0


@dataclass(frozen=True, eq=False)
class Metrics:
    """The curves of a run, as far as they could be read; nobody writes to the arrays."""

    step_index: NDArray[np.int64]
    """(N,): number of each batch, from 1, increasing; a damaged line leaves a gap."""
    losses: NDArray[np.float64]
    """(N,): training loss of each batch; NaN where it was not finite."""
    evaluations: tuple[Evaluation, ...]
    interventions: tuple[Intervention, ...]
    bad_lines: tuple[int, ...]
    """Numbers, from 1, of lines that could not be read."""
    line_count: int

    @property
    def epochs(self) -> int:
        """How many whole epochs these metrics tell of."""
        return int(self.evaluations[-1].epoch) if self.evaluations else 0

    @property
    def warning(self) -> Notice | None:
        """What to say about lines that could not be read: '2 of 4 210 lines could not be read (lines 311, 312)'."""
        bad = len(self.bad_lines)
        if not bad:
            return None
        named = ", ".join(map(str, self.bad_lines[:10])) + (", …" if bad > 10 else "")
        total = f"{self.line_count:,}".replace(",", " ")
        lines = "line" if bad == 1 else "lines"
        return Notice("metrics.lines", f"{bad} of {total} lines could not be read ({lines} {named})",
                      {"bad": bad, "total": self.line_count, "lines": self.bad_lines})


def read(path: Path) -> Metrics:
    """The metrics of a run, none for no file; an unchanged file is read once. Raises DamagedFile if it is no file."""
    return _read(path, storage.stamp(path))


@lru_cache(maxsize=8)
def _read(path: Path, stamp: storage.Stamp) -> Metrics:
    lines = storage.read_lines(path)
    reader = _Reader()
    bad = [number for number, values in lines.records if not _told(reader.take, values)]
    bad_lines = tuple(sorted((*lines.bad, *bad)))
    return reader.metrics(bad_lines, len(lines.records) + len(lines.bad))


def _told(take: Callable[[dict[str, Any]], None], values: Any) -> bool:
    """Whether a line was a record, and one that goes on where the last good one ended."""
    try:
        take(values)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return False
    return True


class _Reader:
    """Good records, collected in order."""

    def __init__(self) -> None:
        import numpy as np

        self._steps: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        self._losses: list[NDArray[np.float64]] = [np.zeros(0)]
        self._evaluations: list[Evaluation] = []
        self._interventions: list[Intervention] = []
        self._last = 0
        """Last batch whose loss is known."""

    def take(self, values: dict[str, Any]) -> None:
        """Add one record, or raise and leave everything as it was."""
        import numpy as np

        step, losses = _count(values["step"]), _numbers(values.get("losses", []))
        evaluations = [_evaluation(told) for told in values.get("evaluations", [])]
        interventions = [_intervention(told) for told in values.get("interventions", [])]
        first = step - len(losses) + 1
        if first <= self._last if len(losses) else step < self._last:
            raise ValueError("these steps were told before")
        if len(losses):
            self._steps.append(np.arange(first, step + 1, dtype=np.int64))
            self._losses.append(losses)
            self._last = step
        self._evaluations += evaluations
        self._interventions += interventions

    def metrics(self, bad_lines: tuple[int, ...], line_count: int) -> Metrics:
        """Everything taken so far."""
        import numpy as np

        steps, losses = np.concatenate(self._steps), np.concatenate(self._losses)
        steps.flags.writeable = losses.flags.writeable = False
        return Metrics(steps, losses, tuple(self._evaluations), tuple(self._interventions), bad_lines, line_count)


def _numbers(values: Any) -> NDArray[np.float64]:
    """A list of numbers and nulls as an array, null and infinity as NaN. Raises what ``_told`` catches."""
    import numpy as np

    numbers = np.array(values)
    if numbers.dtype.kind == "O":
        numbers = np.array([math.nan if value is None else value + 0.0 for value in values])
    if numbers.ndim != 1 or numbers.dtype.kind not in "fiu":
        raise TypeError("losses are numbers")
    numbers = numbers.astype(np.float64)
    numbers[~np.isfinite(numbers)] = math.nan
    return numbers


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**62:
        raise TypeError("a step is a whole number")
    return value


def _number(value: Any) -> float:
    """A finite number, or NaN for null."""
    if value is None:
        return math.nan
    if type(value) not in (int, float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _evaluation(told: Any) -> Evaluation:
    running, training, validation = (
        None if (value := told.get(key)) is None else _number(value)
        for key in ("running_loss", "training_accuracy", "validation_accuracy"))
    return Evaluation(_count(told["step"]), _number(told["epoch"]), running, _number(told["training_loss"]),
                      _number(told["validation_loss"]), _number(told["elapsed_s"]), training, validation)


def _intervention(told: Any) -> Intervention:
    if not isinstance(told["field"], str):
        raise TypeError("a field is a name")
    value = told["value"]
    return Intervention(_count(told["step"]), told["field"], value if type(value) is int else _number(value))
