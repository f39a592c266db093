"""Values between two numbers: from, to, how many, and whether each is the same multiple of the one before."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from engine.sweep import MOST_TRIALS, Range
from gui import style
from gui.sweep.values import NotTaken, number, text_of, tr
from gui.widgets.controls import calm, spin
from gui.widgets.fields import Spec
from gui.widgets.inputs import NumberEdit

COUNT_WIDTH = 112


class RangeEdit(QWidget):
    """Signal: ``changed`` with every edit, while typing too."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec: Spec | None = None
        self.low = self._end(self.tr("From"), self.tr("The smallest value; arrow keys step it"))
        self.high = self._end(self.tr("To"), self.tr("The largest value; arrow keys step it"))
        self.count = spin(self.tr("How many values"), self.tr("How many values, the ends among them"), 2,
                          MOST_TRIALS, 5, self.tr(" values"))
        self.count.setKeyboardTracking(True)
        self.count.setFixedWidth(COUNT_WIDTH)
        self.log = QCheckBox(self.tr("Logarithmic"))
        self.log.setAccessibleName(self.tr("Logarithmic"))
        self.log.setToolTip(self.tr("Each value is the same multiple of the one before"))
        calm(self.log)
        self._lay_out()
        self.count.valueChanged.connect(self._tell)
        self.log.toggled.connect(self._tell)

    def _end(self, name: str, tip: str) -> NumberEdit:
        edit = NumberEdit()
        edit.setAccessibleName(name)
        edit.setToolTip(tip)
        edit.textEdited.connect(self._tell)
        edit.stepped.connect(self._step)
        return edit

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        for text, edit in ((self.tr("from"), self.low), (self.tr("to"), self.high)):
            label = style.dress(QLabel(text), tone="quiet")
            label.setBuddy(edit)
            row.addWidget(label)
            row.addWidget(edit)
        row.addWidget(self.count)
        row.addWidget(self.log)
        row.addStretch(1)

    def begin(self, field: Spec) -> None:
        """Offer the usual range of another field, without a signal."""
        low, high = (field.low, field.high) if field.slides else (field.minimum, field.maximum)
        low = 0.0 if low is None else low
        high = low + 1 if high is None or high > 1e6 else high
        self.show_range(Range(low=low, high=max(high, low + 1e-9), count=5, log=field.log and low > 0), field)

    def show_range(self, shown: Range, field: Spec | None) -> None:
        """Show a range without a signal."""
        self._spec = field
        for blocked in (self.count, self.log):
            blocked.blockSignals(True)
        self.low.setText(text_of(shown.low))
        self.high.setText(text_of(shown.high))
        self.count.setMaximum(max(MOST_TRIALS, shown.count))
        self.count.setValue(shown.count)
        self.log.setChecked(shown.log)
        for blocked in (self.count, self.log):
            blocked.blockSignals(False)

    def range(self) -> Range:
        """What the fields say. Raises NotTaken."""
        low, high = (self._read(edit) for edit in (self.low, self.high))
        if low >= high:
            raise NotTaken(tr("The range must rise: 'from' is not below 'to'."))
        if self.log.isChecked() and low <= 0:
            raise NotTaken(tr("A logarithmic range begins above 0. Raise 'from', or take a linear one."))
        return Range(low=low, high=high, count=self.count.value(), log=self.log.isChecked())

    def _read(self, edit: NumberEdit) -> float:
        text = edit.text().strip().replace(",", ".")
        if not text:
            raise NotTaken(tr("Give the numbers from which and to which the values go."))
        return number(text, self._spec) if self._spec is not None else float_of(text)

    def mark(self, wrong: bool) -> None:
        """Mark the ends that cannot be taken."""
        for edit in (self.low, self.high):
            style.mark(edit, "problem", wrong and not self._taken(partial(self._read, edit)))
        if wrong and not any(edit.property("problem") for edit in (self.low, self.high)):
            style.mark(self.low, "problem", True)

    @staticmethod
    def _taken(read: Callable[[], object]) -> bool:
        try:
            read()
        except NotTaken:
            return False
        return True

    @Slot(int)
    def _step(self, direction: int) -> None:
        """An arrow key: a tenth of a decade where the range is logarithmic, else a step of the field's slider."""
        edit = self.sender()
        if not isinstance(edit, NumberEdit) or not self._taken(lambda: self._read(edit)):
            return
        value, field = self._read(edit), self._spec
        if field is not None and field.kind == "whole":
            value = round(value) + direction
        elif self.log.isChecked():
            value = float(f"{value * 10 ** (direction / 10):.2g}")
        else:
            value = float(f"{value + direction * self._unit():.10g}")
        edit.setText(text_of(field.nearest(value) if field is not None else value))
        self._tell()

    def _unit(self) -> float:
        field = self._spec
        return (field.high - field.low) / 100 if field and field.low is not None and field.high is not None else 1.0

    @Slot()
    def _tell(self, *_: object) -> None:
        self.changed.emit()


def float_of(text: str) -> float:
    """A number of a field that is not known. Raises NotTaken."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NotTaken(tr("'{text}' is not a number.").format(text=text))
    return value
