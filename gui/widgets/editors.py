"""The editors of single fields: a number to type and to drag, a choice, yes or no, a text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from gui import style
from gui.widgets.fields import Spec, number_text, tr
from gui.widgets.inputs import SLIDER_STEPS, Choice, LineEdit, NumberEdit, ProseEdit, Slider

INCOMPLETE = re.compile(r"\s*[-+]?(\d+[.,]?|[.,])?\d*([eE][-+]?)?\s*")
"""What one types on the way to a number: not worth a red line yet."""


class Field(QWidget):
    """The editor of one field. Signals: ``edited`` (value, part of a longer edit), ``settled`` when that has ended,
    ``refused`` (text, a value to offer or None) for what cannot be a value."""

    edited = Signal(object, bool)
    settled = Signal()
    refused = Signal(str, object)

    def __init__(self, field: Spec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = field
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(style.S)

    def describe(self, *widgets: QWidget) -> None:
        """Name and explain the editing widgets; the first gets the focus of the field."""
        limits = self.spec.range_text
        self._tip = f"{self.spec.help}\n{limits[:1].upper()}{limits[1:]}" if limits else self.spec.help
        self._described = widgets
        for widget in widgets:
            widget.setAccessibleName(self.spec.label)
            widget.setAccessibleDescription(self.spec.help)
            widget.setToolTip(self._tip)
        self.setFocusProxy(widgets[0])

    def allow(self, why_not: str) -> None:
        """Enable the field, or disable it and say why in its tooltip."""
        self.setEnabled(not why_not)
        for widget in self._described:
            widget.setToolTip(f"{self._tip}\n{why_not}" if why_not else self._tip)

    def show_value(self, value: Any) -> None:
        """Show a value without telling."""
        raise NotImplementedError


class NumberField(Field):
    """A number to type and, where it has a range, to drag."""

    def __init__(self, field: Spec, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.value: float = 0
        self.slider = Slider() if field.slides else None
        self.edit = NumberEdit()
        if self.slider is not None:
            self.row.addWidget(self.slider, 1)
            self.slider.valueChanged.connect(self._drag)
            self.slider.sliderReleased.connect(self.settled)
            self.describe(self.edit, self.slider)
        else:
            self.row.addStretch(1)
            self.describe(self.edit)
        self.row.addWidget(self.edit)
        self.edit.textEdited.connect(self._type)
        self.edit.editingFinished.connect(self._finish)
        self.edit.stepped.connect(self._step)

    def show_value(self, value: Any) -> None:
        """Show a number without telling; what is being typed stays as it stands while it means the same."""
        self.value = value
        if not (self.edit.hasFocus() and self._parsed(self.edit.text()) == value):
            self.edit.setText(number_text(value))
        self.edit.setModified(False)
        if self.slider is not None and not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._position(value))

    def _parsed(self, text: str) -> float | None:
        """What a text says; None when it is no number of this kind."""
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            return None
        if self.spec.kind == "whole":
            return int(value) if value.is_integer() else None
        return value

    @Slot(str)
    def _type(self, text: str) -> None:
        value = self._parsed(text)
        if value is not None and not self.spec.refusal(value):
            self.edited.emit(value, True)
        elif not INCOMPLETE.fullmatch(text) or (value is not None and self.spec.refusal(value)):
            self._refuse(text, value)

    def _refuse(self, text: str, value: float | None) -> None:
        if value is not None:
            offered = self.spec.nearest(value) if math.isfinite(value) else self.value
            self.refused.emit(self.spec.refusal(value), offered)
            return
        kind = tr("a whole number") if self.spec.kind == "whole" else tr("a number")
        self.refused.emit(tr("'{text}' is not {kind}. Use {range}.").format(
            text=text, kind=kind, range=self.spec.range_text), self.value)

    @Slot()
    def _finish(self) -> None:
        value = self._parsed(self.edit.text())
        if value is None or self.spec.refusal(value):
            self._refuse(self.edit.text(), value)
        self.settled.emit()

    @Slot(int)
    def _step(self, direction: int) -> None:
        self._tell(self.value * 10 ** (direction / 10) if self.spec.log and self.spec.kind == "number"
                   else self.value + direction * self._unit(), False)

    def _unit(self) -> float:
        if self.spec.kind == "whole" or self.spec.low is None or self.spec.high is None:
            return 1
        return (self.spec.high - self.spec.low) / 100

    @Slot(int)
    def _drag(self, position: int) -> None:
        low, high = self._ends()
        share = position / SLIDER_STEPS
        value = low * (high / low) ** share if self.spec.log else low + (high - low) * share
        self._tell(value, self.slider is not None and self.slider.isSliderDown())

    def _tell(self, value: float, part: bool) -> None:
        """A number that was dragged or stepped to, with two digits that matter."""
        value = self.spec.nearest(value)
        value = round(value) if self.spec.kind == "whole" else float(f"{value:.2g}")
        if value != self.value:
            self.edited.emit(value, part)

    def _ends(self) -> tuple[float, float]:
        return float(self.spec.low or 0), float(self.spec.high or 1)

    def _position(self, value: float) -> int:
        low, high = self._ends()
        if self.spec.log:
            share = math.log(max(value, low) / low) / math.log(high / low)
        else:
            share = (value - low) / (high - low)
        return round(SLIDER_STEPS * min(1.0, max(0.0, share)))


class ChoiceField(Field):
    """One of a few names."""

    def __init__(self, field: Spec, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = Choice()
        for value, name in field.choices:
            self.box.addItem(name, value)
        self.row.addWidget(self.box, 1)
        self.describe(self.box)
        self.box.activated.connect(self._choose)

    def show_value(self, value: Any) -> None:
        """Show a choice without telling."""
        self.box.setCurrentIndex(self.box.findData(value))

    @Slot(int)
    def _choose(self, index: int) -> None:
        self.edited.emit(self.box.itemData(index), False)


class FlagField(Field):
    """Yes or no."""

    def __init__(self, field: Spec, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = QCheckBox()
        self.row.addWidget(self.box)
        self.row.addStretch(1)
        self.describe(self.box)
        self.box.clicked.connect(self._click)

    def show_value(self, value: Any) -> None:
        """Show yes or no without telling."""
        self.box.setChecked(bool(value))

    @Slot(bool)
    def _click(self, checked: bool) -> None:
        self.edited.emit(checked, False)


class TextField(Field):
    """A text, or whole numbers with commas between."""

    def __init__(self, field: Spec, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.edit = LineEdit()
        if field.kind == "list":
            self.edit.setPlaceholderText(tr("for example 1, 2, 5, 10"))
        self.row.addWidget(self.edit, 1)
        self.describe(self.edit)
        self.edit.editingFinished.connect(self._finish)

    def show_value(self, value: Any) -> None:
        """Show a text without telling."""
        text = ", ".join(map(str, value)) if self.spec.kind == "list" else str(value)
        if text != self.edit.text():
            self.edit.setText(text)
        self.edit.setModified(False)

    @Slot()
    def _finish(self) -> None:
        text = self.edit.text()
        if self.spec.kind != "list":
            self.edited.emit(text, False)
            return
        parts = [part for part in re.split(r"[,;\s]+", text) if part]
        if all(part.isdecimal() for part in parts):
            self.edited.emit([int(part) for part in parts], False)
        else:
            self.refused.emit(tr("'{text}' is not a list of epochs. Write them as 1, 2, 5.").format(text=text), None)


class ProseField(Field):
    """A text of several lines."""

    def __init__(self, field: Spec, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.edit = ProseEdit()
        self.row.addWidget(self.edit, 1)
        self.describe(self.edit)
        self.edit.finished.connect(self._finish)

    def show_value(self, value: Any) -> None:
        """Show a text without telling."""
        if value != self.edit.toPlainText():
            self.edit.setPlainText(value)
        self.edit.document().setModified(False)

    @Slot()
    def _finish(self) -> None:
        if self.edit.document().isModified():
            self.edited.emit(self.edit.toPlainText(), False)


FIELDS: dict[str, Callable[[Spec], Field]] = {
    "whole": NumberField, "number": NumberField, "choice": ChoiceField, "flag": FlagField, "text": TextField,
    "prose": ProseField, "list": TextField}
"""Kind of a field -> its editor."""
