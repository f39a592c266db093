"""Fields of an experiment as a form: label left, field right, problems in red below with their remedy as a button."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.experiment import Experiment, flat
from engine.fields import Problem, Remedy
from gui import style
from gui.draft import Draft
from gui.widgets.editors import FIELDS
from gui.widgets.fields import Spec, number_text, spec, tr


class ProblemLine(QWidget):
    """What is wrong with a field, and the button that mends it. Signal ``remedied`` (Remedy)."""

    remedied = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, style.XS)
        column.setSpacing(style.XS)
        self.text = style.dress(QLabel(), "caption", "bad")
        self.text.setWordWrap(True)
        self.button = QPushButton()
        column.addWidget(self.text)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.button.clicked.connect(self._remedy)
        self._offered: Remedy | None = None
        self.hide()

    def show_problem(self, text: str, remedy: Remedy | None) -> None:
        """Show a problem, or nothing for ''."""
        self._offered = remedy
        self.text.setText(text)
        self.button.setText(remedy.label if remedy else "")
        self.button.setAccessibleName(remedy.label if remedy else "")
        self.button.setToolTip(text)
        self.button.setVisible(remedy is not None)
        self.setVisible(bool(text))

    @Slot()
    def _remedy(self) -> None:
        if self._offered is not None:
            self.remedied.emit(self._offered)


LABEL_WIDTH = 100
"""Longer labels wrap, so that a form fits into the left panel at its narrowest."""

PathOf = Callable[[Experiment], str]


class Row(QObject):
    """A label, a field and a problem line, tied to one path of the draft."""

    def __init__(self, draft: Draft, path_of: PathOf, described: Spec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._path_of = draft, path_of
        self.field = FIELDS[described.kind](described)
        self.label = QLabel(f"{described.label} ({described.unit})" if described.unit else described.label)
        self.label.setWordWrap(True)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setBuddy(self.field)
        self.label.setToolTip(described.help)
        self.problem = ProblemLine()
        self._refusal: tuple[str, Remedy | None] = ("", None)
        self.field.edited.connect(self._edit)
        self.field.settled.connect(draft.end_merge)
        self.field.refused.connect(self._refuse)
        self.problem.remedied.connect(self._apply)

    @property
    def path(self) -> str:
        """The path edited now."""
        return self._path_of(self._draft.experiment)

    def refresh(self) -> None:
        """Show the draft's value and what is wrong with it."""
        value = flat(self._draft.experiment).get(self.path)
        self.field.allow("" if value is not None else tr(
            "The model has no such block yet. Add one in the Architecture tab."))
        if value is not None:
            self.field.show_value(value)
        self._refusal = ("", None)
        self.show_problems()

    def show_problems(self) -> None:
        """Mark what the text cannot be, else what the draft says is wrong."""
        found: Problem | None = next((p for p in self._draft.problems if p.field == self.path), None)
        text, remedy = self._refusal
        if not text and found is not None:
            text, remedy = found.message, found.remedy
        self.problem.show_problem(text, remedy)
        style.mark(self.field.focusProxy() or self.field, "problem", bool(text))

    @Slot(object, bool)
    def _edit(self, value: Any, part: bool) -> None:
        refused = self._draft.set(self.path, value, merge=part)
        self._refusal = (refused[0].message, None) if refused else ("", None)
        self.show_problems()

    @Slot(str, object)
    def _refuse(self, text: str, offered: Any) -> None:
        label = "" if offered is None else tr("Use {value}").format(value=number_text(offered))
        self._refusal = text, Remedy(label, {self.path: offered}) if label else None
        self.show_problems()

    @Slot(object)
    def _apply(self, remedy: Remedy) -> None:
        self._draft.apply(remedy)
        self.refresh()


class Form(QWidget):
    """Rows for fields of the draft, one below the other, always showing what the draft says."""

    def __init__(self, draft: Draft, paths: Iterable[str | tuple[PathOf, Spec]], parent: QWidget | None = None,
                 above: tuple[QWidget, QWidget] | None = None) -> None:
        """A path, or a function that finds it in the experiment with a description of its own; ``above`` are a label
        and a field that stand in the same columns."""
        super().__init__(parent)
        self._draft = draft
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.M)
        self._grid.setVerticalSpacing(style.XS)
        self._grid.setColumnStretch(1, 1)
        if above is not None:
            self._grid.addWidget(above[0], 0, 0)
            self._grid.addWidget(above[1], 0, 1)
        self.rows: dict[str, Row] = {}
        for path in paths:
            self._add(path)
        draft.changed.connect(self._refresh)
        self._refresh(draft.experiment)

    def _add(self, path: str | tuple[PathOf, Spec]) -> None:
        path_of, described = (_constant(path), spec(path)) if isinstance(path, str) else path
        row = self.rows[described.path] = Row(self._draft, path_of, described, self)
        place = self._grid.rowCount()
        self._grid.addWidget(row.label, place, 0)
        self._grid.addWidget(row.field, place, 1)
        self._grid.addWidget(row.problem, place + 1, 0, 1, 2)

    @Slot(object)
    def _refresh(self, experiment: Experiment) -> None:
        for row in self.rows.values():
            row.refresh()


def _constant(path: str) -> PathOf:
    return lambda experiment: path
