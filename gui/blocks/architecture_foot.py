"""The line below the blocks: what the network costs, or what keeps it from being built."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QWidget

from engine.fields import Problem
from engine.shapes import Plan
from gui import style
from gui.plots.boxes import shape_text

HEIGHT = 32
"""In px."""


class Totals(QWidget):
    """Parameters, multiply-adds, code and compression of the whole network, in one row."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.XL)
        self.parameters = self._number(row, self.tr("Parameters"), self.tr("All weights and biases"))
        self.multiply_adds = self._number(row, self.tr("Multiply-adds per image"),
                                          self.tr("What one image costs, there and back"))
        self.code = self._number(row, self.tr("Code"), self.tr("Shape of the code, and how many numbers it has"))
        self.compression = self._number(row, self.tr("Compression"),
                                        self.tr("Numbers of the image per number of the code"))
        row.addStretch(1)

    def _number(self, row: QHBoxLayout, name: str, tip: str) -> QLabel:
        """A quiet name and its number."""
        label, value = style.dress(QLabel(name), tone="quiet"), style.dress(QLabel(), "heading")
        value.setAccessibleName(name)
        pair = QHBoxLayout()
        pair.setSpacing(style.S)
        for widget in (label, value):
            widget.setToolTip(tip)
            pair.addWidget(widget)
        row.addLayout(pair)
        return value

    def show_plan(self, plan: Plan) -> None:
        """The totals of a plan that fits."""
        self.parameters.setText(f"{plan.parameters:,}")
        self.multiply_adds.setText(f"{plan.multiply_adds:,}")
        code = shape_text(plan.code)
        self.code.setText(code if len(plan.code) == 1 else f"{code} = {plan.code_numbers:,}")
        larger = plan.compression < 1
        text = self.tr("the code is larger than the image") if larger else f"×{plan.compression:.3g}"
        self.compression.setText(text)
        style.dress(self.compression, "heading", "warning" if larger else "text")


class Trouble(QWidget):
    """The first problem of the network and the button that mends it. Signal: ``mended``."""

    mended = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        self._icon = QLabel()
        self._color()
        style.theme().changed.connect(self._color)
        self.text = style.dress(QLabel(), tone="bad")
        self.text.setWordWrap(True)
        self.remedy = QPushButton()
        self.remedy.clicked.connect(self.mended)
        row.addWidget(self._icon)
        row.addWidget(self.text, 1)
        row.addWidget(self.remedy)

    @Slot()
    def _color(self) -> None:
        self._icon.setPixmap(style.icon("warning", "bad").pixmap(16, 16))

    def show_problem(self, problem: Problem) -> None:
        """Say what is wrong, and what the button does."""
        self.text.setText(problem.message)
        self.remedy.setVisible(problem.remedy is not None)
        if problem.remedy is not None:
            self.remedy.setText(problem.remedy.label)
            self.remedy.setToolTip(self.tr("Make this change; it can be undone"))


class Foot(QStackedWidget):
    """The totals of a network that fits, else its first problem, in the same place."""

    def __init__(self) -> None:
        super().__init__()
        self.totals, self.trouble = Totals(), Trouble()
        self.addWidget(self.totals)
        self.addWidget(self.trouble)
        self.setFixedHeight(HEIGHT)

    def show_plan(self, plan: Plan, problem: Problem | None) -> None:
        """The totals of a plan, or the problem."""
        if problem is None:
            self.totals.show_plan(plan)
        else:
            self.trouble.show_problem(problem)
        self.setCurrentWidget(self.totals if problem is None else self.trouble)
