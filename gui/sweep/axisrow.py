"""One axis: which field varies, and its values as a list or a range, with what they come to below."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy, QWidget

from engine import sweep as sweeps
from engine.experiment import Experiment, flat
from engine.fields import Problem
from engine.sweep import Axis, Range
from gui import style
from gui.sweep import values, variables
from gui.sweep.rangeedit import RangeEdit
from gui.sweep.values import NotTaken
from gui.sweep.variables import Variable
from gui.widgets.controls import button, combo, note
from gui.widgets.inputs import Choice

FIELD_WIDTH, KIND_WIDTH = 220, 76
ROWS = 26
"""Fields of the list before it scrolls."""
LONGEST_LIST = 50
"""A range of more values is not written out as a list."""


class AxisRow(QWidget):
    """Attribute: ``refusal``, why what is typed is no axis, or ''. Signals: ``changed``, ``removed`` (the row)."""

    changed = Signal()
    removed = Signal(object)

    def __init__(self, base: Experiment, axis: Axis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = base
        self.refusal = ""
        self.field = Choice()
        self.field.setAccessibleName(self.tr("Field"))
        self.field.setToolTip(self.tr("Which field of the experiment varies"))
        self.field.setMaxVisibleItems(ROWS)
        self.field.setFixedWidth(FIELD_WIDTH)
        self.kind = combo(self.tr("List or range"), "", ((self.tr("Range"), "range"), (self.tr("List"), "list")))
        self.kind.setFixedWidth(KIND_WIDTH)
        self.list = QLineEdit()
        self.list.setAccessibleName(self.tr("Values"))
        self.list.setToolTip(self.tr("The values, with commas between; where a comma is the decimal mark, semicolons"))
        self.range = RangeEdit()
        self.range.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.remove = button(self.tr("Remove axis"), self.tr("Remove this axis"), "remove")
        self.remove.setAutoRaise(True)
        self.said, self.problem = note(), note()
        style.mark(self.problem, "tone", "bad")
        self._lay_out()
        self.show_axis(axis)
        self.field.activated.connect(self._choose_field)
        self.kind.activated.connect(self._choose_kind)
        self.list.textEdited.connect(self._tell)
        self.range.changed.connect(self._tell)
        self.remove.clicked.connect(self._remove)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(style.S)
        grid.setVerticalSpacing(style.XS)
        grid.setColumnStretch(2, 1)
        for column, widget in enumerate((self.field, self.kind, self.list, self.remove)):
            grid.addWidget(widget, 0, column)
        grid.addWidget(self.range, 0, 2)
        for row, label in enumerate((self.said, self.problem), 1):
            grid.addWidget(label, row, 2, 1, 2)
            label.hide()

    def inputs(self) -> tuple[QWidget, ...]:
        """What one types and chooses in, in the order of the tab key."""
        return (self.field, self.kind, self.list, self.range.low, self.range.high, self.range.count, self.range.log,
                self.remove)

    @property
    def variable(self) -> Variable | None:
        """The chosen field; None where the experiment has no such field."""
        return variables.variable(self.path, self._base)

    @property
    def path(self) -> str:
        """Dotted path of the chosen field."""
        return str(self.field.currentData() or "")

    @property
    def label(self) -> str:
        """What the chosen field is called."""
        return self.field.currentText()

    def set_base(self, base: Experiment) -> None:
        """Vary another experiment; the field and its values stay."""
        path, self._base = self.path, base
        self._fill(path)
        self._show_kind()

    def show_axis(self, axis: Axis) -> None:
        """Show an axis, without a signal."""
        self._fill(axis.field)
        field = self._spec
        if axis.range is not None:
            self.range.show_range(axis.range, field)
        elif field is not None and self._counts:
            self.range.begin(field)
        self.list.setText(self._typed(axis.values))
        self.kind.setCurrentIndex(self.kind.findData("list" if axis.range is None else "range"))
        self._show_kind()

    def _typed(self, points: Any) -> str:
        return values.texts_of(points, self._spec)

    @property
    def _spec(self) -> Any:
        known = self.variable
        return known.spec if known is not None else None

    @property
    def _counts(self) -> bool:
        """Whether the field is a number, which can have a range."""
        value = flat(self._base).get(self.path)
        return isinstance(value, int | float) and not isinstance(value, bool)

    def _fill(self, path: str) -> None:
        """List the fields of the base, and the one that a file names even if there is none such."""
        self.field.clear()
        for group in variables.groups(self._base):
            if self.field.count():
                self.field.insertSeparator(self.field.count())
            for it in group:
                self.field.addItem(it.label, it.path)
                self.field.setItemData(self.field.count() - 1, it.spec.help, Qt.ItemDataRole.ToolTipRole)
        if self.field.findData(path) < 0:
            self.field.addItem(path, path)
        self.field.setCurrentIndex(self.field.findData(path))

    def _show_kind(self) -> None:
        """A list or a range; only numbers have ranges."""
        counts = self._counts or self._spec is None
        if not counts:
            self.kind.setCurrentIndex(self.kind.findData("list"))
        self.kind.setEnabled(counts)
        self.kind.setToolTip(self.tr("Values one by one, or evenly between two numbers") if counts else
                             self.tr("{field} is chosen by name: it takes a list.").format(field=self.label))
        is_range = self.kind.currentData() == "range"
        self.range.setVisible(is_range)
        self.list.setVisible(not is_range)
        self.list.setPlaceholderText("0.1, 0.5, 0.9" if self._counts else "")
        self.remove.setAccessibleName(self.tr("Remove axis {field}").format(field=self.label))

    def axis(self) -> Axis:
        """What the row says; without values where that is none, and then ``refusal`` says why."""
        self.refusal = ""
        try:
            if self.kind.currentData() == "range":
                return Axis(field=self.path, range=self.range.range())
            field = self._spec
            return Axis(field=self.path, values=values.parsed(self.list.text(), field) if field is not None else
                        _plain(self.list.text()))
        except NotTaken as error:
            self.refusal = str(error)
            return Axis(field=self.path)

    def show_state(self, axis: Axis, problem: Problem | None, idle: str) -> None:
        """Say what the axis comes to, in quiet text, or in red why it cannot be; ``idle``: why it changes nothing."""
        points = sweeps.points(axis, self._base)
        text = self.refusal or (problem.message if problem is not None else "")
        self.said.setText(". ".join(part for part in (values.summary(points, self._spec), idle) if part))
        self.said.setVisible(bool(points) and not text)
        style.mark(self.said, "tone", "warning" if idle else "quiet")
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        of_field = problem is not None and not self.refusal and problem.field.endswith(".field")
        style.mark(self.field, "problem", of_field)
        style.mark(self.list, "problem", bool(text) and not of_field)
        self.range.mark(bool(self.refusal))

    @Slot(int)
    def _choose_field(self, _: int) -> None:
        """Another field: begin with its usual range, or with all of its choices."""
        self.show_axis(usual(self.path, self._base))
        self.changed.emit()

    @Slot(int)
    def _choose_kind(self, _: int) -> None:
        """The same values in the other form, as far as they have one."""
        try:
            if self.kind.currentData() == "list":
                points = sweeps.points(Axis(field=self.path, range=self.range.range()), self._base)
                self.list.setText(self._typed(points[:LONGEST_LIST]))
            else:
                self._show_range(values.parsed(self.list.text(), self._spec) if self._spec is not None else ())
        except NotTaken:
            pass  # what is there of the other form stays
        self._show_kind()
        self.changed.emit()

    def _show_range(self, points: tuple[Any, ...]) -> None:
        if len(points) > 1 and min(points) < max(points):
            log = self.range.log.isChecked() and min(points) > 0
            self.range.show_range(Range(low=min(points), high=max(points), count=len(points), log=log), self._spec)

    @Slot()
    def _tell(self, *_: object) -> None:
        self.changed.emit()

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self)


def _plain(text: str) -> tuple[Any, ...]:
    """The values of a field that is not known: numbers where they are, else texts."""
    def value(part: str) -> int | float | str:
        for kind in (int, float):
            try:
                return kind(part)
            except ValueError:
                continue
        return part

    return tuple(value(part.strip()) for part in text.split(",") if part.strip())


def usual(path: str, base: Experiment) -> Axis:
    """An axis to begin with: the range of the field's slider, all choices, or the value of now."""
    known = variables.variable(path, base)
    if known is None:
        return Axis(field=path)
    field = known.spec
    if field.slides:
        low, high = float(field.low or 0), float(field.high or 0)
        return Axis(field=path, range=Range(low=low, high=high, count=5, log=field.log and low > 0))
    return Axis(field=path, values=values.values_of(field) or (flat(base)[path],))
