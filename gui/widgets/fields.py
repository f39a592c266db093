"""What a form needs to know of one field, read from the pydantic field itself: label, help, unit, limits, choices."""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import annotated_types
import pydantic
from PySide6.QtCore import QCoreApplication

from engine.experiment import Experiment
from engine.fields import LABELS

Kind = Literal["whole", "number", "choice", "flag", "text", "prose", "list"]
LONGEST_LINE = 1000
"""A text that may be longer has several lines."""


@dataclass(frozen=True)
class Spec:
    """One field. ``low`` and ``high`` are the ends of its slider, ``minimum`` and ``maximum`` what it takes at all."""

    path: str
    kind: Kind
    label: str
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    minimum: float | None = None
    maximum: float | None = None
    open_minimum: bool = False
    open_maximum: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    """(value in the file, name on the screen)."""

    @property
    def slides(self) -> bool:
        """Whether a slider stands beside the number."""
        return self.low is not None and self.high is not None

    @property
    def range_text(self) -> str:
        """What the field takes, for people: '1 to 1,024 images'."""
        ends = [_end(self.minimum), _end(self.maximum)]
        if self.minimum is not None and self.open_minimum:
            ends[0] = tr("above {number}").format(number=ends[0])
        if self.maximum is not None and self.open_maximum:
            ends[1] = tr("below {number}").format(number=ends[1])
        text = tr("{low} to {high}").format(low=ends[0], high=ends[1]) if all(ends) else "".join(ends)
        return f"{text} {self.unit}".strip()

    def refusal(self, value: float) -> str:
        """Why a number cannot be taken; '' when it can."""
        too_low = self.minimum is not None and (value < self.minimum or (self.open_minimum and value == self.minimum))
        too_high = self.maximum is not None and (value > self.maximum or (self.open_maximum and value == self.maximum))
        if too_low or too_high or not math.isfinite(value):
            return tr("{value} is out of range. Use {range}.").format(value=number_text(value), range=self.range_text)
        return ""

    def nearest(self, value: float) -> float:
        """The number next to this one that can be taken."""
        low = self.low if self.open_minimum else self.minimum
        high = self.high if self.open_maximum else self.maximum
        value = max(value, low) if low is not None else value
        return min(value, high) if high is not None else value


def tr(text: str) -> str:
    """A text of the forms in the user's language."""
    return QCoreApplication.translate("fields", text)


def _end(number: float | None) -> str:
    return "" if number is None else number_text(number)


def number_text(value: float) -> str:
    """A number as it stands in its field: '64', '0.001', '1e-05' as '1e-5'."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e7):
        return str(int(value))
    mantissa, marker, exponent = f"{value:.6g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if marker else mantissa


def spec(path: str, experiment: Experiment | None = None) -> Spec:
    """The field at a dotted path; blocks of the encoder are looked up in ``experiment``. Raises KeyError."""
    *parents, name = path.split(".")
    owner: Any = experiment or Experiment()
    for parent in parents:
        owner = owner[int(parent)] if isinstance(owner, tuple) else getattr(owner, parent)
    return spec_of(type(owner), name, path)


def spec_of(model: type[pydantic.BaseModel], name: str, path: str = "") -> Spec:
    """The field of this name. Raises KeyError."""
    info = model.model_fields[name]
    extra: Mapping[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    kind, choices = _kind(info.annotation)
    if kind == "text" and any(getattr(limit, "max_length", 0) > LONGEST_LINE for limit in info.metadata):
        kind = "prose"
    low, high = extra.get("low"), extra.get("high")
    return Spec(path or name, kind, translated(info.title or name), translated(info.description or ""),
                translated(extra.get("unit", "")), low, high, bool(extra.get("log")), **_limits(info.metadata),
                choices=choices)


def translated(text: str) -> str:
    """A text of the experiment in the user's language."""
    return QCoreApplication.translate("experiment", text) if text else ""


def _kind(annotation: Any) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    """How a value of this type is edited, and among what one chooses."""
    if typing.get_origin(annotation) is Literal:
        values = typing.get_args(annotation)
        return "choice", tuple((value, translated(LABELS.get(value, value))) for value in values)
    if typing.get_origin(annotation) is tuple:
        return "list", ()
    kinds: dict[type, Kind] = {bool: "flag", int: "whole", float: "number", str: "text"}
    return kinds[annotation], ()


def _limits(metadata: list[Any]) -> dict[str, Any]:
    """pydantic's limits as minimum and maximum."""
    limits: dict[str, Any] = {}
    for limit in metadata:
        if isinstance(limit, annotated_types.Ge):
            limits["minimum"] = limit.ge
        elif isinstance(limit, annotated_types.Gt):
            limits |= {"minimum": limit.gt, "open_minimum": True}
        elif isinstance(limit, annotated_types.Le):
            limits["maximum"] = limit.le
        elif isinstance(limit, annotated_types.Lt):
            limits |= {"maximum": limit.lt, "open_maximum": True}
    return limits
